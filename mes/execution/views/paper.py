"""What is printed of an order: the traveler that goes with its pieces, with codes that a terminal understands."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from mes.access.queries import sites_of
from mes.execution.queries import orders


@login_required
@require_GET
def traveler(request: HttpRequest, number: str) -> HttpResponse:
    """Show the paper of an order: each operation with the code that opens it, and room to write where nothing works."""
    found = orders.find_order(number, sites_of(request.user, "orders:read"))
    if found is None:
        raise Http404
    page = orders.order_page(found, most=0)
    with timezone.override(found.site.time_zone):
        context = {"order": found, "operations": page.operations, "components": page.components}
        return render(request, "execution/traveler.html", context)
