"""Labels: printed, and printed again with a reason."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from mes.core import bus
from mes.core.errors import InvalidInput, NotFound
from mes.core.paper import Paper
from mes.masterdata.rules import check_precision
from mes.material.events import LabelsPrinted
from mes.material.models import LabelPrint, Lot
from mes.material.queries import label_of, labels_of
from mes.material.rules import HEIGHT_MM, WIDTH_MM, Label, zpl
from mes.material.services.movements import check_quantity

MOST_COPIES = 200


class CopiesWrong(InvalidInput):
    """So many labels are not printed at once."""

    code = "copies_wrong"


class ReasonNeeded(InvalidInput):
    """A label is printed again only for a reason: two of them on different pieces are how lots get mixed up."""

    code = "reason_needed"


@transaction.atomic
def print_labels(
    *,
    print_id: UUID,
    lot_id: int,
    copies: int,
    by: str,
    now: datetime,
    reason: str = "",
    each: Decimal | None = None,
) -> LabelPrint:
    """Record that labels of a lot are printed, and return the record from which they are drawn. The same again is done once.

    ``each`` is what is in each container, in the item's own unit: the labels are numbered then, and say that.

    :raises mes.core.errors.NotFound: there is no such lot.
    :raises CopiesWrong: none, or more than 200.
    :raises NothingMoved: a container without content.
    :raises mes.masterdata.rules.QuantityPrecision: its content is more exact than the unit.
    :raises ReasonNeeded: there were labels of this lot before, and nobody says why others are needed.
    """
    if not 1 <= copies <= MOST_COPIES:
        raise CopiesWrong(_("Print 1 to %(n)s labels at a time.") % {"n": MOST_COPIES}, field="copies")
    lot = Lot.objects.select_for_update(of=["self"]).select_related("item__uom", "site").filter(pk=lot_id).first()
    if lot is None:
        raise NotFound(_("There is no such lot here."))
    if each is not None:
        check_quantity(each, field="each")
        check_precision(each, decimals=lot.item.uom.decimals, unit=lot.item.uom.code, field="each")
    if known := LabelPrint.objects.filter(pk=print_id, lot=lot).first():
        return known
    again = LabelPrint.objects.filter(lot=lot).exists()
    reason = reason.strip()[:200]
    if again and not reason:
        raise ReasonNeeded(
            _("Labels of %(lot)s were printed before. Say why you need others.") % {"lot": lot.number}, field="reason"
        )
    done = LabelPrint.objects.create(
        id=print_id, site=lot.site, lot=lot, copies=copies, again=again, reason=reason, by=by, printed_at=now,
        each=each,
    )  # fmt: skip
    bus.publish(
        LabelsPrinted(
            event_id=print_id, site=lot.site.code, subject=f"lot/{lot.item.number}/{lot.number}", occurred_at=now,
            print_id=print_id, item=lot.item.number, lot=lot.number, copies=copies, again=again, reason=reason, by=by,
            each=each,
        )
    )  # fmt: skip
    return done


def zpl_of(done: LabelPrint) -> str:
    """Return the labels of one print for a printer that speaks ZPL II."""
    if done.each is None:
        return zpl(label_of(done.lot), copies=done.copies)
    return "".join(zpl(label, copies=1) for label in labels_of(done))


def draw_labels(done: LabelPrint) -> bytes:
    """Return the labels of one print as a PDF of one page each, 100 × 50 mm: what ZPL says, for any other printer."""
    paper = Paper(width=WIDTH_MM, height=HEIGHT_MM, title=f"{done.lot.item.number} {done.lot.number}")
    for label in labels_of(done):
        _draw(paper, label)
        paper.next_page()
    return paper.done()


def _draw(paper: Paper, label: Label) -> None:
    paper.qr(4, 4, label.code, side=27)
    left, width = 35, WIDTH_MM - 39
    paper.text(left, 8, label.item_name, size=13, width=width, bold=True)
    paper.text(left, 13, label.item, size=10, width=width)
    paper.text(left, 21, label.lot, size=20, width=width, bold=True)
    paper.text(
        left, 26.5, " · ".join(filter(None, (label.quantity, label.part, label.work_order))), size=10, width=width
    )
    paper.text(left, 31.5, " · ".join(filter(None, (label.made, label.expires))), size=10, width=width)
    paper.code128(1, 35.5, label.code, width=WIDTH_MM - 2, height=11)
