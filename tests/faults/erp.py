"""A small ERP in a process of its own: an append-only ledger, idempotency only when told, and a share of every kind of failure.

Standard library only, so that it starts at once and nothing of ours can help it to look right.
"""

import argparse
import hashlib
import json
import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Ledger:
    """Lines in memory and in a file; a line is never changed."""

    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8")  # noqa: SIM115  open as long as the process
        self.by_key: dict[str, list[int]] = {}
        self.count = 0
        self.refused: set[str] = set()
        self.injected: dict[str, int] = {}

    def book(self, line: dict, *, once: bool) -> int:
        """Book the line and return its number; ``once``: a key that has been booked meanwhile is not booked again."""
        with self.lock:
            if once and (known := self.by_key.get(line["key"])):
                return known[0]
            self.count += 1
            number = self.count
            self.by_key.setdefault(line["key"], []).append(number)
            self.file.write(json.dumps(line | {"number": number, "at": time.time()}) + "\n")
            self.file.flush()
        return number

    def note(self, word: str) -> None:
        with self.lock:
            self.injected[word] = self.injected.get(word, 0) + 1


def refuses(report: str, percent: float) -> bool:
    """Return whether this ERP refuses the report: decided by its content, so it is the same each time."""
    return int(hashlib.sha256(report.encode()).hexdigest()[:8], 16) % 10000 < percent * 100


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ledger: Ledger
    options: argparse.Namespace
    random: random.Random

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:  # noqa: N802  the name that http.server wants
        line = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.options.key and self.ledger.by_key.get(line["key"]):
            return self._answer(200, {"number": self.ledger.by_key[line["key"]][0]})
        if refuses(line["report"], self.options.reject):
            with self.ledger.lock:
                self.ledger.refused.add(line["report"])
            return self._answer(422, {"error": "over delivery", "code": "E42"})
        fault = self._fault()
        if fault is not None:
            self.ledger.note(fault)
        if fault == "unavailable":
            return self._answer(503, {"error": "later"})
        if fault == "never":
            time.sleep(self.options.patience * 1.5)
            return self._drop()
        if fault == "late":
            # Books after the caller has given up.
            time.sleep(self.options.patience * (1.2 + self.random.random()))
            self.ledger.book(line, once=self.options.key)
            return self._drop()
        time.sleep(self.options.latency * self.random.random() * 2)
        number = self.ledger.book(line, once=self.options.key)
        if fault == "drop":
            return self._drop()
        return self._answer(201, {"number": number})

    def do_GET(self) -> None:  # noqa: N802
        if self.path == "/state":
            with self.ledger.lock:
                state = {
                    "refused": sorted(self.ledger.refused),
                    "injected": self.ledger.injected,
                    "lines": self.ledger.count,
                }
            return self._answer(200, state)
        if self.random.random() < self.options.lookup / 100:
            self.ledger.note("look-up refused")
            return self._answer(503, {"error": "later"})
        key = self.path.rpartition("/")[2]
        found = self.ledger.by_key.get(key, [])
        return self._answer(200, {"numbers": found[:1]})

    def _fault(self) -> str | None:
        dice = self.random.random() * 100
        for word in ("never", "late", "drop", "unavailable"):
            dice -= getattr(self.options, word)
            if dice < 0:
                return word
        return None

    def _answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _drop(self) -> None:
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # noqa: S110  the caller may have gone first, which is what was wanted


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # Callers are killed here; a broken pipe is no news.


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ledger", required=True)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=0.5, help="how long callers wait")
    parser.add_argument("--latency", type=float, default=0.004)
    parser.add_argument("--key", action="store_true", help="honor keys")
    for word, share in (
        ("never", 2.5),
        ("late", 2.5),
        ("drop", 2.0),
        ("unavailable", 2.0),
        ("lookup", 2.0),
        ("reject", 1.0),
    ):
        parser.add_argument(f"--{word}", type=float, default=share, metavar="PERCENT")
    options = parser.parse_args()
    Handler.ledger, Handler.options, Handler.random = Ledger(options.ledger), options, random.Random(options.seed)
    server = Server(("127.0.0.1", 0), Handler)
    with open(options.port_file, "w", encoding="utf-8") as file:
        file.write(str(server.server_address[1]))
    server.serve_forever()


if __name__ == "__main__":
    main()
