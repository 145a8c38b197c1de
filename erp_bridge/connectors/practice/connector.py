"""The practice ERP, spoken to."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from erp_bridge.connectors.practice import bookings, rows
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.sdk import documents, errors
from erp_bridge.sdk.connector import Ack, Connector, Ledger, Page, Read, Recall, Refused, Setting, Write
from erp_bridge.sdk.transport import Answer, Transport
from mes.execution.records import WorkOrderRecord
from mes.masterdata.records import (
    BillOfMaterialsRecord,
    ItemRecord,
    PersonRecord,
    RoutingRecord,
    UomRecord,
    WorkCenterRecord,
)

PAGE = 200

ERROR_CODES: dict[str, type[errors.CallFailed]] = {
    "NOT_AUTHORIZED": errors.Misconfigured,
    "NOT_FOUND": errors.Misconfigured,
    "NOT_OFFERED": errors.Misconfigured,
    "BUSY": errors.Busy,
    "ORDER_LOCKED": errors.Busy,
    "IN_FLIGHT": errors.Busy,
    "REFERENCE_EXISTS": errors.AlreadyBooked,
    "INTERNAL": errors.OutcomeUnknown,
    "ORDER_UNKNOWN": errors.Rejected,
    "ORDER_CLOSED": errors.Rejected,
    "ORDER_NOT_RELEASED": errors.Rejected,
    "STEP_UNKNOWN": errors.Rejected,
    "ITEM_UNKNOWN": errors.Rejected,
    "ITEM_BLOCKED": errors.Rejected,
    "UNIT_UNKNOWN": errors.Rejected,
    "BATCH_MISSING": errors.Rejected,
    "PERSON_UNKNOWN": errors.Rejected,
    "WORK_CENTER_UNKNOWN": errors.Rejected,
    "STATE_UNKNOWN": errors.Rejected,
    "TOTAL_NEGATIVE": errors.Rejected,
    "OVER_TOLERANCE": errors.Rejected,
    "PERIOD_CLOSED": errors.Rejected,
    "KEY_REUSED": errors.Rejected,
    "BODY_INVALID": errors.Rejected,
    "BODY_TOO_LARGE": errors.Rejected,
    "FIELD_INVALID": errors.Rejected,
    "FIELD_MISSING": errors.Rejected,
    "FIELD_UNKNOWN": errors.Rejected,
}
"""What this ERP says, and what happens next."""
ERROR_STATUSES: dict[int, type[errors.CallFailed]] = {
    400: errors.Rejected, 409: errors.Rejected, 412: errors.Rejected, 413: errors.Rejected, 422: errors.Rejected,
    401: errors.Misconfigured, 403: errors.Misconfigured, 404: errors.Misconfigured, 405: errors.Misconfigured,
    408: errors.OutcomeUnknown, 423: errors.Busy, 425: errors.Busy, 429: errors.Busy, 503: errors.Busy,
}  # fmt: skip
"""The same where the answer brings no code of its own: a proxy answered, or another server stands there."""


class PracticeErp(Connector):
    """The practice ERP."""

    key = "practice"
    label = "Practice ERP"
    settle = timedelta(seconds=10)
    settings_form = (
        Setting("url", "Address", help="as it printed when it started, such as http://127.0.0.1:8069"),
        Setting("token", "Token", secret=True),
        Setting("recall", "How it remembers", required=False, default="LOOKUP", help="KEY, LOOKUP or NONE, as it runs"),
        Setting("key_window", "How long it remembers keys, in seconds", required=False, default="21600"),
        Setting("patience", "How long we wait for an answer, in seconds", required=False, default="30"),
    )
    reads = {
        UomRecord: Read("units", parse=rows.parse_unit),
        ItemRecord: Read("items", parse=rows.parse_item),
        BillOfMaterialsRecord: Read("boms", parse=rows.parse_bom),
        RoutingRecord: Read("routings", parse=rows.parse_routing),
        WorkCenterRecord: Read("work-centers", parse=rows.parse_work_center),
        PersonRecord: Read("employees", parse=rows.parse_person),
        CostRateRecord: Read("cost-rates", parse=rows.parse_rate),
        WorkOrderRecord: Read("production-orders", parse=rows.parse_order),
    }
    writes = {
        documents.OrderStatus: Write("status", render=bookings.render_status),
        documents.HoldNotice: Write("holds", render=bookings.render_hold),
        documents.InspectionOutcome: Write("inspections", render=bookings.render_inspection),
        documents.NonconformanceNotice: Write("nonconformances", render=bookings.render_nonconformance),
        documents.ProductionConfirmation: Write("yields", render=bookings.render_production),
        documents.ScrapConfirmation: Write("scraps", render=bookings.render_scrap),
        documents.MaterialConsumption: Write("issues", render=bookings.render_consumption),
        documents.LaborTime: Write("labor", render=bookings.render_labor),
        documents.MachineTime: Write("machine-times", render=bookings.render_machine),
        documents.Downtime: Write("downtimes", render=bookings.render_downtime),
        documents.OrderCompletion: Write("completions", render=bookings.render_completion),
        documents.OrderCost: Write("costs", render=bookings.render_cost),
    }

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        try:
            self.recall = Recall(settings.get("recall") or "LOOKUP")  # type: ignore[misc]
            self.key_window = timedelta(seconds=float(settings.get("key_window") or 21600))  # type: ignore[misc]
            patience = float(settings.get("patience") or 30)
        except ValueError as error:
            raise errors.Misconfigured(f"A setting of the practice ERP is not understood: {error}") from error
        self._transport = Transport(
            str(settings["url"]),
            headers={"Authorization": f"Bearer {settings.get('token', '')}", "Content-Type": "application/json"},
            exchanges=self.exchanges,
            total_seconds=patience,
        )

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def fetch(self, record: type, *, cursor: str) -> Iterator[Page]:
        """Yield pages of rows with a change number of at least the cursor; the last row of a page may come twice."""
        read = self.reads[record]
        since = int(cursor or 0)
        while True:
            answer = self._get(f"{read.what}?since={since}&limit={PAGE}")
            found, last, more = (self._member(answer, name) for name in ("rows", "last_change", "more"))
            if not found:
                return
            yield self._page(read, found, str(last))
            if not more:
                return
            since = int(last)

    def _page(self, read: Read, found: list[rows.Row], cursor: str) -> Page:
        assert read.parse is not None
        records, refused, missing = [], [], []
        for row in found:
            external_id = _code(row)
            try:
                records.append(read.parse(row, str(self.settings.get("site", ""))))
            except KeyError as error:
                missing.append(str(error))
                refused.append(Refused(external_id, f"The field {error} is not there.", _raw(row)))
            except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
                refused.append(Refused(external_id, str(error), _raw(row)))
        if len(missing) == len(found):
            # Every row lacks a field: they changed their API. Going on would move the cursor past what was never read.
            raise errors.BrokenContract(f"No row of {read.what} has {', '.join(sorted(set(missing)))}.")
        return Page(records, cursor, refused)

    def fetch_keys(self, record: type) -> Iterator[str]:
        """Yield the code of every active row."""
        after = ""
        while True:
            answer = self._get(f"{self.reads[record].what}/codes?after={quote(after, safe='')}&limit=1000")
            codes = self._member(answer, "rows")
            yield from codes
            if not self._member(answer, "more"):
                return
            after = codes[-1]

    def send(self, document: documents.Document, *, key: str) -> Ack:
        """Book the document under our key."""
        write = self.writes[type(document)]
        assert write.render is not None
        body = {
            "reference": key, "order": document.erp_work_order, "at": document.occurred_at.isoformat(),
            "by": document.person, **write.render(document),
        }  # fmt: skip
        headers = {"Idempotency-Key": key} if self.recall == Recall.KEY else {}
        answer = self._call("POST", f"bookings/{write.what}", content=json.dumps(body), headers=headers)
        return _ack(answer)

    def find(self, document: documents.Document, *, key: str) -> Ack | None:
        """Return the booking under this key, if there is one."""
        if self.recall == Recall.NONE:
            raise errors.Misconfigured("This ERP cannot be searched by our reference.")
        found = self._member(self._get(f"bookings?reference={quote(key, safe='')}"), "rows")
        if not found:
            return None
        if len(found) > 1:
            return Ack(_ack(found[0]).reference, f"booked {len(found)} times under this key")
        return _ack(found[0])

    def check(self) -> str:
        """Return who answers."""
        status = self._get("status")
        product, version, company, recall = (
            self._member(status, name) for name in ("product", "version", "company", "recall")
        )
        if recall != self.recall:
            raise errors.Misconfigured(f"It remembers by {recall}, but here it is set to {self.recall}.", code="RECALL")
        return f"{product} {version}, company {company}"

    def read_ledger(self, erp_work_order: str) -> Ledger:
        """Return everything that is booked on one order."""
        order = self._get(f"production-orders/{quote(erp_work_order, safe='')}")
        found: list[rows.Row] = []
        more = True
        while more:
            after = found[-1]["sequence"] if found else 0
            answer = self._get(f"bookings?order={quote(erp_work_order, safe='')}&after={after}&limit=1000")
            found += self._member(answer, "rows")
            more = self._member(answer, "more")
        return bookings.ledger(order, found)

    def _get(self, path: str) -> Any:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **how: Any) -> Any:
        answer = self._transport.request(method, f"/api/v1/{path}", **how)
        if 200 <= answer.status < 300:
            return answer.json()
        raise failure(answer)

    def _member(self, answer: Any, name: str) -> Any:
        if not isinstance(answer, Mapping) or name not in answer:
            raise errors.BrokenContract(f"The answer has no {name!r}: {str(answer)[:200]}")
        return answer[name]


def failure(answer: Answer) -> errors.CallFailed:
    """Return the exception for an answer that is not a success, by its code, else by its status."""
    try:
        said = json.loads(answer.body)["error"]
        code, message = str(said["code"]), str(said["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "", f"HTTP {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}"
    kind = ERROR_CODES.get(code) or ERROR_STATUSES.get(answer.status)
    if kind is None:
        # A redirect means another address; anything else without a known code tells nothing about the booking.
        kind = errors.Misconfigured if 300 <= answer.status < 400 else errors.OutcomeUnknown
    if issubclass(kind, errors.AlreadyBooked):
        return kind(message, code=code)
    return kind(message, code=code or str(answer.status), retry_after=_seconds(answer.headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _ack(row: Any) -> Ack:
    if not isinstance(row, Mapping) or not row.get("document"):
        raise errors.BrokenContract(f"The answer names no document: {str(row)[:200]}")
    return Ack(str(row["document"]), str(row.get("note", "")))


def _code(row: Any) -> str:
    if not isinstance(row, Mapping):
        return ""
    names = ("order_no", "rate_no", "routing_no", "bom_no", "staff_no", "id", "code", "unit")
    return next((str(row[name]) for name in names if row.get(name)), "")


def _raw(row: Any) -> str:
    return json.dumps(row, ensure_ascii=False, default=str)[:4000]
