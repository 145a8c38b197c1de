"""What apps above plug into the board and the order's page: who is working, sections and cards of their own."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.utils.functional import Promise

from mes.core.registry import Registry
from mes.execution.models import WorkOrder


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Someone at work: where (work center code, "" if at none) and on what, since when; ``people`` where they are a crew."""

    name: str
    number: str
    work_center: str
    job: str
    activity: str
    since: datetime
    people: int = 1


CrewLookup = Callable[[Collection[str], datetime], list[Worker]]


class OrderSection:
    """A section of the order's page that another app draws."""

    key: ClassVar[str] = ""
    order: ClassVar[int] = 50
    template: ClassVar[str] = ""
    right: ClassVar[str] = "orders:read"
    """The right (mes.access) without which the section is left out."""

    def context(self, work_order: WorkOrder) -> dict[str, Any]:
        """Return what the template shows; an empty dict leaves the section out."""
        raise NotImplementedError


sections: Registry[OrderSection] = Registry(OrderSection)


class PlannerCard:
    """A number on the planner's home page that another app counts."""

    key: ClassVar[str] = ""
    order: ClassVar[int] = 50
    title: ClassVar[str | Promise] = ""
    right: ClassVar[str] = "orders:read"
    """The right (mes.access) without which the card is left out; it counts at the sites where the planner has it."""

    def count(self, *, sites: Collection[str], now: datetime) -> tuple[int, str]:
        """Return how many there are at these sites, and in a few words what they are."""
        raise NotImplementedError

    def url(self) -> str:
        """Return where they are listed."""
        raise NotImplementedError


cards: Registry[PlannerCard] = Registry(PlannerCard)


class _Above:
    crew: CrewLookup | None = None


def tell_crew(lookup: CrewLookup) -> None:
    """Let the board show who is working: ``lookup`` takes site codes and the time. From ``ready`` only."""
    _Above.crew = lookup


def crew(sites: Collection[str], now: datetime) -> list[Worker]:
    """Return who is working at these sites; nobody where no app knows."""
    return _Above.crew(sites, now) if _Above.crew else []
