"""Work centers with their work units, and how a site divides time between jobs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.core.errors import InvalidInput
from mes.masterdata.models import Area, Site, SplitPolicy, WorkCenter, WorkUnit
from mes.masterdata.records import Applied, WorkCenterRecord
from mes.masterdata.services import sync


@transaction.atomic
def apply_work_centers(records: Sequence[WorkCenterRecord], *, owner: str, now: datetime | None = None) -> Applied:
    """Make the work centers and their work units equal the records; an area that is named and unknown is made."""
    moment = sync.clock(now)
    sites = sync.site_index(record.site for record in records)

    def row(record: WorkCenterRecord) -> sync.Row:
        site_id = sites[record.site]
        values = {
            "name": record.name,
            "area_id": _area(site_id, record.area),
            "active": record.active,
        }
        units = record.work_units or (record.code,)
        return sync.Row((site_id, record.code), values, sync.digest(record), record.external_id, (units, record.name))

    rows, parked = sync.sort_out(records, row, key="code")
    applied, written = sync.write(WorkCenter, rows, key_fields=("site_id", "code"), owner=owner, now=moment)
    for center, written_row in written:
        _apply_work_units(center, *written_row.children)
    return applied + parked


def _area(site_id: int, code: str) -> int | None:
    if not code:
        return None
    return Area.objects.get_or_create(site_id=site_id, code=code, defaults={"name": code})[0].pk


def _apply_work_units(center: Any, codes: Sequence[str], center_name: str) -> None:
    """Make the center's active work units those of the codes; the others become inactive."""
    known = {unit.code: unit for unit in WorkUnit.objects.filter(site_id=center.site_id, code__in=codes)}
    for code in codes:
        unit = known.get(code)
        if unit is None:
            WorkUnit.objects.create(
                site_id=center.site_id,
                work_center_id=center.pk,
                code=code,
                name=center_name if code == center.code else code,
            )
        elif unit.work_center_id != center.pk or not unit.active:
            unit.work_center_id, unit.active = center.pk, True
            unit.save()
    for unit in WorkUnit.objects.filter(work_center_id=center.pk, active=True).exclude(code__in=codes):
        unit.active = False
        unit.save()


def vanish_work_centers(present_keys: Collection[str], *, owner: str, now: datetime | None = None) -> int:
    """Make inactive the work centers that ``owner`` no longer has; keys are codes.

    :raises mes.masterdata.services.TooManyVanished: it looks like a fault on the other side.
    """
    return sync.vanish(WorkCenter, present_keys, key_fields=("code",), owner=owner, now=sync.clock(now))


class SplitPolicyInvalid(InvalidInput):
    """A policy that would change what was divided already, or that there is not."""

    code = "split_policy_invalid"


@transaction.atomic
def set_split_policy(*, site: Site, policy: str, valid_from: datetime, by: str, now: datetime) -> SplitPolicy:
    """From ``valid_from`` on, divide the time of jobs that go on at once by another policy.

    :raises SplitPolicyInvalid: there is no such policy, one begins at that moment, or the moment has passed.
    """
    if policy not in SplitPolicy.Policy.values:
        raise SplitPolicyInvalid(
            _("There is no split policy “%(policy)s”. Use %(known)s.")
            % {"policy": policy, "known": ", ".join(SplitPolicy.Policy.values)},
            field="policy",
        )
    if valid_from < now:
        raise SplitPolicyInvalid(
            _("A split policy cannot begin in the past: what was booked would no longer be how it was divided."),
            field="valid_from",
        )
    try:
        with transaction.atomic():
            return SplitPolicy.objects.create(site=site, policy=policy, valid_from=valid_from, set_by=by)
    except IntegrityError as error:
        raise SplitPolicyInvalid(
            _("A split policy begins at this moment already. Choose another moment."), field="valid_from"
        ) from error
