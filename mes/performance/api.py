"""Figures over HTTP, with the sums they were computed from."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.core.api.fields import CodeField, InstantField, OutputDecimalField
from mes.core.api.input import Filters
from mes.core.api.views import ApiView
from mes.core.errors import InvalidInput
from mes.masterdata.models import Site
from mes.performance.queries.shifts import ShiftOfUnit, production_day, shifts_of_site
from mes.performance.rules.figures import Figure, minutes

MOST_DAYS = 31


class PeriodInvalid(InvalidInput):
    """A period begins before it ends, and is not too long."""

    code = "period_invalid"


class FigureOutput(serializers.Serializer):
    """A share of one (null where there is none, with ``why``), and what was divided by what, in minutes."""

    value = OutputDecimalField(allow_null=True)
    numerator = OutputDecimalField()
    denominator = OutputDecimalField()
    why = serializers.CharField(
        help_text="not_planned, not_known, not_run, nothing_made, no_ideal_time, made_without_running"
    )


class ShiftFigures(serializers.Serializer):
    """One work unit in one shift. Minutes are of planned time; ``run`` includes ``micro_stops``."""

    work_unit = serializers.CharField()
    day = serializers.DateField(help_text="The production day: that on which the shift began.")
    shift = serializers.CharField()
    started_at = InstantField()
    until = InstantField(help_text="The shift's end, or now while it goes on.")
    planned_minutes = OutputDecimalField()
    run_minutes = OutputDecimalField()
    micro_stop_minutes = OutputDecimalField()
    setup_minutes = OutputDecimalField()
    stopped_minutes = OutputDecimalField()
    unexplained_minutes = OutputDecimalField()
    idle_minutes = OutputDecimalField()
    no_data_minutes = OutputDecimalField()
    unplanned_run_minutes = OutputDecimalField()
    ideal_minutes = OutputDecimalField()
    good_ideal_minutes = OutputDecimalField()
    availability = FigureOutput()
    performance = FigureOutput()
    quality = FigureOutput()
    oee = FigureOutput()
    coverage = FigureOutput()
    warnings = serializers.ListField(
        child=serializers.CharField(), help_text="over_hundred, ran_unplanned, no_ideal_time"
    )


class OeeAnswer(serializers.Serializer):
    """All shifts of a period, by work unit and in order."""

    items = ShiftFigures(many=True)


class OeeView(ApiView):
    """OEE by work unit and shift."""

    rights = {"GET": "performance:read"}

    class Query(Filters):
        site = CodeField(required=False)
        work_unit = CodeField(required=False)
        first = CodeField(required=False, max_length=10, help_text="A production day, 2026-03-02; left out: today.")
        last = CodeField(required=False, max_length=10, help_text="Left out: the same day. At most 31 days.")

    @extend_schema(operation_id="oee_list", parameters=[Query], responses=OeeAnswer)
    def get(self, request: Any) -> Response:
        """Return the figures with the sums they were computed from. To roll up, add the minutes and divide."""
        asked = self.filters(self.Query)
        sites = self.here(Site.objects.filter(active=True), site="code")
        if asked.get("site"):
            sites = sites.filter(code=self.site_allowed(asked["site"]))
        now = timezone.now()
        items: list[dict[str, Any]] = []
        for site in sites.order_by("code"):
            first = _day(asked.get("first"), "first") or production_day(site, now)
            last = _day(asked.get("last"), "last") or first
            if not first <= last < first + timedelta(days=MOST_DAYS):
                raise PeriodInvalid(f"Ask for 1 to {MOST_DAYS} days, the first before the last.", field="last")
            shifts = shifts_of_site(site, first=first, last=last, now=now).shifts
            items += [_told(one) for one in shifts if asked.get("work_unit") in (None, one.unit.code)]
        return Response(OeeAnswer({"items": items}).data)


def _day(text: str | None, field: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PeriodInvalid("A day looks like 2026-03-02.", field=field) from error


def _told(one: ShiftOfUnit) -> dict[str, Any]:
    sums, found = one.sums, one.figures
    times = ("planned", "run", "setup", "stopped", "unexplained", "idle", "no_data", "unplanned_run")
    return {
        "work_unit": one.unit.code,
        "day": one.window.day,
        "shift": one.window.code,
        "started_at": one.window.start,
        "until": one.until,
        **{f"{name}_minutes": _six(minutes(getattr(sums, name))) for name in times},
        "micro_stop_minutes": _six(minutes(sums.micro)),
        "ideal_minutes": _six(sums.ideal),
        "good_ideal_minutes": _six(sums.good_ideal),
        **{
            name: _figure(getattr(found, name))
            for name in ("availability", "performance", "quality", "oee", "coverage")
        },
        "warnings": list(found.warnings),
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "value": None if figure.value is None else _six(figure.value),
        "numerator": _six(figure.numerator),
        "denominator": _six(figure.denominator),
        "why": figure.why,
    }


def _six(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"))
