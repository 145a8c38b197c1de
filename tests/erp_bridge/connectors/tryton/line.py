"""A line to Tryton that can be cut: it passes calls on and, at a chosen one, lets the answer or the call itself get lost."""

import http.client
import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Line:
    """A proxy in front of one Tryton.

    ``cut_at`` counts calls from 1 (``only_writes``: those that change something); what happens then says ``manner``:
    ``answer`` (the call arrives and is answered, its answer does not arrive), ``sent`` (the call arrives, nobody waits for
    its answer) or ``held`` (the call stays under way until :meth:`release`). ``then`` is called at that moment.
    """

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.calls = 0
        self.cut_at = 0
        self.manner = "answer"
        self.then: Callable[[], None] | None = None
        self.only_writes = False
        self._held: list[tuple[str, dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def arm(
        self, cut_at: int, manner: str, *, only_writes: bool = False, then: Callable[[], None] | None = None
    ) -> None:
        self.calls, self.cut_at, self.manner, self.only_writes, self.then = 0, cut_at, manner, only_writes, then

    def release(self) -> None:
        """Let the calls that were under way arrive now."""
        while self._held:
            self.forward(*self._held.pop(0))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        with closing(self._sent(path, headers, body)) as connection:
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()

    def _sent(self, path: str, headers: dict[str, str], body: bytes) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=120)
        connection.request("POST", path, body, headers)
        return connection

    def is_cut(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        is_read = json.loads(body)["method"].rpartition(".")[2] in ("search_read", "read", "get_preferences", "login")
        if self.only_writes and is_read:
            return False
        self.calls += 1
        if self.calls != self.cut_at:
            return False
        if self.manner == "held":
            self._held.append((path, headers, body))
        elif self.manner == "sent":
            with closing(self._sent(path, headers, body)):
                self._now()
            return True
        else:
            self.forward(path, headers, body)
        self._now()
        return True

    def _now(self) -> None:
        if self.then is not None:
            self.then()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                headers["Accept-Encoding"] = "identity"
                if line.is_cut(self.path, headers, body):
                    self.close_connection = True
                    return
                try:
                    status, answered, text = line.forward(self.path, headers, body)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True  # nobody there: the caller learns no more than that
                    return
                self.send_response_only(status)
                for name, value in answered:
                    if name.lower() in ("content-type", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler
