"""Plan what is done about a loss, and say what came of it."""

import uuid
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from mes.core import bus
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata.models import ReasonCode, Site, WorkUnit
from mes.performance.events import LossActionChanged
from mes.performance.models import LossAction


class ActionIncomplete(InvalidInput):
    """An action says what is done about what, by whom and until when."""

    code = "action_incomplete"


class ActionUnknown(NotFound):
    """There is no such action."""

    code = "action_unknown"


class ActionOver(DomainError):
    """It was done already."""

    code = "action_done"


@transaction.atomic
def plan_action(
    *,
    action_id: UUID,
    site: Site,
    what: str,
    owned_by: str,
    due_on: date,
    by: str,
    now: datetime,
    reason: str,
    work_unit: str = "",
) -> LossAction:
    """Plan what is done about a reason for stops, anywhere or at one work unit; the same id again returns the first.

    :raises ActionIncomplete: something is missing or unknown, or the day has passed at the site.
    """
    known = LossAction.objects.filter(pk=action_id, site=site).first()
    if known is not None:
        return known
    what, owned_by = what.strip()[:400], owned_by.strip()[:150]
    if not what or not owned_by:
        raise ActionIncomplete("Say what is to be done, and who sees to it.", field="what" if owned_by else "owned_by")
    if due_on < now.astimezone(ZoneInfo(site.time_zone)).date():
        raise ActionIncomplete("The day until which it is to be done has passed.", field="due_on")
    about = ReasonCode.objects.filter(site=site, kind=ReasonCode.Kind.STOP, code=reason).first()
    if about is None:
        raise ActionIncomplete("Choose the reason for stops that it is about.", field="reason")
    unit = WorkUnit.objects.filter(site=site, code=work_unit).first() if work_unit else None
    if work_unit and unit is None:
        raise ActionIncomplete(f"There is no work unit {work_unit} at {site.code}.", field="work_unit")
    try:
        action = LossAction.objects.create(
            id=action_id, site=site, reason=about, work_unit=unit, what=what, owned_by=owned_by, due_on=due_on,
            created_at=now, created_by=by,
        )  # fmt: skip
    except IntegrityError as clash:
        raise ActionIncomplete("Another action was stored under this id. Enter it once more.") from clash
    _tell(action, status="OPEN", by=by, at=now)
    return action


@transaction.atomic
def finish_action(*, action_id: UUID, outcome: str, by: str, now: datetime) -> LossAction:
    """Say that it was done and what came of it.

    :raises ActionUnknown: there is none.
    :raises ActionOver: it was done before.
    :raises ActionIncomplete: nothing is said of what came of it.
    """
    action = LossAction.objects.select_for_update(of=("self",)).filter(pk=action_id).first()
    if action is None:
        raise ActionUnknown("There is no such action. Reload the page.")
    if action.done_at is not None:
        raise ActionOver(f"“{action.what}” was done already.")
    if not outcome.strip():
        raise ActionIncomplete("Say in a few words what came of it.", field="outcome")
    action.done_at, action.done_by, action.outcome = now, by, outcome.strip()[:400]
    action.save(update_fields=["done_at", "done_by", "outcome"])
    _tell(action, status="DONE", by=by, at=now)
    return action


def _tell(action: LossAction, *, status: str, by: str, at: datetime) -> None:
    bus.publish(
        LossActionChanged(
            event_id=uuid.uuid4(), site=action.site.code, occurred_at=at, action_id=action.pk, status=status,
            subject=f"reason/{action.reason.code}",
            what=action.what, reason=action.reason.code,
            work_unit=action.work_unit.code if action.work_unit else "", due_on=action.due_on, owned_by=action.owned_by,
            by=by, outcome=action.outcome,
        )
    )  # fmt: skip
