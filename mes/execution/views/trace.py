"""Genealogy and recall: find a lot, see where it went or what is in it, take the list away, hold all of it."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from mes.access.queries import may, sites_of
from mes.access.views import requires
from mes.core.errors import DomainError
from mes.execution import services
from mes.masterdata.models import ReasonCode
from mes.masterdata.queries import reasons, uom_symbols
from mes.material import queries
from mes.material.models import Lot
from mes.material.queries import Trace, TracedLot

MOST_DRAWN = 300
"""More branches than this are not drawn as a tree: the table and the file have them all."""
MOST_LISTED = 2000
MOST_NAMED = 20
DEEPEST = 12

SEE, HOLD = "material:read", "orders:hold"


@dataclass
class Branch:
    """A lot in the tree, and through which orders it was reached; drawn before, it is named and not unfolded again."""

    lot: TracedLot
    via: list[tuple[str, bool]]
    again: bool
    branches: list["Branch"]


@requires(SEE)
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Look a lot up by what is printed on it; one hit leads straight to it."""
    text = request.GET.get("lot", "").strip()[:64]
    found = queries.find_lots(text=text, sites=sites_of(request.user, SEE)) if text and "\x00" not in text else []
    if len(found) == 1:
        return redirect("execution:trace", found[0].pk)
    recent = [] if text else queries.recent_lots(sites=sites_of(request.user, SEE))
    return render(request, "execution/trace_find.html", {"text": text, "found": found, "recent": recent})


@requires(SEE)
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where a lot went (``?direction=up``: what is in it) as a tree and a table."""
    lot = _lot(request, pk)
    is_down = request.GET.get("direction") != "up"
    found = queries.trace(lot_id=pk, down=is_down)
    lots = [one for one in found.lots.values() if one.id != pk]
    tree = _tree(found)
    drawn = {one.id: one for one in (*_drawn(tree), *lots[:MOST_LISTED])}
    balances = queries.mass_balances(drawn.values())
    with timezone.override(lot.site.time_zone):
        return render(
            request,
            "execution/trace.html",
            {
                "lot": lot,
                "symbols": uom_symbols(),
                "found": found,
                "is_down": is_down,
                "tree": tree,
                "balances": balances,
                "plan": services.preview_hold_all(found=found, site_id=lot.site_id) if is_down else None,
                "most_named": MOST_NAMED,
                "drawn_whole": len(found.links) <= MOST_DRAWN,
                "lots": [(one, _orders(found, one), balances[one.id]) for one in lots[:MOST_LISTED]],
                "count": len(lots),
                "most": MOST_LISTED,
                "left": sum(one.quantity > 0 for one in found.lots.values()),
                "shipped": sum(one.shipped > 0 for one in found.lots.values()),
                "balance": queries.balance(lot_id=pk),
                "holds": queries.holds_on(lot_id=pk),
                "may_hold": may(request.user, HOLD, lot.site.code),
                "reasons": list(reasons(site=lot.site, kind=ReasonCode.Kind.HOLD)),
            },
        )


@requires(SEE)
@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand over the whole list as CSV, one line for each lot."""
    lot = _lot(request, pk)
    is_down = request.GET.get("direction") != "up"
    found = queries.trace(lot_id=pk, down=is_down)
    response = HttpResponse("".join(_lines(found)), content_type="text/csv; charset=utf-8")
    name = "".join(letter if letter.isalnum() else "-" for letter in lot.number)
    response["Content-Disposition"] = f'attachment; filename="lots-{"down" if is_down else "up"}-{name}.csv"'
    return response


@requires(HOLD)
@require_POST
def hold_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Hold the lot and everything it is in, and say what could not be held."""
    lot = _lot(request, pk, right=HOLD)
    note = request.POST.get("note", "").strip()[:4000]
    try:
        done = services.hold_all(
            lot_id=pk,
            by=request.user.get_username(),
            now=timezone.now(),
            reason=request.POST.get("reason", "")[:64],
            note=note,
        )
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect("execution:trace", pk)
    messages.success(request, _held_words(done))
    return render(request, "execution/trace_held.html", {"lot": lot, "done": done, "symbols": uom_symbols()})


def _held_words(done: services.Recall) -> str:
    lots = ngettext("%(n)s lot is on hold now", "%(n)s lots are on hold now", len(done.held)) % {"n": len(done.held)}
    if not done.orders_held:
        return f"{lots}."
    number = len(done.orders_held)
    orders = ngettext("%(n)s order in work too", "%(n)s orders in work too", number) % {"n": number}
    return f"{lots}, {orders}."


def _lot(request: HttpRequest, pk: int, *, right: str = SEE) -> Lot:
    found = (
        Lot.objects.filter(pk=pk, site__in=sites_of(request.user, right)).select_related("item__uom", "site").first()
    )
    if found is None:
        raise Http404(_("There is no such lot at your sites."))
    return found


def _orders(found: Trace, lot: TracedLot) -> list[tuple[str, bool]]:
    """Return the orders through which a lot was reached, each with whether that is sure; "" is a transfer."""
    ways: dict[str, bool] = {}
    for link in _arriving(found).get(lot.id, ()):
        ways[link.work_order] = ways.get(link.work_order, False) or link.sure
    return sorted(ways.items())


def _arriving(found: Trace) -> dict[int, list[queries.Link]]:
    known: dict[int, list[queries.Link]] | None = getattr(found, "_arriving", None)
    if known is None:
        known = {}
        for link in found.links:
            known.setdefault(link.target if found.down else link.source, []).append(link)
        found._arriving = known  # type: ignore[attr-defined]
    return known


def _tree(found: Trace) -> Branch:
    """Return the tree, each lot unfolded where it is reached first, up to what a page can show."""
    beyond = found.beyond()
    drawn = {found.origin}
    root = Branch(found.lots[found.origin], [], False, [])
    level, count = [root], 0
    for _depth in range(DEEPEST):
        following: list[Branch] = []
        for branch in level:
            ways: dict[int, dict[str, bool]] = {}
            for link in beyond.get(branch.lot.id, ()):
                other = ways.setdefault(link.target if found.down else link.source, {})
                other[link.work_order] = other.get(link.work_order, False) or link.sure
            for other_id, via in sorted(ways.items(), key=lambda pair: (found.lots[pair[0]].number, pair[0])):
                count += 1
                if count > MOST_DRAWN:
                    return root
                child = Branch(found.lots[other_id], sorted(via.items()), other_id in drawn, [])
                branch.branches.append(child)
                if not child.again:
                    drawn.add(other_id)
                    following.append(child)
        level = following
    return root


def _drawn(branch: Branch) -> Iterator[TracedLot]:
    yield branch.lot
    for child in branch.branches:
        yield from _drawn(child)


class _Echo:
    def write(self, text: str) -> str:
        return text


def _lines(found: Trace) -> Iterator[str]:
    writer = csv.writer(_Echo())
    # The byte order mark lets a spreadsheet see that it is UTF-8.
    yield "\ufeff"
    yield writer.writerow(
        ["level", "lot", "item", "name", "left", "unit", "status", "reason", "shipped", "shipped to", "orders", "sure",
         "came in", "used", "scrapped", "moved on", "difference"]
    )  # fmt: skip
    balances = queries.mass_balances(found.lots.values())
    for lot in found.lots.values():
        ways = _orders(found, lot)
        cells = [
            lot.depth, lot.number, lot.item, lot.item_name, f"{lot.quantity.normalize():f}", lot.uom, lot.status,
            lot.status_reason, f"{lot.shipped.normalize():f}", lot.shipped_to, " ".join(order for order, _sure in ways),
            "yes" if all(sure for _order, sure in ways) else "possible",
            *(f"{part.normalize():f}" for part in _parts(balances[lot.id])),
        ]  # fmt: skip
        yield writer.writerow([_plain(cell) for cell in cells])


def _parts(one: queries.MassBalance) -> tuple[Decimal, ...]:
    return one.came_in, one.used, one.scrapped, one.moved, one.difference


def _plain(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()
