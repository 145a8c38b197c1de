"""The network between a terminal and its server, which can go away, and lose answers on their way back."""

import http.client
import itertools
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PASS, REFUSE, LOSE = "pass", "refuse", "lose"


def steady(path: str) -> str:
    """Everything gets through."""
    return PASS


def flapping() -> Callable[[str], str]:
    """Of what is entered, one in four gets through at once; the answer to as many is lost, and the rest does not arrive."""
    turns: Iterator[str] = itertools.cycle((REFUSE, LOSE, REFUSE, PASS))
    lock = threading.Lock()

    def decide(path: str) -> str:
        if not path.endswith("/entries"):
            return PASS
        with lock:
            return next(turns)

    return decide


class Network:
    """Stands between browser and server under an address of its own. ``up`` is whether there is one; ``behave`` says of
    the path of a request whether it passes, is refused before it arrives, or loses its answer."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.up = True
        self.behave: Callable[[str], str] = steady
        self.change_body: Callable[[str, bytes], bytes] = lambda path, body: body
        self.lost = 0
        network = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                network.handle(self)

            do_GET = do_POST = _pass

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one call on, and its answer back, as the network is at this moment."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        fate = self.behave(handler.path) if self.up else REFUSE
        if fate == REFUSE:
            handler.close_connection = True
            return
        upstream = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=120)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        body = self.change_body(handler.path, body)
        if body:
            headers["Content-Length"] = str(len(body))
        upstream.request(handler.command, handler.path, body or None, headers)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        if fate == LOSE or not self.up:
            self.lost += 1
            handler.close_connection = True
            return
        handler.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
