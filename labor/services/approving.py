"""A supervisor vouches for a person's day."""

import uuid
from datetime import date, datetime

from django.db import transaction

from labor import queries
from labor.events import LaborDayApproved
from labor.models import DayApproval
from labor.services.shares import lock, whole
from mes.core import bus
from mes.core.errors import DomainError
from mes.masterdata.models import Person


class DayNotSettled(DomainError):
    """Something of the day has no end yet, so nobody can vouch for it."""

    code = "day_not_settled"
    title = "This day is not settled"


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
            "was never ended. Set its end first." if open_one.awaits_end else "is still running. Wait until it ends."
        )
        raise DayNotSettled(f"The time of {person.name} on {what} {words}")
    if told.is_approved and told.approval is not None:
        return told.approval
    approval = DayApproval.objects.create(
        site_id=person.site_id, person=person, day=day, approved_at=now, approved_by=by, minutes=told.worked
    )
    bus.publish(
        LaborDayApproved(
            event_id=uuid.uuid4(),
            site=person.site.code,
            subject=f"person/{person.number}",
            occurred_at=now,
            person=person.number,
            day=day,
            minutes=told.worked,
            approved_by=by,
        )
    )
    return approval
