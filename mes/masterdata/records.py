"""The shapes in which master data arrives, whoever sends it: an ERP flow, the REST API, an upload, a test.

``external_id`` is the sender's own id. Quantities and factors are Decimal. Where a record names another thing
(``uom``, ``item``, ``work_center``), it names it by its number or code at the same site.
"""

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class UomRecord:
    """A unit of measure: ``factor`` of them make one base unit of its dimension, exactly (1 kg = 1, 1 g = 1000)."""

    code: str
    name: str
    symbol: str
    dimension: str
    numerator: Decimal = Decimal(1)
    denominator: Decimal = Decimal(1)
    decimals: int = 3


@dataclass(frozen=True, kw_only=True)
class UomConversion:
    """So many ``uom`` are one unit of the item: quantity in item's uom = quantity * numerator / denominator."""

    uom: str
    numerator: Decimal
    denominator: Decimal


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    """One material definition (ISA-95)."""

    site: str
    number: str
    name: str
    uom: str
    external_id: str = ""
    lot_tracked: bool = False
    pack_quantity: Decimal | None = None
    """In the item's own unit; 0: there are no packs; None: the sender does not know, and what is here stays."""
    active: bool = True
    conversions: tuple[UomConversion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BomLineRecord:
    """One component: ``quantity`` per ``base_quantity`` of the product. ``operation`` is its number, or "" for the first."""

    item: str
    quantity: Decimal
    uom: str
    operation: str = ""
    backflush: bool = True


@dataclass(frozen=True, kw_only=True)
class BillOfMaterialsRecord:
    """What goes into an item. ``tolerance`` is the share by which consumption may differ (0.1 = 10 %), or None."""

    site: str
    number: str
    item: str
    base_quantity: Decimal
    uom: str
    lines: tuple[BomLineRecord, ...]
    external_id: str = ""
    revision: str = ""
    tolerance: Decimal | None = None
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class RoutingStepRecord:
    """One step: times in minutes; setup once per order, run per unit of the product."""

    number: str
    name: str
    work_center: str
    setup_time: Decimal = Decimal(0)
    run_time_per_unit: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class RoutingRecord:
    """How items are made. ``items`` are the numbers of what is made this way."""

    site: str
    number: str
    name: str
    steps: tuple[RoutingStepRecord, ...]
    items: tuple[str, ...] = ()
    external_id: str = ""
    revision: str = ""
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class WorkCenterRecord:
    """Where operations are planned. ``work_units`` are the codes of its machines; none given means one of its own code."""

    site: str
    code: str
    name: str
    area: str = ""
    work_units: tuple[str, ...] = ()
    external_id: str = ""
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class PersonRecord:
    """Someone who works at the site, by personnel number."""

    site: str
    number: str
    name: str
    external_id: str = ""
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class ShiftRecord:
    """A shift on some weekdays (0 = Monday), local times ``HH:MM``; it may cross midnight."""

    site: str
    code: str
    name: str
    starts_at: str
    ends_at: str
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class ReasonRecord:
    """A reason in the tree of its kind (``SCRAP``, ``REWORK``, ``STOP``, ``INDIRECT``, ``HOLD``, ``RETURN``)."""

    site: str
    kind: str
    code: str
    name: str
    parent: str = ""
    active: bool = True


@dataclass
class Applied:
    """What a page of records did, counted; ``parked`` names what waits for something not here yet."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    parked: list[tuple[str, str]] = field(default_factory=list)
    """(key of the record, what it waits for as ``kind:key``)"""
    proposed: int = 0
    """Changes that were not applied but proposed to a person (running orders)."""
    stale: int = 0

    def __add__(self, other: "Applied") -> "Applied":
        return Applied(
            created=self.created + other.created,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            parked=[*self.parked, *other.parked],
            proposed=self.proposed + other.proposed,
            stale=self.stale + other.stale,
        )
