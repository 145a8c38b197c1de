"""Work orders as they arrive: new ones are made, changes take effect where nobody is working yet, else they are proposed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from mes.execution import rules
from mes.execution.models import WorkOrder
from mes.execution.records import WorkOrderRecord
from mes.execution.services import proposals
from mes.execution.services.orders import has_begun, lock_order, set_status, tell_linked, write_record
from mes.execution.services.snapshot import NoRouting, take_snapshot
from mes.masterdata.models import Item, Site, Uom, WorkCenter
from mes.masterdata.records import Applied
from mes.masterdata.services.sync import check_vanishing

Status = WorkOrder.Status
OVER = (Status.COMPLETED, Status.CLOSED)


class _Waits(LookupError):
    """The record names something that is not here yet, as ``kind:key``."""


@dataclass(frozen=True)
class _Known:
    """What a page of orders may name, read once."""

    sites: dict[str, Site]
    items: dict[tuple[str, str], Item]
    units: dict[str, Uom]
    centers: set[tuple[str, str]]

    def demand(self, record: WorkOrderRecord) -> tuple[Site, Item, Uom]:
        """:raises _Waits: naming the first thing that is not here."""
        site = self.sites.get(record.site)
        if site is None:
            raise _Waits(f"site:{record.site}")
        for number in (record.item, *(line.item for line in record.components or ())):
            if (record.site, number) not in self.items:
                raise _Waits(f"item:{number}")
        for code in (record.uom, *(line.uom for line in record.components or ())):
            if code not in self.units:
                raise _Waits(f"uom:{code}")
        for step in record.steps or ():
            if (record.site, step.work_center) not in self.centers:
                raise _Waits(f"work_center:{step.work_center}")
        return site, self.items[record.site, record.item], self.units[record.uom]


@transaction.atomic
def apply_work_orders(records: Sequence[WorkOrderRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Bring work orders up to date; what matters to a running order becomes a proposal. ``now``: None is the clock.

    ``owner`` is the name of the ERP connection whose orders these are. An order of another owner only learns the id.
    A record that names something unknown, or that is to be released without any routing, is parked.
    """
    now = now or timezone.now()
    known = _read_known(records)
    stored = {
        (site, number): (pk, digest, of)
        for site, number, pk, digest, of in WorkOrder.objects.filter(
            number__in={record.number for record in records}
        ).values_list("site__code", "number", "pk", "content_hash", "owner")
    }
    linked = _read_linked([record for record in records if (record.site, record.number) not in stored], owner)
    nothing: tuple[int | None, str, str] = (None, "", "")
    applied = Applied()
    for record in records:
        pk, digest, of = stored.get((record.site, record.number)) or linked.get(record.external_id) or nothing
        if pk is not None and digest == _digest(record) and of == owner:
            applied.unchanged += 1
            continue
        try:
            with transaction.atomic():
                if pk is None:
                    applied.created += _create(record, known, owner, now)
                else:
                    _change(lock_order(pk), record, known, owner, now, applied)
        except _Waits as waits:
            applied.parked.append((record.number, str(waits)))
        except NoRouting:
            applied.parked.append((record.number, f"routing:{record.routing or record.item}"))
    return applied


def _read_linked(strangers: Sequence[WorkOrderRecord], owner: str) -> dict[str, tuple[int, str, str]]:
    """Return the orders of another number that the owner knows under these ids: made by hand here, linked later."""
    ids = {record.external_id for record in strangers if record.external_id}
    if not owner or not ids:
        return {}
    # The transform takes any text as key, where a lookup path would stumble over "__" in a connection's name; without
    # the cast SQLite would compare the id as JSON, so that "7" is not 7.
    their_id = Cast(KeyTextTransform(owner, "external_ids"), TextField())
    found = WorkOrder.objects.annotate(their_id=their_id).filter(their_id__in=ids)
    return {
        their_id: (pk, digest, of)
        for their_id, pk, digest, of in found.values_list("their_id", "pk", "content_hash", "owner")
    }


@transaction.atomic
def vanish_work_orders(present_keys: Sequence[str], *, owner: str, now: datetime | None = None) -> int:
    """Cancel orders that have not started and that ``owner`` no longer has; running ones get a proposal.

    Return how many were cancelled or proposed to be. Keys are order numbers, or ids in the owner's system.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side; nothing was changed.
    """
    now = now or timezone.now()
    present = set(present_keys)
    alive = WorkOrder.objects.filter(owner=owner).exclude(status__in=[*OVER, Status.CANCELLED])
    rows = list(alive.values_list("pk", "number", "external_ids"))
    gone = [pk for pk, number, ids in rows if number not in present and ids.get(owner) not in present]
    check_vanishing(len(gone), of=len(rows), what="open work orders", owner=owner)
    for pk in gone:
        _end(lock_order(pk), "CANCELLED", version="", owner=owner, now=now, applied=Applied())
    return len(gone)


def _create(record: WorkOrderRecord, known: _Known, owner: str, now: datetime) -> int:
    site, item, uom = known.demand(record)
    if record.status in (Status.CANCELLED, Status.CLOSED):
        return 0
    order = WorkOrder(site=site, number=record.number, item=item, uom=uom, created_at=now)
    write_record(order, record)
    _sign(order, record, owner, now)
    order.save()
    if record.status == Status.RELEASED:
        take_snapshot(order)
        set_status(order, Status.RELEASED, now=now)
    return 1


def _change(
    order: WorkOrder, record: WorkOrderRecord, known: _Known, owner: str, now: datetime, applied: Applied
) -> None:
    if order.owner not in ("", owner):
        if record.external_id and order.external_ids.get(owner) != record.external_id:
            order.external_ids = order.external_ids | {owner: record.external_id}
            order.save()
        applied.unchanged += 1
        return
    if rules.is_stale(stored=order.version, arriving=record.version):
        applied.stale += 1
        return
    _, item, uom = known.demand(record)
    newly_linked = bool(owner and record.external_id) and order.external_ids.get(owner) != record.external_id
    _sign(order, record, owner, now)
    if record.status in (Status.CANCELLED, Status.CLOSED):
        _end(order, record.status, version=record.version, owner=owner, now=now, applied=applied)
    elif order.status in OVER:
        order.save()
        applied.unchanged += 1
    elif has_begun(order):
        _change_running(order, record, owner, now, applied)
    else:
        _change_waiting(order, record, item, uom, now)
        applied.changed += 1
    if newly_linked:
        tell_linked(order, system=owner, external_id=record.external_id, now=now)


def _change_waiting(order: WorkOrder, record: WorkOrderRecord, item: Item, uom: Uom, now: datetime) -> None:
    before = proposals.plain(order)
    order.item, order.uom = item, uom
    write_record(order, record)
    if order.status == Status.CANCELLED:
        order.status = Status.PLANNED
    order.save()
    if record.status != Status.RELEASED:
        return
    if order.status == Status.PLANNED:
        take_snapshot(order)
        set_status(order, Status.RELEASED, now=now)
    elif any(before[name] != value for name, value in proposals.plain(order).items() if name in rules.WEIGHTY):
        take_snapshot(order)


def _change_running(order: WorkOrder, record: WorkOrderRecord, owner: str, now: datetime, applied: Applied) -> None:
    for name in rules.HARMLESS:
        setattr(order, name, getattr(record, name))
    order.save()
    changes = rules.differences(proposals.plain(order), proposals.plain_record(order, record))
    if proposals.propose(order, kind="CHANGE", changes=changes, owner=owner, version=record.version, now=now):
        applied.proposed += 1
    else:
        applied.changed += 1


def _end(order: WorkOrder, status: str, *, version: str, owner: str, now: datetime, applied: Applied) -> None:
    """Do what is right when the ERP says that the order is over."""
    if order.status == Status.CANCELLED or (order.status in OVER and status == Status.CANCELLED):
        order.save()
        applied.unchanged += 1
    elif order.status in OVER:
        # The ERP has closed what we completed: its books are shut, so nothing may be reversed here any more.
        _set_unless(order, Status.CLOSED, now, owner)
        applied.changed += 1
    elif has_begun(order):
        order.save()
        changes = {"status": [order.status, status]}
        applied.proposed += proposals.propose(
            order, kind="CANCEL", changes=changes, owner=owner, version=version, now=now
        )
    else:
        set_status(order, Status.CANCELLED, now=now, reason=f"{status.lower()} in {owner}")
        applied.changed += 1


def _set_unless(order: WorkOrder, status: str, now: datetime, owner: str) -> None:
    if order.status == status:
        order.save()
    else:
        set_status(order, status, now=now, reason=f"closed in {owner}")


def _sign(order: WorkOrder, record: WorkOrderRecord, owner: str, now: datetime) -> None:
    order.owner = owner
    order.version = record.version
    order.synced_at = now
    order.content_hash = _digest(record)
    order._change_reason = f"from {owner}" if owner else None  # type: ignore[attr-defined]
    if owner and record.external_id:
        order.external_ids = order.external_ids | {owner: record.external_id}


def _digest(record: WorkOrderRecord) -> str:
    return hashlib.sha256(repr(record).encode()).hexdigest()


def _read_known(records: Sequence[WorkOrderRecord]) -> _Known:
    codes = {record.site for record in records}
    numbers = {record.item for record in records}
    units = {record.uom for record in records}
    centers: set[str] = set()
    for record in records:
        numbers |= {line.item for line in record.components or ()}
        units |= {line.uom for line in record.components or ()}
        centers |= {step.work_center for step in record.steps or ()}
    found: dict[str, Any] = {
        "sites": {site.code: site for site in Site.objects.filter(code__in=codes)},
        "items": {
            (item.site.code, item.number): item
            for item in Item.objects.filter(site__code__in=codes, number__in=numbers).select_related("site", "uom")
        },
        "units": {uom.code: uom for uom in Uom.objects.filter(code__in=units)},
        "centers": set(
            WorkCenter.objects.filter(site__code__in=codes, code__in=centers).values_list("site__code", "code")
        ),
    }
    return _Known(**found)
