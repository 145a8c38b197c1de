"""What a site's privacy policy asks for: who looked at whose day, and that persons are forgotten in time."""

import uuid
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from labor import queries
from labor.events import LaborAnonymized, PersonDayOpened
from labor.models import AttendanceSegment, DayApproval, LaborSegment
from labor.services.approving import DayNotSettled, approve_day
from mes.core import bus
from mes.core.errors import InvalidInput
from mes.masterdata.models import Person, PrivacyPolicy, Site
from mes.masterdata.queries import pseudonym_of


class WhyMissing(InvalidInput):
    """Nobody looks at one person's day without a reason."""

    code = "why_missing"


@transaction.atomic
def open_person_day(*, person: Person, day: date, why: str, by: str, now: datetime) -> queries.PersonDay:
    """Return one person's day at a site in privacy mode, and write down in the journal who looked, and why.

    :raises WhyMissing: no reason was given.
    """
    if not why.strip():
        raise WhyMissing(_("Say why you look at this person's day. It is written down."), field="why")
    bus.publish(
        PersonDayOpened(
            event_id=uuid.uuid4(),
            site=person.site.code,
            subject="privacy",
            occurred_at=now,
            person=pseudonym_of(site=person.site.code, number=person.number),
            day=day,
            opened_by=by,
            why=why.strip()[:400],
        )
    )
    return queries.day_of(person=person, day=day, now=now)


@transaction.atomic
def approve_everybody(*, site: Site, day: date, by: str, now: datetime) -> tuple[int, int]:
    """Vouch for the day of everybody whose time is settled; return for how many, and how many are not settled.

    This is how a supervisor approves where no one person's figures are shown.
    """
    approved = waiting = 0
    for told in queries.days(site=site, day=day, now=now):
        if not told.labor:
            continue
        try:
            approve_day(person=told.person, day=day, by=by, now=now)
            approved += 1
        except DayNotSettled:
            waiting += 1
    return approved, waiting


def forget_persons(*, now: datetime) -> list[LaborAnonymized]:
    """Take the persons out of labor that is older than its site keeps them, and say so in the journal; sums stay.

    The one place where facts are changed (docs/adr/0018). What still waits for its end is left until it has one.
    """
    told = []
    kept = PrivacyPolicy.objects.filter(active=True, retention_days__isnull=False).select_related("site")
    for policy in kept:
        assert policy.retention_days is not None, "only these were asked for"
        event = _forget(policy.site, before=now - timedelta(days=policy.retention_days), now=now)
        if event is not None:
            told.append(event)
    return told


@transaction.atomic
def _forget(site: Site, *, before: datetime, now: datetime) -> LaborAnonymized | None:
    old = {"site": site, "person__isnull": False, "started_at__lt": before, "ended_at__isnull": False}
    gone = {"person": None, "anonymized_at": now}
    segments = LaborSegment.objects.filter(**old).update(**gone)
    attendances = AttendanceSegment.objects.filter(**old).update(**gone)
    last_day = queries.local_day(site=site.code, moment=before)
    approvals = DayApproval.objects.filter(site=site, person__isnull=False, day__lt=last_day).update(**gone)
    if not (segments or attendances or approvals):
        return None
    event = LaborAnonymized(
        event_id=uuid.uuid4(),
        site=site.code,
        subject="privacy",
        occurred_at=now,
        before=before,
        segments=segments,
        attendances=attendances,
        approvals=approvals,
    )
    bus.publish(event)
    return event
