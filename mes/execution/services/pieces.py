"""The pieces of a report: whether it says something, and whether there are so many to report."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from mes.core.errors import InvalidInput
from mes.execution import rules
from mes.execution.models import Operation, WorkOrder
from mes.execution.services.locking import Locked
from mes.masterdata.models import Person, ReasonCode
from mes.masterdata.queries import UnknownReason
from mes.masterdata.rules import check_precision

ZERO = Decimal(0)


class QuantityMissing(InvalidInput):
    """No quantity was entered."""

    code = "qty_missing"


class QuantityZero(InvalidInput):
    """A report says something."""

    code = "qty_zero"


class QuantityNegative(InvalidInput):
    """A report adds; a reversal takes away."""

    code = "qty_negative"


class QuantityOverOrder(InvalidInput):
    """More good pieces than the order and its tolerance allow."""

    code = "qty_over_order"
    step_up = "reports:over"


class QuantityOverAvailable(InvalidInput):
    """More pieces than the previous operation passed on."""

    code = "qty_over_available"
    step_up = "reports:over"


class QuantityOverRework(InvalidInput):
    """More pieces than are in rework."""

    code = "qty_over_rework"


class ReasonMissing(InvalidInput):
    """Scrap needs a reason."""

    code = "reason_missing"


@dataclass(frozen=True)
class Scrap:
    """So many scrapped pieces, with the code of a SCRAP reason at the order's site."""

    quantity: Decimal
    reason: str


@dataclass(frozen=True)
class Pieces:
    """What one report says. ``from_rework``: the good and scrapped pieces come out of the operation's rework."""

    good: Decimal
    scrap: Sequence[Scrap]
    rework: Decimal
    from_rework: bool

    @property
    def scrapped(self) -> Decimal:
        """How many are scrap, for whatever reason."""
        return sum((line.quantity for line in self.scrap), ZERO)

    @property
    def to_rework(self) -> Decimal:
        """How many more are in rework afterwards; negative where they came out of it."""
        return -(self.good + self.scrapped) if self.from_rework else self.rework


def entered(good: Decimal | None, rework: Decimal, scrap: Sequence[Scrap], *, from_rework: bool) -> Pieces:
    """Return what was entered, if it says something.

    :raises QuantityMissing, QuantityZero, QuantityNegative: it says nothing, or less than nothing.
    :raises ReasonMissing: scrap without a reason.
    """
    if good is None and not rework and not scrap:
        raise QuantityMissing(_("Enter how many are good."), field="good_quantity")
    quantities = {"good_quantity": good or ZERO, "rework_quantity": rework}
    for field, quantity in [*quantities.items(), *(("scrap", line.quantity) for line in scrap)]:
        if not quantity.is_finite():
            raise QuantityMissing(_("Enter a number."), field=field)
        if quantity < 0:
            raise QuantityNegative(
                _("Less than nothing cannot be reported. Take back the report that is wrong."), field=field
            )
    if not any(quantities.values()) and not any(line.quantity for line in scrap):
        raise QuantityZero(
            _("Nothing to report. To stop without pieces, pause or finish the operation."), field="good_quantity"
        )
    for line in scrap:
        if not line.reason:
            raise ReasonMissing(_("Choose why the pieces are scrap."), field="scrap")
        if line.quantity == 0:
            raise QuantityZero(_("A scrap line needs a quantity. Leave it out if nothing was scrapped."), field="scrap")
    return Pieces(good or ZERO, scrap, rework, from_rework)


def check_quantities(locked: Locked, pieces: Pieces, *, approved_by: Person | None) -> None:
    """Refuse quantities that are more exact than their unit, or more than there are.

    :raises mes.masterdata.rules.QuantityPrecision, QuantityOverOrder, QuantityOverAvailable, QuantityOverRework: which of them.
    """
    _check_precision(locked.order, pieces)
    if pieces.from_rework:
        _check_rework(locked.operation, pieces.good + pieces.scrapped)
    _check_available(locked, pieces, approved_by=approved_by)


def find_reasons(order: WorkOrder, scrap: Sequence[Scrap]) -> dict[str, ReasonCode]:
    """Return the reasons of scrap lines by their code.

    :raises mes.masterdata.queries.UnknownReason: there is no such scrap reason at the order's site.
    """
    codes = {line.reason for line in scrap}
    if not codes:
        return {}
    found = ReasonCode.objects.filter(site_id=order.site_id, kind=ReasonCode.Kind.SCRAP, code__in=codes, active=True)
    reasons = {reason.code: reason for reason in found}
    if unknown := codes - reasons.keys():
        raise UnknownReason(
            _("There is no scrap reason %(code)s. Choose one from the list.") % {"code": min(unknown)},
            field="scrap",
        )
    return reasons


def _check_precision(order: WorkOrder, pieces: Pieces) -> None:
    scrap = (("scrap", line.quantity) for line in pieces.scrap)
    for field, quantity in [("good_quantity", pieces.good), ("rework_quantity", pieces.rework), *scrap]:
        if quantity >= Decimal(10) ** 12:
            _refuse_over_order(order, left=ZERO, field=field)
        check_precision(quantity, decimals=order.uom.decimals, unit=order.uom.code, field=field)


def _check_rework(operation: Operation, quantity: Decimal) -> None:
    if quantity > operation.rework_quantity:
        raise QuantityOverRework(
            _("Only %(n)s are in rework at %(step)s.")
            % {
                "n": rules.shown(operation.rework_quantity),
                "step": f"{operation.number} {operation.name}",
            },
            field="good_quantity",
        )


def _check_available(locked: Locked, pieces: Pieces, *, approved_by: Person | None) -> None:
    """Refuse what passes the order at its first operation, or what the previous one passed on at a later one."""
    order, operation, previous = locked.order, locked.operation, locked.previous
    left = rules.available(
        previous_good=previous.good_quantity if previous else None,
        booked=operation.booked_quantity,
        order_ceiling=rules.ceiling(
            order_quantity=order.order_quantity, over_delivery_percent=order.over_delivery_percent
        ),
        good=operation.good_quantity,
    )
    if previous is None:
        if pieces.good > left and not approved_by:
            _refuse_over_order(
                order, left=max(order.order_quantity - operation.good_quantity, ZERO), field="good_quantity"
            )
    elif pieces.good + pieces.scrapped + pieces.to_rework > left and not approved_by:
        raise QuantityOverAvailable(
            _("Only %(n)s %(unit)s have come from %(step)s. Report the others there first. Supervisor can allow.")
            % {
                "n": rules.shown(left),
                "unit": order.uom.code,
                "step": f"{previous.number} {previous.name}",
            },
            field="good_quantity",
        )


def _refuse_over_order(order: WorkOrder, *, left: Decimal, field: str) -> None:
    percent = f" (+{rules.shown(order.over_delivery_percent)} %)" if order.over_delivery_percent else ""
    raise QuantityOverOrder(
        _("Order has %(n)s left%(percent)s. Supervisor can allow.") % {"n": rules.shown(left), "percent": percent},
        field=field,
    )
