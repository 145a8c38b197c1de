"""The practice ERP as one object: its store, its faults, its clerk, and the doors it answers at."""

import socket
import socketserver
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from erp_bridge.sandbox.faults import Faults
from erp_bridge.sandbox.planning import Clerk
from erp_bridge.sandbox.store import Store


@dataclass
class Options:
    """How this ERP behaves when nothing is broken."""

    host: str = "127.0.0.1"
    port: int = 0
    admin_port: int = 0
    token: str = "practice"
    recall: str = "LOOKUP"
    """``KEY``: it honors Idempotency-Key and can be searched; ``LOOKUP``: it can be searched; ``NONE``: neither."""
    key_window: float = 21600.0
    unique: bool = False
    """It refuses a reference that it has booked before."""
    company: str = "Practice Works"
    log: bool = False


class Door(ThreadingHTTPServer):
    """A listening socket with a thread for each connection, which can be shut in everybody's face."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, erp: "PracticeErp", handler: type[BaseHTTPRequestHandler], port: int, *, breaks: bool) -> None:
        self.erp = erp
        self.breaks = breaks
        """Whether the faults play at this door; the other one is for those who set them."""
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__((erp.options.host, port), handler)

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be cut."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about callers that went away: that is what this ERP is for."""

    def start(self) -> None:
        """Answer from now on, in a thread."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def slam(self) -> None:
        """Stop listening and cut every connection."""
        self.shutdown()
        self.server_close()
        with self._open_lock:
            for request in self._open:
                try:
                    request.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the caller was quicker


class PracticeErp:
    """What the handlers serve. ``url`` is for the MES, ``admin_url`` for those who break things."""

    def __init__(self, store: Store, options: Options, handler: type[BaseHTTPRequestHandler]) -> None:
        self.store = store
        self.options = options
        self.faults = Faults()
        self.clerk = Clerk(store)
        self.in_flight: set[str] = set()
        self.in_flight_lock = threading.Lock()
        self._handler = handler
        self._back_online = threading.Event()
        self._offline_until = 0.0
        self._offline_lock = threading.Lock()
        self._api: Door | None = Door(self, handler, options.port, breaks=True)
        self._port = self._api.server_port
        self._admin = Door(self, handler, options.admin_port, breaks=False)

    @property
    def url(self) -> str:
        """Return the address for the MES."""
        return f"http://{self.options.host}:{self._port}"

    @property
    def admin_url(self) -> str:
        """Return the address of the fault panel and the ledger; it answers while the ERP is offline."""
        return f"http://{self.options.host}:{self._admin.server_port}"

    def start(self) -> None:
        """Open both doors."""
        assert self._api is not None
        self._api.start()
        self._admin.start()

    def stop(self) -> None:
        """Close both doors and the store."""
        self._back_online.set()
        with self._offline_lock:
            if self._api is not None:
                self._api.slam()
                self._api = None
        self._admin.slam()
        self.store.close()

    def offline_for(self) -> float:
        """Return for how many seconds more nobody answers."""
        return max(0.0, round(self._offline_until - time.monotonic(), 1))

    def go_offline(self, seconds: float) -> None:
        """Close the door for the MES for so many seconds (at most a day); 0 opens it again."""
        if seconds <= 0:
            self._back_online.set()
            return
        with self._offline_lock:
            self._offline_until = time.monotonic() + min(seconds, 86400.0)
            if self._api is None:
                return  # already out: only the time changes
            door, self._api = self._api, None
            self._back_online.clear()
        threading.Thread(target=self._stay_out, args=(door,), daemon=True).start()

    def _stay_out(self, door: Door) -> None:
        door.slam()
        while (left := self.offline_for()) > 0 and not self._back_online.wait(left):
            continue
        with self._offline_lock:
            self._offline_until = 0.0
            self._api = self._reopened()
            self._api.start()

    def _reopened(self) -> Door:
        while True:
            try:
                return Door(self, self._handler, self._port, breaks=True)
            except OSError:
                time.sleep(0.05)  # the old socket is still on its way out
