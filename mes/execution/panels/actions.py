"""What an operator's taps do to operations: each translates and makes one call."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from mes.core.errors import InvalidInput, NotFound
from mes.execution import services
from mes.execution.models import OrderHold, ProductionReport
from mes.execution.panels.tapped import operation_of
from mes.execution.queries.terminal import byproducts_of, jobs_at
from mes.execution.rules import shown
from mes.masterdata.models import WorkCenter
from mes.material.models import MaterialMovement
from mes.material.queries import find_lots
from mes.material.services import LotUnknown
from mes.terminal.panels import Action, Alternative, StepUpNeeded, Tap
from mes.terminal.queries import unverified_among

OVER = "reports:over"
REVERSE = "reports:reverse"
HOLD = "orders:hold"
MOST_LINES = 20
UNPLANNED = "material:unplanned"


class OnJob(Action):
    """A tap that concerns a job of this work center; refused, it can be booked on another one."""

    def alternatives(self, payload: dict[str, Any], work_center: WorkCenter) -> list[Alternative]:
        return [
            Alternative(
                key=str(job.operation.pk),
                label=f"{job.order.number}/{job.operation.number} {job.order.item.name}",
                payload=payload | {"operation": job.operation.pk},
            )
            for job in jobs_at(work_center)
        ]


class Start(OnJob):
    """Start or resume setup or production."""

    key = "start"
    turns = True

    def apply(self, tap: Tap) -> str:
        services.start_operation(
            operation_id=operation_of(tap).pk,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            activity=tap.text("activity"),
            work_unit=tap.text("work_unit", needed=False),
            approved_by=tap.approver(OVER),
            crew_size=tap.number("crew_size") if tap.text("crew_size", needed=False) else None,
        )
        return _("saved")


class Pause(OnJob):
    key = "pause"
    turns = True

    def apply(self, tap: Tap) -> str:
        services.pause_operation(operation_id=operation_of(tap).pk, person=tap.person, occurred_at=tap.at, now=tap.now)
        return _("saved")


class Finish(OnJob):
    key = "finish"
    turns = True

    def apply(self, tap: Tap) -> str:
        services.complete_operation(
            operation_id=operation_of(tap).pk,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            approved_by=tap.second(OVER),
        )
        return _("saved")


class ReportGood(OnJob):
    """Good pieces; ``from_rework`` where they come out of this operation's rework."""

    key = "report-good"

    def apply(self, tap: Tap) -> str:
        services.report_production(
            report_id=tap.id,
            operation_id=operation_of(tap).pk,
            good_quantity=tap.quantity(),
            from_rework=tap.text("from_rework", needed=False) == "yes",
            lot=tap.lot(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            approved_by=tap.second(OVER),
        )
        return _("saved")


class ReportScrap(OnJob):
    """Scrap for one reason, or in ``lines`` of a quantity and a reason each."""

    key = "report-scrap"

    def apply(self, tap: Tap) -> str:
        services.report_production(
            report_id=tap.id,
            operation_id=operation_of(tap).pk,
            good_quantity=Decimal(0),
            scrap=[
                services.Scrap(quantity=line.quantity(), reason=line.text("reason", needed=False))
                for line in _scrap_lines(tap)
            ],
            from_rework=tap.text("from_rework", needed=False) == "yes",
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            approved_by=tap.second(OVER),
        )
        return _("saved")


def _scrap_lines(tap: Tap) -> list[Tap]:
    """Return a tap for each line of an entry, or the entry itself where it has none.

    :raises InvalidInput: the lines are no list, or more than anybody enters.
    """
    if "lines" not in tap.payload:
        return [tap]
    lines = tap.payload["lines"]
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise InvalidInput(_("The lines of this entry cannot be read. Enter it again."), field="lines")
    if not 0 < len(lines) <= MOST_LINES:
        raise InvalidInput(_("An entry has between 1 and %(n)s lines.") % {"n": MOST_LINES}, field="lines")
    return [replace(tap, payload=line) for line in lines]


class ReportRework(OnJob):
    key = "report-rework"

    def apply(self, tap: Tap) -> str:
        services.report_production(
            report_id=tap.id,
            operation_id=operation_of(tap).pk,
            good_quantity=Decimal(0),
            rework_quantity=tap.quantity(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            approved_by=tap.second(OVER),
        )
        return _("saved")


class ReadCounter(OnJob):
    """What the machine's counter shows: the first time where counting starts, then so many good pieces."""

    key = "read-counter"

    def apply(self, tap: Tap) -> str:
        reading = services.read_counter(
            reading_id=tap.id,
            operation_id=operation_of(tap).pk,
            value=_digits(tap),
            began_anew=tap.text("began_anew", needed=False),
            lot=tap.lot(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            approved_by=tap.second(OVER),
        )
        if reading.report is None:
            return _("saved")
        return _("saved: +%(n)s good") % {"n": shown(reading.report.good_quantity)}


def _digits(tap: Tap) -> Decimal:
    """Return a counter's value, which may be zero."""
    text = tap.text("quantity", needed=False)
    return Decimal(0) if text.strip("0") == "" and text else tap.quantity()


class Undo(Action):
    """Take a report, or a by-product, back by its negative: one's own, or with a supervisor's leave another's."""

    key = "undo"

    def apply(self, tap: Tap) -> str:
        report_id, operation = tap.uuid("report"), operation_of(tap)
        reports = ProductionReport.objects.filter(pk=report_id).select_related("person")
        report = reports.filter(operation=operation).first()
        if report is None and reports.exists():
            raise NotFound(_("This report is of another job. Take it back there."), field="report")
        byproduct = None if report else byproducts_of([operation]).filter(pk=report_id).first()
        _check_may_undo(report or byproduct, tap)
        if byproduct:
            services.reverse_byproduct(
                reversal_id=tap.id,
                work_order_id=operation.work_order_id,
                movement_id=byproduct.pk,
                person=tap.person,
                occurred_at=tap.at,
                now=tap.now,
            )
            return _("saved")
        services.reverse_report(
            reversal_id=tap.id,
            report_id=report_id,
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            note=tap.text("note", needed=False, longest=4000),
            approved_by=tap.approver(REVERSE),
        )
        return _("saved")


def _check_may_undo(fact: ProductionReport | MaterialMovement | None, tap: Tap) -> None:
    """Ask for a supervisor's leave where somebody takes back what another one entered.

    :raises mes.terminal.panels.StepUpNeeded: nobody gave it yet.
    """
    if fact and tap.person and not _is_own(fact, tap) and REVERSE not in tap.allowed:
        who = fact.person.told_name if fact.person else _("a machine")
        raise StepUpNeeded(
            _("%(who)s reported this. Only they take it back, or a supervisor.") % {"who": who}, right=REVERSE
        )


def _is_own(fact: ProductionReport | MaterialMovement, tap: Tap) -> bool:
    """Say whether who takes it back entered it; whom nobody has checked may mean only what nobody has checked."""
    is_theirs = tap.person is not None and fact.person_id == tap.person.pk
    return is_theirs and (tap.is_verified or bool(unverified_among([fact.pk])))


class LiftHold(Action):
    """Free an order of one hold; only somebody who may hold orders can allow it."""

    key = "lift-hold"

    def apply(self, tap: Tap) -> str:
        operation = operation_of(tap)
        hold = OrderHold.objects.filter(pk=tap.number("hold"), work_order_id=operation.work_order_id).first()
        if hold is None:
            raise NotFound(_("There is no such hold on this job any more."), field="hold")
        approver = tap.approver(HOLD)
        if approver is None:
            raise StepUpNeeded(_("A supervisor lifts holds, with badge or number and PIN."), right=HOLD)
        services.release_hold(hold_id=hold.pk, by=approver.number, now=tap.now, note=tap.text("note", needed=False))
        return _("saved")


class Issue(OnJob):
    """Issue a component by hand, by lot where it is tracked; with ``why``, what the bill does not have.

    Without an item the lot says of what it is.
    """

    key = "issue"

    def apply(self, tap: Tap) -> str:
        operation = operation_of(tap)
        services.issue_component(
            movement_id=tap.id,
            work_order_id=operation.work_order_id,
            operation=operation.number,
            item=tap.text("item", needed=False) or _item_of(tap),
            lot=tap.lot(to_use=True),
            quantity=tap.quantity(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            why=tap.text("why", needed=False),
            replaces=tap.text("replaces", needed=False),
            unplanned_allowed=tap.second(UNPLANNED) is not None,
        )
        return _("saved")


def _item_of(tap: Tap) -> str:
    """Return the item of the scanned lot.

    :raises LotUnknown: no lot of that number is here, or several items have one.
    """
    number = tap.lot()
    lots = find_lots(text=number, sites=[tap.work_center.site]) if number else []
    if len(lots) != 1:
        words = (
            _("Several items have a lot %(lot)s. Enter the item too.")
            if lots
            else _("Lot %(lot)s is not known here. Scan the label again, or enter the item.")
        )
        raise LotUnknown(words % {"lot": number or "–"}, field="lot")
    return lots[0].item.number


class Return(OnJob):
    """Give back what was issued."""

    key = "return"

    def apply(self, tap: Tap) -> str:
        operation = operation_of(tap)
        services.return_component(
            movement_id=tap.id,
            work_order_id=operation.work_order_id,
            operation=operation.number,
            item=tap.text("item"),
            lot=tap.lot(),
            quantity=tap.quantity(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
            reason=tap.text("reason", needed=False),
            to_line=tap.text("to_line", needed=False) == "yes",
        )
        return _("saved")


class Byproduct(OnJob):
    """Put out what the job yields besides its product; without a lot it gets the next number."""

    key = "byproduct"

    def apply(self, tap: Tap) -> str:
        operation = operation_of(tap)
        services.report_byproduct(
            movement_id=tap.id,
            work_order_id=operation.work_order_id,
            operation=operation.number,
            item=tap.text("item"),
            lot=tap.lot(),
            quantity=tap.quantity(),
            person=tap.person,
            occurred_at=tap.at,
            now=tap.now,
        )
        return _("saved")


ACTIONS = (
    Start,
    Pause,
    Finish,
    ReportGood,
    ReportScrap,
    ReportRework,
    ReadCounter,
    Undo,
    LiftHold,
    Issue,
    Return,
    Byproduct,
)
