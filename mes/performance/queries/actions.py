"""What is being done about losses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from mes.core.attention import Attention
from mes.masterdata.models import Site
from mes.performance.models import LossAction

MOST_DONE = 20
MOST_LATE = 10


@dataclass(frozen=True)
class Actions:
    """The actions of a site, those due first at the top, and what was done last."""

    open: list[LossAction]
    done: list[LossAction]
    today: date

    @property
    def by_reason(self) -> dict[str, int]:
        """How many are open for each reason."""
        counts: dict[str, int] = {}
        for one in self.open:
            counts[one.reason.code] = counts.get(one.reason.code, 0) + 1
        return counts


def actions_of(site: Site, *, now: datetime) -> Actions:
    """Return what is being done about the losses of a site."""
    rows = _rows().filter(site=site)
    done = rows.filter(done_at__isnull=False).order_by("-done_at")[:MOST_DONE]
    open_ = rows.filter(done_at=None).order_by("due_on", "created_at")
    return Actions(list(open_), list(done), now.astimezone(ZoneInfo(site.time_zone)).date())


def overdue(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return actions whose day has passed everywhere, for whoever planned them."""
    late = _rows().filter(site__code__in=sites, done_at=None, due_on__lte=now.date()).order_by("due_on")[:MOST_LATE]
    return [
        Attention(
            key=f"action-{one.pk}",
            what=_("Due since %(day)s: %(what)s") % {"day": f"{one.due_on:%Y-%m-%d}", "what": one.what},
            how=_("Say what came of it, or plan it anew."),
            url=f"{reverse('performance:pareto')}?site={one.site.code}#action-{one.pk}",
            since=one.created_at,
            severity="wait",
        )
        for one in late
        if one.due_on < now.astimezone(ZoneInfo(one.site.time_zone)).date()
    ]


def _rows() -> QuerySet[LossAction]:
    return LossAction.objects.select_related("site", "reason", "work_unit")
