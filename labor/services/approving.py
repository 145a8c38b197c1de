"""A supervisor vouches for a person's day, and for the day of crews without names."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labor import queries
from labor.events import LaborDayApproved
from labor.models import DayApproval
from labor.services.shares import lock, whole
from mes.core import bus
from mes.core.errors import DomainError
from mes.masterdata.models import Person, Site


class DayNotSettled(DomainError):
    """Something of the day has no end yet, so nobody can vouch for it."""

    code = "day_not_settled"
    title = gettext_lazy("This day is not settled")


@transaction.atomic
def approve_day(*, person: Person, day: date, by: str, now: datetime) -> DayApproval:
    """Vouch for what was recorded so far of a person's day (site's time zone). Approving what is approved is nothing new.

    Time that is recorded later needs another approval, unless a supervisor entered it.

    :raises DayNotSettled: a timer of that day still runs, or was forgotten.
    """
    person, now = lock(person.pk), whole(now)
    told = queries.day_of(person=person, day=day)
    open_one = next((one for one in told.labor if one.ended_at is None), None)
    if open_one is not None:
        what = open_one.operation or open_one.reason
        words = (
            _("The time of %(person)s on %(what)s was never ended. Set its end first.")
            if open_one.awaits_end
            else _("The time of %(person)s on %(what)s is still running. Wait until it ends.")
        )
        raise DayNotSettled(words % {"person": person.name, "what": what})
    if told.is_approved and told.approval is not None:
        return told.approval
    who = person.told_number
    approval = DayApproval.objects.create(
        site_id=person.site_id, person=person, day=day, approved_at=now, approved_by=by, minutes=told.worked
    )
    bus.publish(
        LaborDayApproved(
            event_id=uuid.uuid4(),
            site=person.site.code,
            subject=f"person/{who}",
            occurred_at=now,
            person=who,
            day=day,
            minutes=told.worked,
            approved_by=by,
        )
    )
    return approval


@transaction.atomic
def approve_crews(*, site: Site, day: date, by: str, now: datetime) -> DayApproval:
    """Vouch for what crews without names worked on a day that began then. Approving what is approved is nothing new.

    :raises DayNotSettled: one of them still works, or its time was never ended.
    """
    now = whole(now)
    Site.objects.select_for_update(of=("self",), no_key=True).get(pk=site.pk)
    crews = queries.crews_on(site=site, day=day)
    if any(one.ended_at is None for one in crews):
        raise DayNotSettled(_("A crew of this day still works, or its time was never ended. Set its end first."))
    approval = queries.crews_approval(site=site, day=day)
    if approval is not None and all(queries.is_vouched(one, approval) for one in crews):
        return approval
    minutes = sum((one.minutes for one in crews if one.minutes), Decimal(0))
    approval = DayApproval.objects.create(
        site=site, person=None, day=day, approved_at=now, approved_by=by, minutes=minutes
    )
    bus.publish(
        LaborDayApproved(
            event_id=uuid.uuid4(), site=site.code, subject="person/", occurred_at=now, person="", day=day,
            minutes=minutes, approved_by=by,
        )
    )  # fmt: skip
    return approval
