"""Numbers for the lots and serials that are made: by rule, in the transaction that uses them, so that none is lost."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Item
from mes.material import rules
from mes.material.models import DrawnNumber, Lot, NumberCounter, NumberingRule
from mes.material.queries import drawn_number, numbering_rule
from mes.material.services.lots import LotBlocked, lot_to_fill
from mes.material.services.movements import Kind

Each = NumberingRule.Each
MOST_TRIES = 1000


class SerialsOneByOne(InvalidInput):
    """Every piece has a number of its own, so one is reported at a time."""

    code = "serials_one_by_one"


class SerialTaken(DomainError):
    """A piece of this serial number was made before."""

    code = "serial_taken"
    title = gettext_lazy("This serial number is taken")


@transaction.atomic
def output_number(*, item: Item, order: str, wanted: str, quantity: Decimal, at: datetime) -> str:
    """Return the number of the lot into which good pieces go: as ``wanted``, or the next one by the item's rule.

    Without a rule it is the order's number. A number is used up only if the caller's transaction is: refused reports
    leave no gap. Two who ask at once wait for each other, rule by rule.

    :raises SerialsOneByOne: the rule gives each piece its own number, and there is more than one.
    :raises SerialTaken: a piece with the wanted serial number was made before.
    :raises mes.material.services.LotBlocked: the piece with the wanted serial number is on hold.
    :raises mes.material.rules.NumbersUsedUp: the counter has no digits left.
    """
    rule = numbering_rule(item)
    if rule is None:
        return wanted or order
    if rule.each == Each.PIECE:
        if quantity != 1:
            raise SerialsOneByOne(
                _("Each piece of %(item)s has its own serial number: report them one by one.") % {"item": item.number},
                field="good_quantity",
            )
        if wanted:
            _check_free(item, wanted, at)
        if wanted and _made_before(item, wanted, at):
            raise SerialTaken(
                _("%(number)s was made before. Scan the number of this piece.") % {"number": wanted}, field="lot"
            )
    if wanted:
        return wanted
    day = at.astimezone(ZoneInfo(item.site.time_zone)).date()
    scope = {Each.ORDER: f"order {order}", Each.DAY: f"order {order} {day}"}.get(Each(rule.each), "")
    if scope and (known := drawn_number(item=item, scope=scope)):
        return known
    number = _next(rule, item, rules.facts_of(site=item.site.code, item=item.number, order=order, day=day))
    if scope:
        DrawnNumber.objects.create(item=item, scope=scope, number=number)
    return number


def _check_free(item: Item, number: str, at: datetime) -> None:
    """Refuse a piece that is on hold; what was made before the hold was placed is a fact."""
    lot = lot_to_fill(item=item, number=number, now=at)
    held = lot.holds.filter(released_at=None, placed_at__lte=at).select_related("reason").first()
    if held or lot.status == Lot.Status.BLOCKED:
        raise LotBlocked(
            _("%(number)s is on hold: %(why)s. Set the piece aside.")
            % {"number": number, "why": held or lot.status_reason or _("blocked")},
            field="lot",
        )


def _made_before(item: Item, number: str, at: datetime) -> bool:
    # The lot is locked first, so that of two who scan the same number one waits and is refused.
    lot = lot_to_fill(item=item, number=number, now=at)
    return lot.movements.filter(kind=Kind.OUTPUT, quantity__gt=0, reversed_by=None).exists()


def _next(rule: NumberingRule, item: Item, facts: dict[str, str]) -> str:
    """Return the next number that no lot of the item has, the counter's row locked until the transaction ends."""
    pattern = rules.read_pattern(rule.pattern)
    if not pattern.has("n"):
        return pattern.number(0, facts)
    scope = pattern.scope(facts)
    counter, _created = NumberCounter.objects.get_or_create(site_id=rule.site_id, scope=scope)
    counter = NumberCounter.objects.select_for_update().get(pk=counter.pk)
    for _try in range(MOST_TRIES):
        counter.last += 1
        number = pattern.number(counter.last, facts)
        # Someone may have written such a number by hand.
        if not Lot.objects.filter(item=item, number=number).exists():
            counter.save(update_fields=["last"])
            return number
    raise rules.NumbersUsedUp(
        _("The next %(n)s numbers like %(number)s are taken by lots that were numbered by hand. Change the pattern.")
        % {"n": MOST_TRIES, "number": number}
    )
