"""What quality forbids: series pieces before the first is released, and a finish before the last is inspected."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import DomainError
from mes.core.tongues import told
from mes.execution.models import Operation
from mes.masterdata.models import Person
from quality import queries
from quality.models import InspectionResult, OrderCheck, Trigger


class CheckOpen(DomainError):
    """An inspection is due that has to pass first."""

    code = "check_open"
    title = gettext_lazy("A check comes first")


class FirstPieceOpen(CheckOpen):
    """The first piece was not released."""

    code = "first_piece_open"
    title = gettext_lazy("The first piece is not released")


def check_report(operation: Operation, at: datetime) -> None:
    """Refuse good pieces that were made while a check was due which has to pass first.

    :raises FirstPieceOpen, CheckOpen: saying what has to be done, and how.
    """
    for state in queries.states_of([operation], now=at, only_blocking=True).get(operation.pk, []):
        if queries.before_the_end(state.check) or not state.is_open or state.latest is None or state.latest.due_at > at:
            continue
        kind = FirstPieceOpen if state.check.trigger in (Trigger.FIRST, Trigger.SETUP) else CheckOpen
        raise kind(_words(operation, state.check, failed=state.is_failed))


def check_start(operation: Operation, person: Person | None) -> None:
    """Refuse to begin an operation before what comes before its start has passed.

    :raises CheckOpen: saying what has to be done, and how.
    """
    if operation.started_at is None:
        _refuse_unless_passed(operation, Trigger.START)


def check_complete(operation: Operation) -> None:
    """Refuse to finish an operation whose last piece, or last check, has not passed.

    :raises CheckOpen: saying what has to be done, and how.
    """
    if operation.started_at is None:
        return
    _refuse_unless_passed(operation, Trigger.LAST, Trigger.END)


def sheet_before(operation: Operation, moment: str) -> str:
    """Return the terminal's sheet of the first check that has to pass before the operation's ``START`` or ``END``."""
    if (operation.started_at is None) != (moment == "START"):
        return ""
    triggers = (Trigger.START,) if moment == "START" else (Trigger.LAST, Trigger.END)
    return next((f"check-{check.pk}" for check, _failed in _not_passed(operation, *triggers)), "")


def _refuse_unless_passed(operation: Operation, *triggers: str) -> None:
    for check, failed in _not_passed(operation, *triggers):
        raise CheckOpen(_words(operation, check, failed=failed))


def _not_passed(operation: Operation, *triggers: str) -> Iterator[tuple[OrderCheck, bool]]:
    """Return what forbids to go on, each with whether it failed."""
    for check in OrderCheck.objects.filter(operation=operation, blocks=True, trigger__in=triggers):
        results = InspectionResult.objects.filter(order_check=check, occurrence=check.trigger.lower())
        last = results.order_by("-number").first()
        if last is None or last.verdict not in InspectionResult.GOOD:
            yield check, last is not None


def _words(operation: Operation, check: OrderCheck, *, failed: bool) -> str:
    names = ", ".join(told(one) for one in check.characteristics.order_by("position", "pk")[:4])
    words = (
        _(
            "%(operation)s: the check “%(check)s” (%(names)s) failed. Measure again under “Checks” once it is mended, or "
            "have it released by someone who may. Scrap and rework can be reported meanwhile."
        )
        if failed
        else _(
            "%(operation)s: the check “%(check)s” (%(names)s) is not done. Open “Checks” at the terminal and fill it in; "
            "then the work can begin."
        )
        if check.trigger == Trigger.START
        else _(
            "%(operation)s: the check “%(check)s” (%(names)s) is not done. Open “Checks” at the terminal and enter its "
            "values; when they are in tolerance it goes on. Scrap and rework can be reported meanwhile."
        )
    )
    return words % {"operation": operation, "check": _(check.get_trigger_display()).lower(), "names": names}
