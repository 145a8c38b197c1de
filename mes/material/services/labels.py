"""Labels: printed, and printed again with a reason."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import InvalidInput, NotFound
from mes.material.events import LabelsPrinted
from mes.material.models import LabelPrint, Lot

MOST_COPIES = 200


class CopiesWrong(InvalidInput):
    """So many labels are not printed at once."""

    code = "copies_wrong"


class ReasonNeeded(InvalidInput):
    """A label is printed again only for a reason: two of them on different pieces are how lots get mixed up."""

    code = "reason_needed"


@transaction.atomic
def print_labels(*, print_id: UUID, lot_id: int, copies: int, by: str, now: datetime, reason: str = "") -> LabelPrint:
    """Record that labels of a lot are printed, and return the record from which they are drawn. The same again is done once.

    :raises mes.core.errors.NotFound: there is no such lot.
    :raises CopiesWrong: none, or more than 200.
    :raises ReasonNeeded: there were labels of this lot before, and nobody says why others are needed.
    """
    if not 1 <= copies <= MOST_COPIES:
        raise CopiesWrong(_("Print 1 to %(n)s labels at a time.") % {"n": MOST_COPIES}, field="copies")
    lot = Lot.objects.select_for_update(of=["self"]).select_related("item", "site").filter(pk=lot_id).first()
    if lot is None:
        raise NotFound(_("There is no such lot here."))
    if known := LabelPrint.objects.filter(pk=print_id, lot=lot).first():
        return known
    again = LabelPrint.objects.filter(lot=lot).exists()
    reason = reason.strip()[:200]
    if again and not reason:
        raise ReasonNeeded(
            _("Labels of %(lot)s were printed before. Say why you need others.") % {"lot": lot.number}, field="reason"
        )
    done = LabelPrint.objects.create(
        id=print_id, site=lot.site, lot=lot, copies=copies, again=again, reason=reason, by=by, printed_at=now
    )
    bus.publish(
        LabelsPrinted(
            event_id=print_id, site=lot.site.code, subject=f"lot/{lot.item.number}/{lot.number}", occurred_at=now,
            print_id=print_id, item=lot.item.number, lot=lot.number, copies=copies, again=again, reason=reason, by=by,
        )
    )  # fmt: skip
    return done
