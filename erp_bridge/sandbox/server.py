"""The HTTP side: JSON over REST for the MES and planners, and the doors where faults are set and the ledger is read."""

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from erp_bridge.sandbox import panel, planning, rules
from erp_bridge.sandbox.erp import Door, PracticeErp
from erp_bridge.sandbox.faults import BOOKING_FAULTS, BadFault
from erp_bridge.sandbox.rules import BOOKINGS, MASTER_KINDS, ORDERS, Refusal

MAX_BODY = 1024 * 1024
MAX_PAGE = 1000
VERSION = "4.2"
_NOT_NOW = ("INTERNAL", "ORDER_LOCKED", "IN_FLIGHT")
"""Answers that refuse nothing for good."""


class HangUp(Exception):
    """Close the connection now, without an answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection. Every answer is JSON but the fault panel, which is a page."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    timeout = 300
    server: Door
    server_version = "PracticeERP/" + VERSION
    sys_version = ""

    def do_GET(self) -> None:
        """Serve a read."""
        self._serve()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Print a line for each call only where that was asked for."""
        if self.erp.options.log:
            super().log_message(format, *args)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time for the Date header, as far off as was asked for."""
        skew = self.erp.faults.settings.skew_seconds if self.server.breaks else 0
        return formatdate((time.time() if timestamp is None else timestamp) + skew, usegmt=True)

    @property
    def erp(self) -> PracticeErp:
        """Return the ERP that this connection belongs to."""
        return self.server.erp

    def _serve(self) -> None:
        try:
            self._answer_to(*self._read())
        except HangUp:
            self._reset()
        except Refusal as refusal:
            self.answer(refusal.status, _error(refusal))
        except BadFault as error:
            self.answer(400, {"error": {"code": "FAULT_UNKNOWN", "message": str(error), "field": ""}})

    def _read(self) -> tuple[list[str], dict[str, str], bytes]:
        split = urlsplit(self.path)
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            raise Refusal(413, "BODY_TOO_LARGE", f"A body has at most {MAX_BODY} bytes.")
        query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        body = self.rfile.read(length)
        if len(body) < length:
            # The caller is gone in the middle of what it had to say: that was no booking, and nobody is there to be told.
            raise HangUp
        return [unquote(part) for part in split.path.strip("/").split("/")], query, body

    def _answer_to(self, path: list[str], query: dict[str, str], body: bytes) -> None:
        if path[0] in ("", "fault-panel", "fault-panel.css"):
            panel.serve(self, path[0], query, body)
            return
        if path[0] == "admin":
            self._check_origin()
            self.answer(200, admin(self.erp, self.command, path[1:], query, body))
            return
        if path[:2] != ["api", "v1"]:
            raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")
        if self.headers.get("Authorization") != f"Bearer {self.erp.options.token}":
            raise Refusal(401, "NOT_AUTHORIZED", "The token is missing or wrong.")
        if self.server.breaks:
            time.sleep(self.erp.faults.latency())
        match self.command, path[2:]:
            case "POST", ["bookings", kind] if kind in BOOKINGS:
                self._book(kind, body)
            case "GET", _:
                fault = "lookup_error" if "reference" in query else "read_error"
                if self.server.breaks and self.erp.faults.pick([fault], query.get("reference", "")):
                    self.erp.store.note_incident(fault, self.path, query.get("reference", ""))
                    raise Refusal(self.erp.faults.settings.error_status, "INTERNAL", "Something went wrong.")
                self.answer(200, read(self.erp, path[2:], query))
            case _:
                self.answer(200, plan(self.erp, self.command, path[2:], body))

    def _check_origin(self) -> None:
        origin = self.headers.get("Origin")
        if origin and urlsplit(origin).netloc != self.headers.get("Host"):
            raise Refusal(403, "FOREIGN_PAGE", "A page of another site may not break this ERP.")

    # --- Bookings ------------------------------------------------------------------------------------------------

    def _book(self, kind: str, raw: bytes) -> None:
        body: Any = None
        try:
            body = rules.check_shape(kind, _json(raw))
            commit = Commit(self.erp, kind, body, self.headers.get("Idempotency-Key", ""))
            fault = self.erp.faults.pick(tuple(BOOKING_FAULTS), body["reference"]) if self.server.breaks else ""
            if fault:
                self.erp.store.note_incident(fault, self.path, body["reference"])
                self._break(fault, commit)
            else:
                self._confirm(*commit())
        except Refusal as refusal:
            if refusal.code not in _NOT_NOW:
                self.erp.store.note_refusal(kind, body, refusal)
            raise

    def _confirm(self, status: int, answer: dict[str, Any]) -> None:
        self.answer(status, self.erp.faults.renamed("*", answer) if self.server.breaks else answer)

    def _break(self, fault: str, commit: "Commit") -> None:
        settings = self.erp.faults.settings
        match fault:
            case "drop_before":
                raise HangUp
            case "drop_after_commit":
                commit()
                raise HangUp
            case "never_answers":
                self._hang()
            case "hang_after_commit":
                commit()
                self._hang()
            case "late_commit":
                commit.later(settings.late_seconds)
                self._hang()
            case "duplicate":
                first = commit()
                commit.quietly()
                self._confirm(*first)
            case "error_before":
                raise Refusal(settings.error_status, "INTERNAL", "Something went wrong.")
            case "error_after":
                commit()
                raise Refusal(settings.error_status, "INTERNAL", "Something went wrong.")
            case "garbled":
                commit()
                self.answer(200, b"<html><body>Welcome to the company portal</body></html>", "text/html")
            case "busy":
                pause = settings.retry_after
                self.answer(
                    settings.busy_status,
                    {"error": {"code": "BUSY", "message": "The system is busy.", "field": ""}},
                    headers={} if pause is None else {"Retry-After": f"{pause:g}"},
                )
            case "rejects":
                raise Refusal(422, settings.reject_code, "This booking is refused, as it was asked for.")

    def _hang(self) -> None:
        """Keep the connection open without a word until the caller gives up."""
        end = time.monotonic() + self.erp.faults.settings.hang_seconds
        while (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 1.0))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                break
        raise HangUp

    def _reset(self) -> None:
        self.close_connection = True
        try:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        except OSError:
            return  # the caller was quicker

    # --- Answers -------------------------------------------------------------------------------------------------

    def answer(
        self, status: int, content: Any, kind: str = "application/json", *, headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole answer: bytes as they are, anything else as JSON."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


class Commit:
    """One booking that may be committed now, later, or twice."""

    def __init__(self, erp: PracticeErp, kind: str, body: dict[str, Any], key: str) -> None:
        self._erp, self._kind, self._body = erp, kind, body
        self._key = key if erp.options.recall == "KEY" else ""
        if self._key and self._key in erp.in_flight:
            raise Refusal(409, "IN_FLIGHT", "A booking under this key is being worked on.", "reference")

    def __call__(self) -> tuple[int, dict[str, Any]]:
        """Book it now.

        :raises Refusal: a rule is broken.
        """
        options = self._erp.options
        return self._erp.store.book(
            self._kind, self._body, key=self._key, key_window=options.key_window, unique=options.unique
        )

    def quietly(self) -> None:
        """Book it now, whatever comes of it."""
        try:
            self()
        except Refusal as refusal:
            self._erp.store.note_refusal(self._kind, self._body, refusal)

    def later(self, seconds: float) -> None:
        """Book it after so many seconds, in the background; until then its key is in flight."""
        with self._erp.in_flight_lock:
            self._erp.in_flight.add(self._key)

        def finish() -> None:
            self.quietly()
            with self._erp.in_flight_lock:
                self._erp.in_flight.discard(self._key)

        timer = threading.Timer(seconds, finish)
        timer.daemon = True
        timer.start()


def read(erp: PracticeErp, path: list[str], query: dict[str, str]) -> dict[str, Any]:
    """Answer a read of the API.

    :raises Refusal: there is no such thing.
    """
    limit = min(max(_whole(query, "limit", 200), 2), MAX_PAGE)
    match path:
        case ["status"]:
            return {"product": "Practice ERP", "version": VERSION, "company": erp.options.company,
                    "recall": erp.options.recall}  # fmt: skip
        case ["bookings"] if "reference" in query and erp.options.recall == "NONE":
            raise Refusal(404, "NOT_OFFERED", "This ERP cannot be searched by reference.")
        case ["bookings"]:
            rows, more = erp.store.bookings(
                reference=query.get("reference", ""), order_no=query.get("order", ""),
                after=_whole(query, "after", 0), limit=limit,
            )  # fmt: skip
            return {"rows": [erp.faults.renamed("*", row) for row in rows], "more": more}
        case [kind, "codes"] if kind in (*MASTER_KINDS, ORDERS):
            codes, more = erp.store.codes(kind, query.get("after", ""), limit)
            return {"rows": codes, "more": more}
        case [kind] if kind in (*MASTER_KINDS, ORDERS):
            found, more = erp.store.page(kind, _whole(query, "since", 0), limit)
            last = found[-1]["change"] if found else _whole(query, "since", 0)
            return {"rows": [erp.faults.renamed(kind, row) for row in found], "last_change": last, "more": more}
        case [kind, code] if kind in (*MASTER_KINDS, ORDERS):
            record = erp.store.get(kind, code)
            if record is None:
                raise Refusal(404, "RECORD_UNKNOWN", f"There is no {code} among {kind}.")
            return erp.faults.renamed(kind, record)
    raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")


def plan(erp: PracticeErp, method: str, path: list[str], body: bytes) -> dict[str, Any]:
    """Do what a planner asked for.

    :raises Refusal: it cannot be done.
    """
    match method, path:
        case "POST", [kind] if kind == ORDERS:
            return planning.create_order(erp.store, _json(body))
        case "PATCH", [kind, order_no] if kind == ORDERS:
            return planning.change_order(erp.store, order_no, _json(body))
        case "POST", [kind, order_no, "cancel"] if kind == ORDERS:
            return planning.cancel_order(erp.store, order_no)
        case "PUT", [kind, code] if kind in MASTER_KINDS:
            return planning.put_record(erp.store, kind, code, _json(body))
        case "DELETE", [kind, code] if kind in (*MASTER_KINDS, ORDERS):
            erp.store.remove(kind, code)
            return {"removed": code}
    raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")


def admin(erp: PracticeErp, method: str, path: list[str], query: dict[str, str], body: bytes) -> Any:
    """Set faults, read the ledger, make orders by the hundred.

    :raises Refusal: there is no such thing.
    :raises BadFault: a fault is not understood.
    """
    if method == "GET":
        return _admin_read(erp, path, query)
    wish = _json(body) if body else {}
    if not isinstance(wish, dict):
        raise Refusal(400, "BODY_INVALID", "The body must be a JSON object.")
    actions: dict[str, Callable[[], Any]] = {
        "faults": lambda: erp.faults.change(wish),
        "faults/clear": erp.faults.clear,
        "faults/once": lambda: erp.faults.once(str(wish.get("fault", "")), int(wish.get("times", 1))),
        "offline": lambda: erp.go_offline(float(wish.get("seconds", 30))),
        "clerk": lambda: erp.clerk.pace(**{name: float(value) for name, value in wish.items()}),
        "orders": lambda: _many_orders(erp, wish),
    }
    action = actions.get("/".join(path))
    if action is None:
        raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")
    try:
        result = action()
    except (TypeError, ValueError) as error:
        if isinstance(error, BadFault):
            raise
        raise Refusal(400, "BODY_INVALID", f"That is not understood: {error}") from error
    return state(erp) if result is None else result


def _many_orders(erp: PracticeErp, wish: dict[str, Any]) -> dict[str, Any]:
    count = min(max(int(wish.pop("count", 1)), 1), 10_000)
    with erp.store.transaction():
        return {"orders": [planning.create_order(erp.store, wish)["order_no"] for _ in range(count)]}


def _admin_read(erp: PracticeErp, path: list[str], query: dict[str, str]) -> Any:
    after, limit = _whole(query, "after", 0), _whole(query, "limit", 1000)
    match path:
        case ["ledger"]:
            rows, more = erp.store.bookings(
                reference=query.get("reference", ""), order_no=query.get("order", ""), after=after, limit=limit
            )
            return {"rows": rows, "more": more}
        case ["refusals" | "incidents" as table]:
            return {"rows": erp.store.notes(table, after=after, limit=limit)}
        case ["faults" | "state"]:
            return state(erp)
    raise Refusal(404, "NOT_FOUND", "There is nothing at this address.")


def state(erp: PracticeErp) -> dict[str, Any]:
    """Return everything about this ERP that its keepers want to see."""
    return {
        "url": erp.url, "admin": erp.admin_url, "recall": erp.options.recall, "faults": erp.faults.state(),
        "offline_seconds": erp.offline_for(), "clerk": erp.clerk.state(), "counts": erp.store.counts(),
    }  # fmt: skip


def _error(refusal: Refusal) -> dict[str, Any]:
    return {"error": {"code": refusal.code, "message": refusal.message, "field": refusal.field}}


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "BODY_INVALID", "The body is not JSON.") from error


def _whole(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Refusal(400, "PARAMETER_INVALID", f"{name} must be a whole number.", name)
    return int(text)
