"""The rigs of the connectors that live in this repository."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from erp_bridge.connectors.practice import connector as practice_connector
from erp_bridge.sdk import documents, errors
from erp_bridge.sdk.transport import Answer
from mes.masterdata.records import ItemRecord
from tests.erp_bridge.connectors.rigs import ErrorRow, Rig
from tests.erp_bridge.connectors.tryton.rig import TrytonRig
from tests.erp_bridge.practice import Practice
from tests.erp_bridge.tryton import Server

MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def practice_documents(order: str, **changes: Any) -> list[documents.Document]:
    """Return one document of every kind for an order of wall brackets."""
    head: dict[str, Any] = {
        "site": "P1", "work_order": f"WO-{order}", "erp_work_order": order, "occurred_at": MOMENT, "person": "E001",
    } | changes  # fmt: skip
    span = {"started_at": MOMENT - timedelta(minutes=12), "ended_at": MOMENT, "minutes": Decimal("12.000000")}
    report = uuid4()
    piece = {"uom": "PCE", "item": "FG-BRACKET"}
    line = documents.ScrapLine(quantity=Decimal(1), reason="SCRATCH", reason_name="Scratched")
    return [
        documents.OrderStatus(**head, status="RUNNING"),
        documents.HoldNotice(
            **head | {"person": "lead"}, hold_id=uuid4(), target="OPERATION", status="PLACED", operation="20",
            item="FG-BRACKET", reason="BORE", reason_name="Bore too wide",
        ),
        documents.InspectionOutcome(
            **head, result_id=uuid4(), operation="20", item="FG-BRACKET", plan="Bracket", revision=3, check="FIRST",
            occurrence="first", verdict="FAILED", number=1,
            values=(
                documents.InspectedValue(
                    characteristic="BORE", name="Bore", piece=1, value=Decimal("12.08"), uom="mm", lower=Decimal(12),
                    upper=Decimal("12.05"), passed=False,
                ),
            ),
        ),
        documents.NonconformanceNotice(
            **head, nonconformance="NC-00007", nonconformance_id=uuid4(), status="OPENED", item="FG-BRACKET",
            operation="20", lot="", quantity=Decimal(2), open_quantity=Decimal(2), uom="PCE", reason="BORE",
            reason_name="Bore too wide",
        ),
        documents.ProductionConfirmation(
            **head, **piece, operation="20", report_id=report, good_quantity=Decimal("9.5"),
            rework_quantity=Decimal(0), lot="LOT-7", is_output=True,
        ),
        documents.ScrapConfirmation(**head, **piece, operation="20", report_id=report, is_output=True, lines=(line,)),
        documents.MaterialConsumption(
            **head, operation="20", movement_id=uuid4(), item="RM-BOLT-M8", lot="", quantity=Decimal(42), uom="PCE",
            report_id=report,
        ),
        documents.LaborTime(**head, **span, operation="20", segment_id=uuid4(), activity="RUN"),
        documents.MachineTime(**head, **span, operation="20", interval_id=uuid4(), work_center="ASSY", activity="RUN"),
        documents.Downtime(
            **head | {"work_order": "", "erp_work_order": ""}, **span, downtime_id=uuid4(), work_center="ASSY",
            work_unit="ASSY-01", reason="TOOL", reason_name="Tool change", loss="OTHER",
        ),
        documents.OrderCompletion(**head, **piece, good_quantity=Decimal("9.5"), scrap_quantity=Decimal(1)),
        documents.OrderCost(
            **head, version=1, currency="EUR", planned_total=Decimal("80.00"), material=Decimal("50.00"),
            labor=Decimal("20.00"), machine=Decimal("10.00"), scrap=Decimal("1.00"), rework=Decimal(0),
            total=Decimal("81.00"),
        ),
    ]  # fmt: skip


class PracticeRig(Rig):
    """The practice ERP, in one of its ways to remember."""

    connector = practice_connector.PracticeErp
    wrong = {"token": "stolen"}

    def __init__(self, erp: Practice) -> None:
        self.erp = erp

    def settings(self) -> dict[str, Any]:
        return self.erp.settings()

    def new_order(self) -> str:
        return self.erp.orders(1)[0]

    def documents(self, order: str) -> list[documents.Document]:
        return practice_documents(order)

    def booked(self, order: str) -> int:
        return len(self.erp.ledger(order=order))

    def spoil_a_row(self) -> type:
        self.erp.planner.put("items", "XX-TYPO", {"description": None, "unit": "PCE", "batch_managed": False,
                                                  "blocked": False, "alternative_units": []})  # fmt: skip
        return ItemRecord

    def mend_the_row(self) -> None:
        self.erp.planner.put("items", "XX-TYPO", {"description": "Mended", "unit": "PCE", "batch_managed": False,
                                                  "blocked": True, "alternative_units": []})  # fmt: skip

    def error_rows(self) -> list[ErrorRow]:
        coded = [
            ErrorRow(422, b'{"error": {"code": "%s", "message": "said so", "field": ""}}' % code.encode(), kind)
            for code, kind in practice_connector.ERROR_CODES.items()
        ]
        bare = [ErrorRow(status, b"<html>", kind) for status, kind in practice_connector.ERROR_STATUSES.items()]
        others = [ErrorRow(status, b"", errors.OutcomeUnknown) for status in (418, 500, 502, 504)] + [
            ErrorRow(302, b"", errors.Misconfigured, (("location", "http://elsewhere/"),))
        ]
        return [*coded, *bare, *others]

    def failure(self, row: ErrorRow) -> errors.CallFailed | None:
        return practice_connector.failure(Answer(row.status, dict(row.headers), row.body, 0.0))


def _practice_rig(factory: pytest.TempPathFactory, recall: str) -> Iterator[PracticeRig]:
    erp = Practice(Path(factory.mktemp("practice")), recall=recall)
    yield PracticeRig(erp)
    erp.stop()


@pytest.fixture(scope="module")
def practice_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeRig]:
    """The practice ERP, searchable by our reference."""
    yield from _practice_rig(tmp_path_factory, "LOOKUP")


@pytest.fixture(scope="module")
def practice_keyed_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PracticeRig]:
    """The practice ERP, honoring our keys."""
    yield from _practice_rig(tmp_path_factory, "KEY")


@pytest.fixture(scope="session")
def tryton_server() -> Iterator[Server]:
    """One Tryton for the whole run, with the masters and stock of the demo factory and no orders."""
    # A name of this process alone: several runs may share what is installed.
    running = Server(f"test-{os.getpid()}")
    running.start("--fresh", "--seed", "minimal")
    yield running
    running.stop()
    running.forget()


@pytest.fixture(scope="module")
def tryton_rig(tryton_server: Server) -> TrytonRig:
    """A real Tryton."""
    return TrytonRig(tryton_server)
