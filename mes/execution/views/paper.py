"""What is printed of an order: the traveler that goes with its pieces, with codes that a terminal understands."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mes.access.queries import sites_of
from mes.core.paper import Paper
from mes.core.paper.sheets import A4_HEIGHT, A4_WIDTH, MARGIN, a4, finish, head
from mes.core.templatetags.lineside import job_code, minutes, qty
from mes.execution.models import Operation, OrderComponent
from mes.execution.queries import orders
from mes.execution.queries.orders import OrderPage

STEP_HEIGHT = 40
LINE = 5


@login_required
@require_GET
def traveler(request: HttpRequest, number: str) -> HttpResponse:
    """Show the paper of an order (``?form=pdf``: as PDF): each operation with the code that opens it, and room to write
    where nothing works."""
    found = orders.find_order(number, sites_of(request.user, "orders:read"))
    if found is None:
        raise Http404
    page = orders.order_page(found, most=0)
    with timezone.override(found.site.time_zone):
        if request.GET.get("form") == "pdf":
            headers = {"Content-Disposition": 'inline; filename="traveler.pdf"'}
            return HttpResponse(_as_pdf(page), content_type="application/pdf", headers=headers)
        context = {"order": found, "operations": page.operations, "components": page.components}
        return render(request, "execution/traveler.html", context)


def _as_pdf(page: OrderPage) -> bytes:
    order, width = page.order, A4_WIDTH - 2 * MARGIN
    title = f"{order.number} · {order.item.name}"
    paper = a4(title)
    due = f"{_('Due')} {date_format(timezone.localtime(order.due_at), 'j M Y H:i')}" if order.due_at else ""
    facts = (order.item.number, f"{qty(order.order_quantity)} {order.uom}", due, order.reference)
    paper.text(MARGIN, 28, " · ".join(filter(None, facts)), size=11, width=width)
    paper.qr(MARGIN, 34, order.number, side=26)
    paper.code128(MARGIN + 34, 38, order.number, width=width - 34, height=12)
    opens = _("opens the order's next job at whichever terminal it is scanned")
    paper.text(MARGIN + 38, 58, opens, size=9, width=width - 38)
    y = 70.0
    for operation in page.operations:
        parts = [one for one in page.components if one.operation_id == operation.pk]
        height = STEP_HEIGHT + max(len(parts) - 1, 0) * LINE
        if y + height > A4_HEIGHT - MARGIN:
            paper.next_page()
            head(paper, title)
            y = 28.0
        _draw_step(paper, y, operation, parts, str(order.uom))
        y += height
    if not page.operations:
        paper.text(MARGIN, y, _("No operations yet"), size=12, width=width)
    return finish(paper)


def _draw_step(paper: Paper, y: float, operation: Operation, parts: list[OrderComponent], unit: str) -> None:
    paper.line(MARGIN, y, A4_WIDTH - 2 * MARGIN)
    code = job_code(operation.pk)
    paper.qr(MARGIN + 2, y + 4, code, side=24)
    paper.text(MARGIN, y + 33, code, size=9, width=28, center=True)
    left, width = MARGIN + 34, A4_WIDTH - 2 * MARGIN - 34
    paper.text(left, y + 8, f"{operation.number} {operation.name}", size=13, width=width, bold=True)
    center = operation.work_center
    paper.text(left, y + 14, f"{center.code} {center.name}", size=10, width=width)
    times = [f"{_('Run')} {minutes(operation.planned_run_time_per_unit)} / {unit}"]
    if operation.planned_setup_time:
        times.insert(0, f"{_('Setup')} {minutes(operation.planned_setup_time)}")
    paper.text(left, y + 19, " · ".join(times), size=10, width=width)
    line = y + 25
    for part in parts:
        words = f"{part.item.number}  {part.item.name} · {qty(part.required_quantity)} {part.uom}"
        paper.text(left, line, words, size=10, width=width)
        line += LINE
    line = max(line + 3, y + 33)
    for x, wide, words in ((0, 40, _("Good")), (44, 40, _("Scrap")), (88, width - 88, _("Who, when"))):
        paper.text(left + x, line, words, size=9, width=20)
        paper.line(left + x + 20, line, wide - 20)
