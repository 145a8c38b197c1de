"""What a site's privacy policy asks for: who looked at whose day, and that persons are forgotten in time."""

import uuid
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from labor import queries
from labor.events import Forgotten, PersonDayOpened, PersonsForgotten
from labor.services.approving import DayNotSettled, approve_day
from mes.core import bus, persons
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


def forget_persons(*, now: datetime) -> list[PersonsForgotten]:
    """Take persons out of facts that are older than their site keeps them, and say so in the journal; sums stay.

    The one place where facts are changed (docs/adr/0018). What is not settled yet is left until it is.
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
def _forget(site: Site, *, before: datetime, now: datetime) -> PersonsForgotten | None:
    counts = []
    for named in persons.all_named():
        rule = named.rule
        old = named.model._base_manager.filter(rule.settled, **{rule.site: site, f"{rule.at}__lt": before})
        rows = sum(_empty(old, name, rule.stamp, now) for name in named.persons)
        rows += sum(_rename(old, name, site) for name in named.texts)
        if rows:
            counts.append(Forgotten(named.model._meta.label, rows))
    if not counts:
        return None
    event = PersonsForgotten(
        event_id=uuid.uuid4(), site=site.code, subject="privacy", occurred_at=now, before=before, facts=tuple(counts)
    )
    bus.publish(event)
    return event


def _empty(old: QuerySet, name: str, stamp: str, now: datetime) -> int:
    return old.filter(**{f"{name}__isnull": False}).update(**{name: None} | ({stamp: now} if stamp else {}))


def _rename(old: QuerySet, name: str, site: Site) -> int:
    """Put pseudonyms in place of personnel numbers with which people signed; accounts stay."""
    rows = 0
    for text in old.exclude(**{name: ""}).order_by().values_list(name, flat=True).distinct():
        told = persons.told_text(text, site=site.code)
        if told != text:
            rows += old.filter(**{name: text}).update(**{name: told})
    return rows
