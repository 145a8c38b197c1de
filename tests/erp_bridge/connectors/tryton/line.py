"""A line to Tryton that can be cut: it passes calls on and, at a chosen one, lets the answer or the call itself get lost."""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Line:
    """A proxy in front of one Tryton.

    ``cut_at`` counts calls from 1 (``only_writes``: those that change something); what happens then says ``manner``: ``answer`` (the call arrives, its answer does not),
    ``held`` (the call stays under way until :meth:`release`), or a function that is called while the call runs.
    """

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.calls = 0
        self.cut_at = 0
        self.manner: str | Callable[[], None] = "answer"
        self.only_writes = False
        self._held: list[tuple[str, dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def arm(self, cut_at: int, manner: str | Callable[[], None], *, only_writes: bool = False) -> None:
        self.calls, self.cut_at, self.manner, self.only_writes = 0, cut_at, manner, only_writes

    def release(self) -> None:
        """Let the calls that were under way arrive now."""
        while self._held:
            self.forward(*self._held.pop(0))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=120)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def is_cut(self, path: str, headers: dict[str, str], body: bytes) -> bool:
        is_read = json.loads(body)["method"].rpartition(".")[2] in ("search_read", "read", "get_preferences", "login")
        if self.only_writes and is_read:
            return False
        self.calls += 1
        if self.calls != self.cut_at:
            return False
        if self.manner == "held":
            self._held.append((path, headers, body))
        elif callable(self.manner):
            runner = threading.Thread(target=self._forward_quietly, args=(path, headers, body))
            runner.start()
            self.manner()
            runner.join()
        else:
            self.forward(path, headers, body)
        return True

    def _forward_quietly(self, path: str, headers: dict[str, str], body: bytes) -> None:
        try:
            self.forward(path, headers, body)
        except (OSError, http.client.HTTPException):
            pass

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
                status, answered, text = line.forward(self.path, headers, body)
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
