"""Shifts and reasons."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from django.db import transaction

from mes.core.errors import InvalidInput
from mes.masterdata.models import ReasonCode, Shift
from mes.masterdata.records import Applied, ReasonRecord, ShiftRecord
from mes.masterdata.services import sync


class BadShiftTime(InvalidInput):
    """A time of a shift cannot be read."""

    code = "time_invalid"


@transaction.atomic
def apply_shifts(records: Sequence[ShiftRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the shifts equal the records; parked for a site.

    :raises BadShiftTime: a time is not ``HH:MM``.
    """
    sites = sync.site_index(record.site for record in records)

    def row(record: ShiftRecord) -> sync.Row:
        try:
            starts_at, ends_at = time.fromisoformat(record.starts_at), time.fromisoformat(record.ends_at)
        except ValueError as error:
            raise BadShiftTime(
                f"Shift {record.code}: times look like 06:00, not {error}.", field="starts_at"
            ) from error
        values = {
            "name": record.name,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "weekdays": "".join(str(day) for day in sorted(set(record.weekdays)) if 0 <= day <= 6),
            "active": True,
        }
        return sync.Row((sites[record.site], record.code), values, sync.digest(record))

    rows, parked = sync.sort_out(records, row, key="code")
    applied, _ = sync.write(Shift, rows, key_fields=("site_id", "code"), owner=owner, now=sync.clock(now))
    return applied + parked


@transaction.atomic
def apply_reasons(records: Sequence[ReasonRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the reasons equal the records; a parent may come in the same page, else the record is parked for it."""
    moment = sync.clock(now)
    sites = sync.site_index(record.site for record in records)
    total = Applied()
    waiting = list({(record.site, record.kind, record.code): record for record in records}.values())
    while waiting:
        here = {(record.site, record.kind, record.code) for record in waiting}
        ready = [r for r in waiting if not r.parent or (r.site, r.kind, r.parent) not in here]
        if not ready:
            total.parked += [(record.code, f"reason:{record.parent}") for record in waiting]
            break
        total += _apply_reason_level(ready, sites, owner=owner, now=moment)
        waiting = [record for record in waiting if record not in ready]
    return total


def _apply_reason_level(records: Sequence[ReasonRecord], sites: sync.Index, *, owner: str, now: datetime) -> Applied:
    parents = sync.Index(
        "reason",
        (
            ((site, kind, code), pk)
            for site, kind, code, pk in ReasonCode.objects.filter(
                code__in={record.parent for record in records if record.parent}
            ).values_list("site__code", "kind", "code", "pk")
        ),
    )

    translated = ReasonCode.objects.filter(code__in={record.code for record in records}).exclude(translations={})
    names = {
        (site, kind, code): name
        for site, kind, code, name in translated.values_list("site__code", "kind", "code", "name")
    }

    def row(record: ReasonRecord) -> sync.Row:
        values: dict[str, Any] = {
            "name": record.name,
            "parent_id": parents[record.site, record.kind, record.parent] if record.parent else None,
            "active": record.active,
        }
        if names.get((record.site, record.kind, record.code), record.name) != record.name:
            values["translations"] = {}  # They were of the earlier name; who reads the new one is told its language.
        return sync.Row((sites[record.site], record.kind, record.code), values, sync.digest(record))

    rows, parked = sync.sort_out(records, row, key="code")
    applied, _ = sync.write(ReasonCode, rows, key_fields=("site_id", "kind", "code"), owner=owner, now=now)
    return applied + parked
