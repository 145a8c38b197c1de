"""What an hour of a person, an hour or a cycle of a work center and a unit of an item cost in Tryton."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from erp_bridge.connectors.tryton.masters import ACTIVE_OR_NOT, OVERLAP, Reader, decimal
from erp_bridge.costing.records import CostRateRecord
from erp_bridge.sdk.connector import Page


def fetch(reader: Reader) -> Iterator[Page]:
    """Yield all rates, one page a kind. Tryton tells no change of a cost, so all are read each time; they are few."""
    company = reader.client.read("company.company", [["id", "=", reader.client.company]], ["currency.code"])[0]
    currency = company["currency."]["code"]
    today = reader.client.server_time.date()
    cursor = (reader.client.server_time - OVERLAP).isoformat()
    for kind in (_people, _centers, _items):
        yield Page(list(kind(reader, currency, today)), cursor)


def keys(reader: Reader) -> Iterator[str]:
    """Yield the ids by which rates are known."""
    for page in fetch(reader):
        yield from (rate.external_id for rate in page.records)


def _people(reader: Reader, currency: str, today: date) -> Iterator[CostRateRecord]:
    fields = ["party.code", "cost_prices.date", "cost_prices.cost_price"]
    for row in reader.client.read("company.employee", [], fields, context=ACTIVE_OR_NOT):
        if row["party."]["code"]:
            for price in row["cost_prices."]:
                yield _rate(
                    reader,
                    "PERSON",
                    row["party."]["code"],
                    price["date"],
                    price["cost_price"],
                    "HOUR",
                    currency,
                    f"{price['id']}",
                )


def _centers(reader: Reader, currency: str, today: date) -> Iterator[CostRateRecord]:
    """Tryton keeps no history of a work center's cost: it holds from the day on which the center was last changed."""
    fields = ["name", "cost_method", "cost_price", "last_modified_at"]
    for row in reader.client.read("production.work.center", [["cost_method", "in", ["hour", "cycle"]]], fields):
        since = row["last_modified_at"].date()
        per = "HOUR" if row["cost_method"] == "hour" else "CYCLE"
        yield _rate(reader, "WORK_CENTER", row["name"], since, row["cost_price"], per, currency)


def _items(reader: Reader, currency: str, today: date) -> Iterator[CostRateRecord]:
    """The cost of an item is an average that moves with each receipt: it holds from the day on which it was read."""
    for row in reader.client.read(
        "product.product", [["type", "=", "goods"], ["code", "!=", None]], ["code", "cost_price"]
    ):
        yield _rate(reader, "ITEM", row["code"], today, row["cost_price"], "UNIT", currency)


def _rate(
    reader: Reader, kind: str, key: str, valid_from: date, amount: Any, per: str, currency: str, number: str = ""
) -> CostRateRecord:
    return CostRateRecord(
        site=reader.site,
        kind=kind,
        key=key,
        valid_from=valid_from,
        amount=decimal(amount),
        per=per,
        currency=currency,
        external_id=f"{kind}/{key}/{number}" if number else f"{kind}/{key}",
    )
