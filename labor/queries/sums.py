"""What several people worked together: the figures that a site in privacy mode shows in place of a person's."""

from datetime import date

from django.db.models import QuerySet

from labor.models import LaborSegment
from labor.queries.days import day_bounds
from labor.rules import Entry, GroupSum, shown_sums
from mes.masterdata.models import Site
from mes.masterdata.queries import privacy_of


def is_shown(*, site: Site) -> bool:
    """Return whether what one person did may be shown at a site; where not, only sums of several people are."""
    return privacy_of(site_id=site.pk) is None


def sums_by_work_center(*, site: Site, day: date) -> list[GroupSum]:
    """Return the minutes worked on a day at each work center, of as many people as the site's privacy policy asks for.

    Indirect work stands under its reason's code. Without a policy every sum is shown.
    """
    begin, end = day_bounds(site=site, day=day)
    booked = LaborSegment.objects.filter(site=site, started_at__gte=begin, started_at__lt=end)
    return _sums(booked, site=site, by=("operation__work_center__code", "reason__code"))


def sums_by_operation(*, site: Site, work_order_id: int) -> list[GroupSum]:
    """Return the minutes worked on each operation of an order, of as many people as the privacy policy asks for."""
    booked = LaborSegment.objects.filter(operation__work_order_id=work_order_id)
    return _sums(booked, site=site, by=("operation__number", "reason__code"))


def _sums(booked: QuerySet[LaborSegment], *, site: Site, by: tuple[str, str]) -> list[GroupSum]:
    policy = privacy_of(site_id=site.pk)
    rows = booked.filter(minutes__isnull=False).order_by()
    entries = [
        Entry(
            group=on_job or indirect or "–",
            person=person,
            people=crew if anonymized_at is None else 0,
            minutes=minutes,
        )
        for on_job, indirect, person, crew, anonymized_at, minutes in rows.values_list(
            *by, "person_id", "crew_size", "anonymized_at", "minutes"
        )
    ]
    return shown_sums(entries, smallest=policy.smallest_group if policy else 1)
