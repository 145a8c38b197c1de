"""Genealogy: what went into a lot, and where a lot went, read from the movements every time it is asked.

A lot goes into another one when
- a report consumed it and put the other one out;
- an order consumed it as a whole (``pooled``: by hand, at an earlier operation, or for pieces that went to rework) and
  put the other one out at that time or later. What nothing was put out after (a scan that came late) may be in every
  lot of the order: a recall rather holds too much;
- the order put out a by-product that belongs to no single report (regrind), at that time or later;
- a transfer moved some of it there (a split, a merge).

What was reversed, or came back whole, leaves no trace. Circles (regrind that is used again) end by themselves.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

_LIVE = (
    "{m}.reverses_id IS NULL AND NOT EXISTS (SELECT 1 FROM material_materialmovement x WHERE x.reverses_id = {m}.id)"
)

_USED = f"""((c.kind IN ('ISSUE', 'BACKFLUSH') AND c.quantity > 0) OR (c.kind = 'TRANSFER' AND c.quantity < 0))
    AND {_LIVE.format(m="c")}
    AND (NOT EXISTS (SELECT 1 FROM material_materialmovement b
            WHERE b.kind = 'RETURN' AND b.lot_id = c.lot_id AND b.work_order = c.work_order)
        OR 0 < (SELECT SUM(b.quantity) FROM material_materialmovement b
            WHERE b.lot_id = c.lot_id AND b.work_order = c.work_order AND b.site_id = c.site_id
            AND b.kind IN ('ISSUE', 'BACKFLUSH', 'RETURN')))"""
"""Of ``c``: it took from its lot, was not reversed, and did not come back whole."""

_MADE = f"o.kind IN ('OUTPUT', 'TRANSFER') AND o.quantity > 0 AND o.lot_id IS NOT NULL AND {_LIVE.format(m='o')}"
"""Of ``o``: it filled its lot and was not reversed."""

_IN_TIME = f"""(o.occurred_at >= c.occurred_at OR NOT EXISTS (SELECT 1 FROM material_materialmovement p
    WHERE p.site_id = c.site_id AND p.work_order = c.work_order AND p.kind = 'OUTPUT' AND NOT p.pooled
    AND p.quantity > 0 AND p.occurred_at >= c.occurred_at AND {_LIVE.format(m="p")}))"""

_SAME_ORDER = "o.site_id = c.site_id AND o.work_order = c.work_order AND o.kind = 'OUTPUT'"

_ONCE = "GROUP BY c.lot_id, o.lot_id, c.work_order, c.id, c.occurred_at"

_WAYS = (
    ("1", "o.report_id = c.report_id", "NOT c.pooled AND NOT o.pooled"),
    ("0", _SAME_ORDER, f"c.pooled AND NOT o.pooled AND c.work_order <> '' AND {_IN_TIME}"),
    ("0", _SAME_ORDER, f"o.pooled AND c.work_order <> '' AND {_IN_TIME}"),
)
"""How ``c`` leads to ``o``: whether that is sure, how the rows are joined, and what must hold besides."""


class Link(NamedTuple):
    """Some of one lot went into another. ``quantity`` is in the source's unit.

    ``sure``: by one report or one transfer. Else all that the order took of the source (``quantity``), of which
    nobody knows how much is in which of its lots. Moments are kept as microseconds until somebody looks: a trace can
    have a hundred thousand links.
    """

    source: int
    target: int
    work_order: str
    sure: bool
    quantity: Decimal
    first: int
    last: int

    @property
    def first_at(self) -> datetime:
        """When some of the source was first used for it."""
        return _EPOCH + timedelta(microseconds=self.first)

    @property
    def last_at(self) -> datetime:
        """When some of the source was last used for it."""
        return _EPOCH + timedelta(microseconds=self.last)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class TracedLot:
    """A lot of a trace. ``depth`` is how many links lie between it and the origin; ``shipped`` what left with it."""

    id: int
    number: str
    item: str
    item_name: str
    uom: str
    quantity: Decimal
    status: str
    status_reason: str
    expires_at: datetime | None
    depth: int = 0
    shipped: Decimal = Decimal(0)
    shipped_to: str = ""


@dataclass(frozen=True, slots=True)
class InProcess:
    """An order took from a lot and has put nothing out since: it is in work, in scrap, or in pieces without a lot."""

    lot: int
    work_order: str
    quantity: Decimal
    last_at: datetime


@dataclass
class Trace:
    """Everything that lies up (what went in) or down (where it went) of a lot, the origin first, then by depth."""

    origin: int
    down: bool
    lots: dict[int, TracedLot]
    links: list[Link]
    in_process: list[InProcess] = field(default_factory=list)

    @property
    def members(self) -> list[TracedLot]:
        return list(self.lots.values())

    def beyond(self) -> dict[int, list[Link]]:
        """Return the links by the lot from which they lead away from the origin."""
        found: dict[int, list[Link]] = defaultdict(list)
        for link in self.links:
            found[link.source if self.down else link.target].append(link)
        return found


def trace(*, lot_id: int, down: bool) -> Trace:
    """Return what the lot is in (``down``) or what is in it (up), all levels, each lot once."""
    reached = _reach(lot_id, down=down)
    links = _links(reached, down=down)
    lots = {lot.id: lot for lot in _lots(reached)}
    _measure(lot_id, lots, links, down=down)
    ordered = dict(sorted(lots.items(), key=lambda pair: (pair[1].depth, pair[1].item, pair[1].number)))
    _add_shipped(ordered)
    return Trace(lot_id, down, ordered, links, _in_process(reached, links) if down else [])


@dataclass(frozen=True)
class MassBalance:
    """What came into a lot and where it went, in the item's unit: in = used + scrapped + shipped + moved + left ± difference."""

    came_in: Decimal
    used: Decimal
    scrapped: Decimal
    shipped: Decimal
    moved: Decimal
    left: Decimal

    @property
    def difference(self) -> Decimal:
        """What no movement explains; 0 for every lot that only Lineside has counted."""
        return self.came_in - self.used - self.scrapped - self.shipped - self.moved - self.left


_SUMS = tuple(
    f"SUM(CASE WHEN {counts} THEN quantity ELSE 0 END)"
    for counts in (
        "kind IN ('RECEIPT', 'OUTPUT') OR kind = 'TRANSFER' AND quantity > 0",
        "kind IN ('ISSUE', 'BACKFLUSH', 'RETURN')",
        "kind = 'SCRAP'",
        "kind = 'SHIPMENT'",
        "kind = 'TRANSFER' AND quantity < 0",
    )
)


def mass_balances(lots: Iterable[TracedLot]) -> dict[int, MassBalance]:
    """Return the mass balance of each lot by its key, all of them by one question."""
    wanted = list(lots)
    sql = (
        f"SELECT lot_id, {', '.join(_SUMS)} FROM material_materialmovement "
        f"WHERE lot_id IN {_AMONG[connection.vendor]} GROUP BY lot_id"
    )
    sums = {row[0]: row[1:] for row in _rows(sql, [_among(lot.id for lot in wanted)])}
    found = {}
    for lot in wanted:
        came_in, used, scrapped, shipped, moved = (_decimal(total) for total in sums.get(lot.id, _NOTHING))
        found[lot.id] = MassBalance(came_in, used, scrapped, shipped, -moved, lot.quantity)
    return found


_NOTHING = (Decimal(0),) * 5


def _reach(lot_id: int, *, down: bool) -> list[int]:
    """Return the keys of all lots that can be reached, the first included; UNION is the set of those seen before."""
    here, there = ("c", "o") if down else ("o", "c")
    postgres = connection.vendor == "postgresql"

    def arm(on: str, where: str) -> str:
        # PostgreSQL allows one recursive term and has LATERAL; SQLite has no LATERAL and allows several terms.
        start = "" if postgres else "reach CROSS JOIN "
        return (
            f"SELECT {there}.lot_id FROM {start}{_from(here, there, on)} "
            f"WHERE {here}.lot_id = reach.lot_id AND {there}.lot_id IS NOT NULL AND {where} AND {_USED} AND {_MADE}"
        )

    arms = [arm(on, where) for _sure, on, where in _WAYS]
    if postgres:
        step = f"SELECT e.lot_id FROM reach CROSS JOIN LATERAL ({' UNION ALL '.join(arms)}) e"
    else:
        step = " UNION ".join(arms)
    sql = f"WITH RECURSIVE reach(lot_id) AS (SELECT %s UNION {step}) SELECT lot_id FROM reach"
    if postgres:
        sql = sql.replace("SELECT %s UNION", "SELECT %s::bigint UNION", 1)
    return [row[0] for row in _rows(sql, [lot_id])]


def _from(here: str, there: str, on: str) -> str:
    """Return the join from the side where one stands; SQLite keeps the order of a CROSS JOIN, which is the quick one."""
    join = "JOIN" if connection.vendor == "postgresql" else "CROSS JOIN"
    return f"material_materialmovement {here} {join} material_materialmovement {there} ON {on}"


def _links(reached: Collection[int], *, down: bool) -> list[Link]:
    here, there = ("c", "o") if down else ("o", "c")
    arms = []
    for sure, on, where in _WAYS:
        # An order can put one lot out several times, a report does so once: only the first has to be told apart.
        quantity, once = ("c.quantity", "") if sure == "1" else ("MAX(c.quantity)", _ONCE)
        arms.append(
            f"SELECT c.lot_id AS source, o.lot_id AS target, c.work_order AS work_order, {sure} AS sure, "
            f"{quantity} AS quantity, c.occurred_at AS used_at FROM {_from(here, there, on)} "
            f"WHERE {here}.lot_id IN {_AMONG[connection.vendor]} AND c.lot_id IS NOT NULL AND {where} "
            f"AND {_USED} AND {_MADE} {once}"
        )
    first, last = (f"{edge}(used_at)" for edge in ("MIN", "MAX"))
    if connection.vendor == "postgresql":
        # Whole microseconds: what costs most in a long answer is to make moments of text.
        first, last = (f"(EXTRACT(EPOCH FROM {moment}) * 1000000)::bigint" for moment in (first, last))
    sql = (
        f"SELECT source, target, work_order, MAX(sure) = 1, ABS(SUM(quantity)), {first}, {last} "
        f"FROM ({' UNION ALL '.join(arms)}) e GROUP BY source, target, work_order, sure"
    )
    among = _among(reached)
    rows = _rows(sql, [among] * len(arms))
    if connection.vendor == "postgresql":
        return [Link._make(row) for row in rows]
    return [
        Link(source, target, order, bool(sure), _decimal(quantity), _microseconds(first), _microseconds(last))
        for source, target, order, sure, quantity, first, last in rows
    ]


def _lots(reached: Collection[int]) -> Iterable[TracedLot]:
    sql = (
        "SELECT l.id, l.number, i.number, i.name, u.code, l.quantity, l.status, l.status_reason, l.expires_at "
        "FROM material_lot l JOIN masterdata_item i ON i.id = l.item_id JOIN masterdata_uom u ON u.id = i.uom_id "
        f"WHERE l.id IN {_AMONG[connection.vendor]}"
    )
    for pk, number, item, name, uom, quantity, status, reason, expires in _rows(sql, [_among(reached)]):
        yield TracedLot(pk, number, item, name, uom, _decimal(quantity), status, reason, _instant(expires))


def _add_shipped(lots: dict[int, TracedLot]) -> None:
    """Say of each lot how much of it left the plant, and to whom last."""
    sql = (
        "SELECT lot_id, quantity, reference FROM material_materialmovement "
        f"WHERE kind = 'SHIPMENT' AND lot_id IN {_AMONG[connection.vendor]} ORDER BY recorded_at, id"
    )
    for lot_id, quantity, reference in _rows(sql, [_among(lots)]):
        lot = lots[lot_id]
        lot.shipped += _decimal(quantity)
        lot.shipped_to = reference or lot.shipped_to


def _in_process(reached: Collection[int], links: Iterable[Link]) -> list[InProcess]:
    """Return what orders took and did not put out since, lot by lot."""
    taken = (
        "SELECT c.lot_id, c.site_id, c.work_order, c.quantity, c.occurred_at FROM material_materialmovement c "
        f"WHERE c.lot_id IN {_AMONG[connection.vendor]} AND c.kind <> 'TRANSFER' AND c.work_order <> '' AND {_USED}"
    )
    nothing_came_of_it = (
        f"NOT EXISTS (SELECT 1 FROM material_materialmovement o WHERE o.report_id = c.report_id AND {_MADE})"
    )
    used = (
        "SELECT lot_id, site_id, work_order, SUM(quantity) AS quantity, MAX(occurred_at) AS used_at "
        # Two questions and not one with OR, which PostgreSQL would answer row by row.
        f"FROM ({taken} AND c.pooled UNION ALL {taken} AND NOT c.pooled AND {nothing_came_of_it}) t "
        "GROUP BY lot_id, site_id, work_order"
    )
    made = (
        "SELECT p.site_id, p.work_order, MAX(p.occurred_at) AS made_at FROM material_materialmovement p "
        "JOIN (SELECT DISTINCT site_id, work_order FROM used) w ON w.site_id = p.site_id AND w.work_order = p.work_order "
        f"WHERE p.kind = 'OUTPUT' AND NOT p.pooled AND p.quantity > 0 AND {_LIVE.format(m='p')} "
        "GROUP BY p.site_id, p.work_order"
    )
    sql = (
        f"WITH used AS ({used}), made AS ({made}) "
        "SELECT u.lot_id, u.work_order, u.quantity, u.used_at, m.made_at FROM used u "
        "LEFT JOIN made m ON m.site_id = u.site_id AND m.work_order = u.work_order"
    )
    linked = {(link.source, link.work_order) for link in links}
    found = []
    for lot, order, quantity, used_at, made_at in _rows(sql, [_among(reached)] * 2):
        last, made = _instant(used_at), _instant(made_at)
        if (lot, order) not in linked or made is None or made < last:
            found.append(InProcess(lot, order, _decimal(quantity), last))
    return sorted(found, key=lambda one: (one.work_order, one.lot))


def _measure(origin: int, lots: dict[int, TracedLot], links: Iterable[Link], *, down: bool) -> None:
    """Give each lot its depth: the fewest links from the origin."""
    beyond: dict[int, list[int]] = defaultdict(list)
    for link in links:
        source, target = (link.source, link.target) if down else (link.target, link.source)
        beyond[source].append(target)
    level, seen, depth = [origin], {origin}, 0
    while level:
        depth += 1
        following = []
        for lot_id in level:
            for other in beyond[lot_id]:
                if other not in seen:
                    seen.add(other)
                    lots[other].depth = depth
                    following.append(other)
        level = following


_AMONG = {"postgresql": "(SELECT unnest(%s::bigint[]))", "sqlite": "(SELECT value FROM json_each(%s))"}
"""How a long list of keys is handed over as one parameter."""


def _among(keys: Iterable[int]) -> Any:
    return list(keys) if connection.vendor == "postgresql" else json.dumps(list(keys))


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _decimal(value: Any) -> Decimal:
    """Return a quantity as stored: SQLite sums in binary, exact to the six places that a quantity has."""
    return value if isinstance(value, Decimal) else Decimal(str(value)).quantize(Decimal("0.000001"))


def _microseconds(text: str) -> int:
    """Return the whole microseconds since 1970 of a moment as SQLite stores it."""
    return (_instant(text) - _EPOCH) // timedelta(microseconds=1)


def _instant(value: Any) -> Any:
    """Return a moment; SQLite hands over the text that it stores, in UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value
