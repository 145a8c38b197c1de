"""Tryton's rig for the contract that every connector is held to."""

import json
from collections.abc import Sequence
from typing import Any

import planner as planner_of_tryton
from rpc import Rpc

from erp_bridge.connectors.tryton import answers
from erp_bridge.connectors.tryton.connector import TrytonConnector
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.errors import BrokenContract, Busy, CallFailed, Misconfigured, Rejected
from erp_bridge.sdk.transport import Answer
from tests.erp_bridge.connectors.rigs import ErrorRow, Rig
from tests.erp_bridge.connectors.tryton import documents as doc
from tests.erp_bridge.connectors.tryton.conftest import DUE, Server


class TrytonRig(Rig):
    """A real Tryton with the demo factory's master data."""

    connector = TrytonConnector
    wrong = {"password": "stolen"}

    def __init__(self, server: Server) -> None:
        self.server = server
        its = server.description
        self.rpc = Rpc(its["url"], its["database"], its["admin_user"], its["admin_password"])

    def settings(self) -> dict[str, Any]:
        names = ("url", "database", "user", "password")
        return {name: self.server.description[name] for name in names} | {"site": "T1"}

    def new_order(self) -> str:
        return str(planner_of_tryton.make_production(self.rpc, "FG-BRACKET", 20, DUE, "CONTRACT"))

    def documents(self, order: str) -> Sequence[Document]:
        return [
            doc.status(order, "RUNNING"),
            doc.good(order, "2", "L-0"),
            doc.scrap(order, "1"),
            doc.used(order, "RM-POWDER-7016", "0.2", "kg", "P7016-118"),
            doc.ran(order, "12.5"),
            doc.worked(order, "30"),
            doc.complete(order, "2", "1"),
            doc.cost(order, 1, "81.00"),
        ]

    def booked(self, order: str) -> int:
        production = int(order)
        works = self.rpc.ids("production.work", ["production", "=", production])
        return sum(
            len(self.rpc.ids(model, *domain))
            for model, domain in (
                ("stock.move", [["OR", ["production_input", "=", production], ["production_output", "=", production]]]),
                ("production.work.cycle", [["work", "in", works]]),
                ("timesheet.line", [["work.origin.id", "in", works, "production.work"]]),
                ("ir.note", [["resource", "=", f"production,{production}"]]),
            )
        )

    def error_rows(self) -> Sequence[ErrorRow]:
        bare = [ErrorRow(status, b"<html>", kind) for status, (kind, _) in answers.STATUSES.items()]
        said: list[tuple[Any, type[CallFailed]]] = [
            (["UserError", ["No.", "", None]], Rejected),
            (["UserWarning", ["done_7", "Really?", ""]], answers.Warned),
            (["ConcurrencyException", "changed"], Busy),
            (["RateLimitException", ""], Busy),
            (["LoginException", ["token", "?", "char"]], Misconfigured),
            (["KeyError", "x"], Rejected),
            ("?", BrokenContract),
        ]
        bodies = [ErrorRow(200, json.dumps({"id": 1, "error": error}).encode(), kind) for error, kind in said]
        dialog = {"id": 1, "result": {"type": "ir.action.wizard", "wiz_name": "production.split"}}
        return [
            *bare,
            *bodies,
            ErrorRow(200, json.dumps(dialog).encode(), Rejected),
            ErrorRow(200, b"<html>Welcome</html>", BrokenContract),
        ]

    def failure(self, row: ErrorRow) -> CallFailed | None:
        try:
            answers.result_of("model.x.do", Answer(row.status, dict(row.headers), row.body, 0.0))
        except CallFailed as failed:
            return failed
        return None
