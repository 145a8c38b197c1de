"""Everything this ERP knows, in one SQLite file: records by change number, and a ledger that only grows."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from erp_bridge.sandbox import rules
from erp_bridge.sandbox.rules import ORDERS, Known, Refusal

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, code TEXT NOT NULL, change INTEGER NOT NULL UNIQUE, changed_at TEXT NOT NULL,
    active INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, code));
CREATE INDEX IF NOT EXISTS records_by_change ON records (kind, change);
CREATE TABLE IF NOT EXISTS bookings (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, order_no TEXT NOT NULL, reference TEXT NOT NULL,
    body TEXT NOT NULL, note TEXT NOT NULL, booked_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS bookings_by_reference ON bookings (reference);
CREATE INDEX IF NOT EXISTS bookings_by_order ON bookings (order_no);
CREATE TRIGGER IF NOT EXISTS the_ledger_is_not_edited BEFORE UPDATE ON bookings
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER IF NOT EXISTS the_ledger_is_not_cut BEFORE DELETE ON bookings
    BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TABLE IF NOT EXISTS totals (
    order_no TEXT NOT NULL, step TEXT NOT NULL, good TEXT NOT NULL, scrap TEXT NOT NULL, PRIMARY KEY (order_no, step));
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL, stored_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS refusals (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, order_no TEXT NOT NULL, reference TEXT NOT NULL,
    code TEXT NOT NULL, message TEXT NOT NULL, refused_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS incidents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, fault TEXT NOT NULL, path TEXT NOT NULL, reference TEXT NOT NULL,
    happened_at TEXT NOT NULL);
"""
_FINAL = "*final*"
"""The step under which the finished pieces of an order are summed."""


def now_text() -> str:
    """Return the present in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The database file. One connection under one lock: SQLite has one writer anyway, and reads are short.

    A committed booking survives a kill -9 of this process: it is in the write-ahead log, in the kernel's hands.
    """

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000; {_SCHEMA}"
        )
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of it, or none; may be nested."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # --- Records ---------------------------------------------------------------------------------------------

    def save(self, kind: str, code: str, body: Mapping[str, Any], *, active: bool = True) -> dict[str, Any]:
        """Create or replace a record, give it the next change number, and return it as it reads."""
        with self.transaction() as db:
            change = self._next("change")
            db.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, code) DO UPDATE SET "
                "change=excluded.change, changed_at=excluded.changed_at, active=excluded.active, body=excluded.body",
                (kind, code, change, now_text(), int(active), json.dumps(body)),
            )
        found = self.get(kind, code)
        assert found is not None
        return found

    def remove(self, kind: str, code: str) -> None:
        """Delete a record without a trace, as careless ERPs do.

        :raises Refusal: there is none.
        """
        with self.transaction() as db:
            if not db.execute("DELETE FROM records WHERE kind=? AND code=?", (kind, code)).rowcount:
                raise Refusal(404, "RECORD_UNKNOWN", f"There is no {code} among {kind}.")

    def get(self, kind: str, code: str) -> dict[str, Any] | None:
        """Return one record, or None."""
        with self._lock:
            row = self._db.execute("SELECT * FROM records WHERE kind=? AND code=?", (kind, code)).fetchone()
        return _record(row) if row else None

    def page(self, kind: str, since: int, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Return up to ``limit`` records with a change number of at least ``since``, and whether more follow."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM records WHERE kind=? AND change>=? ORDER BY change LIMIT ?", (kind, since, limit + 1)
            ).fetchall()
        return [_record(row) for row in rows[:limit]], len(rows) > limit

    def codes(self, kind: str, after: str, limit: int) -> tuple[list[str], bool]:
        """Return the codes of active records in order, behind ``after``, and whether more follow."""
        with self._lock:
            rows = self._db.execute(
                "SELECT code FROM records WHERE kind=? AND active=1 AND code>? ORDER BY code LIMIT ?",
                (kind, after, limit + 1),
            ).fetchall()
        return [row["code"] for row in rows[:limit]], len(rows) > limit

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return every record of a kind, in the order of change."""
        with self._lock:
            rows = self._db.execute("SELECT * FROM records WHERE kind=? ORDER BY change", (kind,)).fetchall()
        return [_record(row) for row in rows]

    def next_number(self, prefix: str) -> str:
        """Return the next document number of a range."""
        with self.transaction():
            return f"{prefix}{self._next(prefix):06d}"

    def _next(self, name: str) -> int:
        row = self._db.execute(
            "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value=value+1 RETURNING value", (name,)
        ).fetchone()
        return int(row["value"])

    # --- The ledger ------------------------------------------------------------------------------------------

    def book(
        self, kind: str, body: Mapping[str, Any], *, key: str = "", key_window: float = 0, unique: bool = False
    ) -> tuple[int, dict[str, Any]]:
        """Book, and return the HTTP status and the answer.

        With ``key`` and a ``key_window`` in seconds, the same key again gives the same answer and books nothing. With
        ``unique``, a reference that was booked before is refused.

        :raises Refusal: a rule is broken; nothing is booked.
        """
        digest = sha256(json.dumps([kind, body], sort_keys=True).encode()).hexdigest()
        with self.transaction() as db:
            if key and key_window:
                earlier = db.execute("SELECT * FROM keys WHERE key=?", (key,)).fetchone()
                if earlier and time.time() - earlier["stored_at"] <= key_window:
                    if earlier["digest"] != digest:
                        raise Refusal(422, "KEY_REUSED", "This key came with another booking before.")
                    return int(earlier["status"]), json.loads(earlier["answer"])
            if unique:
                twin = db.execute("SELECT * FROM bookings WHERE reference=?", (body["reference"],)).fetchone()
                if twin:
                    raise Refusal(
                        409,
                        "REFERENCE_EXISTS",
                        f"This reference is booked as {_document(twin['sequence'])}.",
                        "reference",
                    )
            note = rules.check_business(kind, body, self._known(kind, body))
            answer = self._insert(db, kind, body, note)
            if key and key_window:
                db.execute(
                    "INSERT OR REPLACE INTO keys VALUES (?, ?, 201, ?, ?)",
                    (key, digest, json.dumps(answer), time.time()),
                )
            return 201, answer

    def _known(self, kind: str, body: Mapping[str, Any]) -> Known:
        step = _FINAL if kind == "completions" else body.get("step", "")
        totals = self._db.execute("SELECT * FROM totals WHERE order_no=? AND step=?", (body["order"], step)).fetchone()
        return Known(
            order=self.get(ORDERS, body["order"]),
            item=self.get("items", body["item"]) if "item" in body else None,
            person=self.get("employees", body["by"]) if body["by"] else None,
            work_center=self.get("work-centers", body["work_center"]) if "work_center" in body else None,
            good=Decimal(totals["good"]) if totals else Decimal(0),
            scrap=Decimal(totals["scrap"]) if totals else Decimal(0),
        )

    def _insert(self, db: sqlite3.Connection, kind: str, body: Mapping[str, Any], note: str) -> dict[str, Any]:
        booked_at = now_text()
        sequence = db.execute(
            "INSERT INTO bookings (kind, order_no, reference, body, note, booked_at) VALUES (?, ?, ?, ?, ?, ?)",
            (kind, body["order"], body["reference"], json.dumps(body), note, booked_at),
        ).lastrowid
        assert sequence is not None
        if kind == "yields":
            self._add(db, body["order"], body["step"], Decimal(body["good"]), Decimal(0))
            if body["final"]:
                self._add(db, body["order"], _FINAL, Decimal(body["good"]), Decimal(0))
        elif kind == "scraps":
            quantity = sum((Decimal(line["quantity"]) for line in body["lines"]), Decimal(0))
            self._add(db, body["order"], body["step"], Decimal(0), quantity)
        self._move_order(kind, body)
        return {
            "document": _document(sequence), "sequence": sequence, "reference": body["reference"],
            "booked_at": booked_at, "note": note,
        }  # fmt: skip

    def _add(self, db: sqlite3.Connection, order_no: str, step: str, good: Decimal, scrap: Decimal) -> None:
        row = db.execute("SELECT * FROM totals WHERE order_no=? AND step=?", (order_no, step)).fetchone()
        before = (Decimal(row["good"]), Decimal(row["scrap"])) if row else (Decimal(0), Decimal(0))
        db.execute(
            "INSERT OR REPLACE INTO totals VALUES (?, ?, ?, ?)",
            (order_no, step, format(before[0] + good, "f"), format(before[1] + scrap, "f")),
        )

    def _move_order(self, kind: str, body: Mapping[str, Any]) -> None:
        """Let the order follow what is booked on it; a new state is a change that readers see."""
        order = self.get(ORDERS, body["order"])
        if order is None:
            return  # a batch that is held, a stop of a machine
        if kind in rules.QUALITY:
            if kind == "holds":
                self._hold_order(order, body)
            return
        state = order["state"]
        if kind == "completions":
            state = "FINISHED"
        elif state == "RELEASED" and (kind in ("yields", "scraps", "issues") or body.get("state") == "RUNNING"):
            state = "STARTED"
        if state != order["state"]:
            self.save(ORDERS, body["order"], {**_body(order), "state": state}, active=state in (*rules.OPEN, "PLANNED"))

    def _hold_order(self, order: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Keep on the order which holds are open: a planner sees that it must not go on."""
        holds = {hold: text for hold, text in order.get("holds", {}).items() if hold != body["hold"]}
        if body["state"] == "PLACED":
            holds[body["hold"]] = body["text"]
        self.save(
            ORDERS, body["order"], {**_body(order), "holds": holds}, active=order["state"] in (*rules.OPEN, "PLANNED")
        )

    def bookings(
        self, *, reference: str = "", order_no: str = "", after: int = 0, limit: int = 1000
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return rows of the ledger behind number ``after``, all or those of a reference or order."""
        where = "sequence>?"
        values: list[Any] = [after]
        if reference:
            where, values = f"{where} AND reference=?", [*values, reference]
        if order_no:
            where, values = f"{where} AND order_no=?", [*values, order_no]
        with self._lock:
            rows = self._db.execute(
                f"SELECT * FROM bookings WHERE {where} ORDER BY sequence LIMIT ?",  # noqa: S608  fixed words only
                (*values, limit + 1),
            ).fetchall()
        return [
            {
                "document": _document(row["sequence"]), "sequence": row["sequence"], "kind": row["kind"],
                "order": row["order_no"], "reference": row["reference"], "booked_at": row["booked_at"],
                "note": row["note"], "body": json.loads(row["body"]),
            }
            for row in rows[:limit]
        ], len(rows) > limit  # fmt: skip

    # --- What the checkers of a test read --------------------------------------------------------------------

    def note_refusal(self, kind: str, body: Any, refusal: Refusal) -> None:
        """Keep what was refused, and why."""
        said = body if isinstance(body, dict) else {}
        with self.transaction() as db:
            db.execute(
                "INSERT INTO refusals (kind, order_no, reference, code, message, refused_at) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    kind,
                    str(said.get("order", "")),
                    str(said.get("reference", "")),
                    refusal.code,
                    refusal.message,
                    now_text(),
                ),
            )

    def note_incident(self, fault: str, path: str, reference: str) -> None:
        """Keep which fault was played on whom."""
        with self.transaction() as db:
            db.execute(
                "INSERT INTO incidents (fault, path, reference, happened_at) VALUES (?, ?, ?, ?)",
                (fault, path, reference, now_text()),
            )

    def notes(self, table: str, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return rows of ``refusals`` or ``incidents`` behind ``after``."""
        if table not in ("refusals", "incidents"):
            raise Refusal(404, "NOT_FOUND", f"There is no list of {table}.")
        with self._lock:
            rows = self._db.execute(
                f"SELECT * FROM {table} WHERE id>? ORDER BY id LIMIT ?",  # noqa: S608  checked above
                (after, limit),
            ).fetchall()
        return [dict(row) for row in rows]

    def counts(self) -> dict[str, Any]:
        """Return how much of everything there is."""
        with self._lock:
            ask = self._db.execute
            return {
                "records": {r["kind"]: r["n"] for r in ask("SELECT kind, count(*) n FROM records GROUP BY kind")},
                "bookings": {r["kind"]: r["n"] for r in ask("SELECT kind, count(*) n FROM bookings GROUP BY kind")},
                "refusals": ask("SELECT count(*) n FROM refusals").fetchone()["n"],
                "incidents": {
                    r["fault"]: r["n"] for r in ask("SELECT fault, count(*) n FROM incidents GROUP BY fault")
                },
            }


def _document(sequence: int) -> str:
    return f"B{sequence:07d}"


def _record(row: sqlite3.Row) -> dict[str, Any]:
    return {**json.loads(row["body"]), "change": row["change"], "changed_at": row["changed_at"]}


def _body(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("change", "changed_at")}
