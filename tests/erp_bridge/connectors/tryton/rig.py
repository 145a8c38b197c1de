"""What the Tryton connector brings to be held to the shared contract."""

from collections.abc import Sequence
from typing import Any

from erp_bridge.connectors.tryton import answers
from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.sdk import errors
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.transport import Answer
from mes.masterdata.records import ItemRecord
from tests.erp_bridge.connectors.rigs import ErrorRow, Rig
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.tryton import DUE, Server, planner_of_tryton

_ITEM = "FG-HOLDER"


class TrytonRig(Rig):
    """A real Tryton, and a tool holder that is made in one operation."""

    connector = TrytonConnector
    # Another user than ours: Tryton locks out whoever guesses too often.
    wrong = {"user": "nobody", "password": "stolen"}

    def __init__(self, server: Server) -> None:
        self.server = server
        self._planner = server.planner()
        self._spoiled: list[int] = []

    def settings(self) -> dict[str, Any]:
        return self.server.settings()

    def new_order(self) -> str:
        return str(planner_of_tryton.make_production(self._planner, _ITEM, 10, DUE, "RIG"))

    def documents(self, order: str) -> Sequence[Document]:
        return [
            doc.status(order, "RUNNING"),
            doc.hold(order, "PLACED", "bore too wide"),
            doc.nonconforming(order, "2"),
            doc.used(order, "RM-BAR-12", "9", "m"),
            doc.used(order, "RM-SHEET-2", "4", "kg", "SH2-2609-A"),
            doc.good(order, "9", "", _ITEM, operation="10"),
            doc.scrap(order, "1", _ITEM, "10"),
            doc.worked(order, "42.5", operation="10"),
            doc.ran(order, "40", operation="10"),
            doc.complete(order, "9", "1", _ITEM),
            doc.cost(order, 1, "81.00"),
        ]

    def booked(self, order: str) -> int:
        belongs_to = {
            "stock.move": [["production", "=", int(order)], ["state", "in", ["done", "cancelled"]]],
            "production.work.cycle": [["work.production", "=", int(order)]],
            "timesheet.line": [["work.origin.production", "=", int(order), "production.work"]],
            "ir.note": [["resource", "=", f"production,{order}"]],
        }
        return sum(len(self._planner.ids(model, *domain)) for model, domain in belongs_to.items())

    def spoil_a_row(self) -> type:
        [unit] = self._planner.ids("product.uom", ["name", "=", "Unit"])
        template = {"name": "No code", "type": "goods", "default_uom": unit, "products": [["create", [{}]]]}
        self._spoiled = self._planner.create("product.template", template)
        return ItemRecord

    def mend_the_row(self) -> None:
        for template in self._spoiled:
            self._planner("model.product.template.write", [template], {"code": f"MENDED-{template}"})
        self._spoiled = []

    def error_rows(self) -> Sequence[ErrorRow]:
        said = {
            b'["UserError", ["Not so.", "", null]]': errors.Rejected,
            b'["UserWarning", ["abc.over_tolerance", "More than planned.", ""]]': answers.Warned,
            b'["ConcurrencyException", "Records were modified in the meanwhile"]': errors.Busy,
            b'["RateLimitException", ""]': errors.Busy,
            b'["TimeOutException", ""]': errors.Busy,
            b'["LoginException", ["password", "Password", "password"]]': errors.Misconfigured,
            b'["KeyError", "..."]': errors.Rejected,
            b'"?"': errors.BrokenContract,
        }
        coded = [ErrorRow(200, b'{"id": 1, "error": ' + error + b"}", kind) for error, kind in said.items()]
        dialog = b'{"id": 1, "result": {"type": "ir.action.wizard", "wiz_name": "quality.inspect"}}'
        others = [
            ErrorRow(200, dialog, errors.Rejected),
            ErrorRow(200, b"<html>", errors.BrokenContract),
            ErrorRow(418, b"", errors.OutcomeUnknown),
        ]
        return [*coded, *others, *(ErrorRow(status, b"", kind) for status, (kind, _) in answers.STATUSES.items())]

    def failure(self, row: ErrorRow) -> errors.CallFailed | None:
        try:
            answers.result_of("model.production.do", Answer(row.status, dict(row.headers), row.body, 0.0))
        except errors.CallFailed as error:
            return error
        return None
