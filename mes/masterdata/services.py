"""Bring master data up to date."""

from collections.abc import Collection, Sequence
from datetime import datetime

from mes.masterdata.records import (
    Applied,
    BillOfMaterialsRecord,
    ItemRecord,
    PersonRecord,
    ReasonRecord,
    RoutingRecord,
    ShiftRecord,
    UomRecord,
    WorkCenterRecord,
)


def apply_uoms(records: Sequence[UomRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the units equal the records; ``owner`` is the connection's name or "" for ours. ``now``: None is the clock."""
    raise NotImplementedError


def apply_items(records: Sequence[ItemRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the items equal the records."""
    raise NotImplementedError


def apply_boms(records: Sequence[BillOfMaterialsRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the bills equal the records."""
    raise NotImplementedError


def apply_routings(records: Sequence[RoutingRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the routings equal the records."""
    raise NotImplementedError


def apply_work_centers(records: Sequence[WorkCenterRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the work centers equal the records."""
    raise NotImplementedError


def apply_people(records: Sequence[PersonRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the people equal the records."""
    raise NotImplementedError


def apply_shifts(records: Sequence[ShiftRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the shifts equal the records."""
    raise NotImplementedError


def apply_reasons(records: Sequence[ReasonRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the reasons equal the records."""
    raise NotImplementedError


def vanish_uoms(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive what ``owner`` owns and no longer has; return how many.

    Keys are numbers or codes, as in the records. The same shape: vanish_items, vanish_boms, vanish_routings,
    vanish_work_centers, vanish_people, vanish_shifts, vanish_reasons.

    :raises TooManyVanished: more than a fifth (and more than 5) would go at once; nothing was changed.
    """
    raise NotImplementedError


vanish_items = vanish_boms = vanish_routings = vanish_work_centers = vanish_uoms
vanish_people = vanish_shifts = vanish_reasons = vanish_uoms
