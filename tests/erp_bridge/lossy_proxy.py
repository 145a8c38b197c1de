"""An HTTP proxy between a connector and its ERP that swallows answers: the ERP has done it, and nobody hears."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class LossyProxy:
    """Passes everything on to ``target``; ``lose`` says which answers get lost, from (method, path, body)."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.lose: Callable[[str, str, bytes], bool] = lambda method, path, body: False
        self.seen: list[str] = []
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Pass one call on, and its answer back unless it gets lost."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=120)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in ("host", "connection")}
        upstream.request(handler.command, handler.path, body or None, {**headers, "Host": self.target.netloc})
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self.seen.append(f"{handler.command} {handler.path}")
        if self.lose(handler.command, handler.path, body):
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "content-encoding", "date"):
                handler.send_header(name, value)
        if encoding := answer.getheader("Content-Encoding"):
            handler.send_header("Content-Encoding", encoding)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
