"""Master data as it comes down: units, items, bills of materials, routings, work centers, people and what they cost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from erp_bridge.connectors.tryton.client import PAGE, Client
from erp_bridge.connectors.tryton.order import in_sequence, step_numbers
from erp_bridge.sdk.connector import Page, Refused
from mes.masterdata.records import (
    BillOfMaterialsRecord,
    BomLineRecord,
    ItemRecord,
    PersonRecord,
    RoutingRecord,
    RoutingStepRecord,
    UomRecord,
    WorkCenterRecord,
)

OVERLAP = timedelta(seconds=30)
"""How far a cursor stays behind Tryton's clock: a transaction that long in committing is not missed."""
ACTIVE_OR_NOT = {"active_test": False}
"""The context in which Tryton also shows what is deactivated, here and wherever a path leads."""


class CannotRead(ValueError):
    """A row that has no counterpart with us; the text says why."""


@dataclass(frozen=True)
class Source:
    """Where one kind of record comes from: ``children`` are the paths whose changes count as changes of the record."""

    model: str
    key: str
    fields: Sequence[str]
    parse: Callable[["Reader", dict[str, Any]], Any]
    children: Sequence[str] = ()
    domain: Sequence[Any] = ()
    first_domain: Sequence[Any] = ()
    key_or_id: bool = False


@dataclass
class Reader:
    """What parsing needs besides the row itself."""

    client: Client
    site: str
    _centers: dict[int, str] | None = field(default=None, repr=False)

    def center_of(self, category: int | None) -> str:
        """Return the work center that a routing step means: Tryton names only a category; its first center stands for it."""
        if self._centers is None:
            rows = self.client.read("production.work.center", [["category", "!=", None]], ["name", "category"])
            by_name = sorted(rows, key=lambda row: row["name"], reverse=True)
            self._centers = {row["category"]: row["name"] for row in by_name}
        if category not in self._centers:
            raise CannotRead("An operation of this routing has no category with an active work center.")
        return self._centers[category]


def fetch(reader: Reader, source: Source, cursor: str) -> Iterator[Page]:
    """Yield pages of what changed since the cursor, changed lines and deactivated rows included.

    A cursor is a moment of Tryton's clock; in the midst of a reading, that moment, the last id and the moment to come.
    """
    since, last, until = _parted(cursor)
    domain = [*source.domain]
    domain += [changed_since(datetime.fromisoformat(since), source.children)] if since else source.first_domain
    for rows in reader.client.pages(source.model, domain, source.fields, after=last, context=ACTIVE_OR_NOT):
        # The clock of the first answer: what changes while we turn pages is read again the next time.
        until = until or (reader.client.server_time - OVERLAP).isoformat()
        records, refused = [], []
        for row in rows:
            try:
                records.append(source.parse(reader, row))
            except CannotRead as problem:
                refused.append(Refused(str(row.get(source.key) or row["id"]), str(problem)))
        is_last = len(rows) < PAGE
        yield Page(records, until if is_last else f"{since}/{rows[-1]['id']}/{until}", refused)


def _parted(cursor: str) -> tuple[str, int, str]:
    since, _, rest = cursor.partition("/")
    last, _, until = rest.partition("/")
    return since, int(last or 0), until


def keys(reader: Reader, source: Source) -> Iterator[str]:
    """Yield the keys of all active rows, and of open orders."""
    first, *_ = source.key.split(".")
    for rows in reader.client.pages(source.model, [*source.domain, *source.first_domain], [source.key]):
        for row in rows:
            key = row[f"{first}."]["code"] if "." in source.key else row[source.key]
            if key or source.key_or_id:
                yield key or str(row["id"])


def changed_since(moment: datetime, children: Sequence[str]) -> list[Any]:
    """Return the domain of rows that changed at or after a moment, themselves or in one of their lines."""
    return ["OR", *([f"{path}last_modified_at", ">=", moment] for path in ("", *(f"{child}." for child in children)))]


def decimal(value: Any) -> Decimal:
    """Return a number of Tryton's as Decimal, without the trailing zeros of its floats."""
    number = Decimal(str(value or 0))
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number


def _uom(reader: Reader, row: dict[str, Any]) -> UomRecord:
    rate, factor = decimal(row["rate"]), decimal(row["factor"])
    # One of the two is the exact one, the other its rounded inverse: the exact one is the shorter.
    exact_rate = len(rate.normalize().as_tuple().digits) <= len(factor.normalize().as_tuple().digits)
    return UomRecord(
        code=row["symbol"],
        name=row["name"],
        symbol=row["symbol"],
        dimension=row["category."]["name"],
        numerator=rate if exact_rate else Decimal(1),
        denominator=Decimal(1) if exact_rate else factor,
        decimals=row["digits"],
    )


def _item(reader: Reader, row: dict[str, Any]) -> ItemRecord:
    if not row["code"]:
        raise CannotRead("This product has no code.")
    return ItemRecord(
        site=reader.site,
        number=row["code"],
        name=row["template."]["name"],
        uom=row["template."]["default_uom."]["symbol"],
        external_id=str(row["id"]),
        lot_tracked=bool(row["template."]["lot_required"]),
        active=bool(row["active"]),
    )


def _bill(reader: Reader, row: dict[str, Any]) -> BillOfMaterialsRecord:
    outputs = sorted(row["outputs."], key=lambda line: line["id"])
    if len(outputs) != 1:
        raise CannotRead(f"This bill of materials makes {len(outputs)} products; one is needed.")
    if any(line["product."] is None for line in row["inputs."]):
        raise CannotRead("This bill of materials contains another one (phantom); list its components instead.")
    lines = (
        BomLineRecord(
            item=line["product."]["code"] or "", quantity=decimal(line["quantity"]), uom=line["unit."]["symbol"]
        )
        for line in sorted(row["inputs."], key=lambda line: line["id"])
    )
    [made] = outputs
    return BillOfMaterialsRecord(
        site=reader.site,
        number=row["code"] or str(row["id"]),
        item=made["product."]["code"] or "",
        base_quantity=decimal(made["quantity"]),
        uom=made["unit."]["symbol"],
        lines=tuple(lines),
        external_id=str(row["id"]),
        tolerance=None if row["tolerance"] is None else decimal(row["tolerance"]),
        active=bool(row["active"]),
    )


def _routing(reader: Reader, row: dict[str, Any]) -> RoutingRecord:
    rows = in_sequence(row["steps."])
    numbers = step_numbers([step["sequence"] for step in rows])
    steps = (
        RoutingStepRecord(
            number=number,
            name=step["operation."]["name"],
            work_center=reader.center_of(step["operation."]["work_center_category"]),
        )
        for number, step in zip(numbers, rows, strict=True)
    )
    links = reader.client.read("product.product-production.bom", [["routing", "=", row["id"]]], ["product.code"])
    return RoutingRecord(
        site=reader.site,
        number=row["name"],
        name=row["name"],
        steps=tuple(steps),
        items=tuple(sorted({link["product."]["code"] for link in links if link["product."]["code"]})),
        external_id=str(row["id"]),
        active=bool(row["active"]),
    )


def _center(reader: Reader, row: dict[str, Any]) -> WorkCenterRecord:
    return WorkCenterRecord(
        site=reader.site,
        code=row["name"],
        name=row["name"],
        area=(row["parent."] or {}).get("name") or "",
        external_id=str(row["id"]),
        active=bool(row["active"]),
    )


def _person(reader: Reader, row: dict[str, Any]) -> PersonRecord:
    if not row["party."]["code"]:
        raise CannotRead("The party of this employee has no code.")
    return PersonRecord(
        site=reader.site,
        number=row["party."]["code"],
        name=row["party."]["name"],
        external_id=str(row["id"]),
        active=bool(row["active"]),
    )


SOURCES: dict[type, Source] = {
    UomRecord: Source(
        "product.uom",
        "symbol",
        "symbol name rate factor digits category.name".split(),
        _uom,
        domain=(["active", "=", True],),
    ),
    ItemRecord: Source(
        "product.product",
        "code",
        "code active template.name template.default_uom.symbol template.lot_required".split(),
        _item,
        children=("template",),
        domain=(["template.type", "in", ["goods", "assets"]],),
    ),
    BillOfMaterialsRecord: Source(
        "production.bom",
        "code",
        (
            "code active tolerance inputs.product.code inputs.quantity inputs.unit.symbol "
            "outputs.product.code outputs.quantity outputs.unit.symbol"
        ).split(),
        _bill,
        children=("inputs", "outputs"),
        key_or_id=True,
        domain=(["phantom", "!=", True],),
    ),
    RoutingRecord: Source(
        "production.routing",
        "name",
        "name active steps.sequence steps.operation.name steps.operation.work_center_category".split(),
        _routing,
        children=("steps", "steps.operation"),
    ),
    WorkCenterRecord: Source(
        "production.work.center",
        "name",
        "name active parent.name".split(),
        _center,
        children=("parent",),
        domain=(["category", "!=", None],),
    ),
    PersonRecord: Source(
        "company.employee", "party.code", "active party.code party.name".split(), _person, children=("party",)
    ),
}
"""What is read, from where."""
