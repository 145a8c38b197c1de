"""Quantities that come to a desk on paper: a supervisor enters them for the moment at which they were made."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mes.access.queries import sites_of
from mes.access.views import requires
from mes.core import live
from mes.core.errors import DomainError
from mes.core.fields import PlainDecimalInput
from mes.execution import services
from mes.execution.models import Operation, WorkOrder
from mes.execution.queries import orders
from mes.execution.rules import shown
from mes.masterdata.models import Person, ReasonCode
from mes.masterdata.queries import reasons

RIGHT = "reports:over"
"""Who allows at a terminal what takes more than one's own right enters at a desk what others made."""
SCRAP_LINES = 5
OLDEST = timedelta(days=3650)
FIELDS = {"good_quantity": "good", "rework_quantity": "rework", "scrap": "scrap_quantity_1", "reason": "scrap_reason_1"}
"""Where the form has what a service finds fault with, where the names differ."""


class Moment(forms.DateTimeField):
    """A local time of the order's site."""

    def __init__(self, **given: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
        super().__init__(widget=widget, **given)

    def clean(self, value: Any) -> datetime | None:
        try:
            found: datetime | None = super().clean(value)
        except OverflowError:
            found = datetime.min.replace(tzinfo=timezone.get_default_timezone())
        if found is not None and abs(found - timezone.now()) > OLDEST:
            raise ValidationError(_("Enter a day and a time of this year."))
        return found


class Quantity(PlainDecimalInput):
    """A quantity in the order's unit, or nothing."""

    def __init__(self, **given: Any) -> None:
        super().__init__(required=False, min_value=Decimal(0), max_digits=18, decimal_places=6, **given)


class LateForm(forms.Form):
    """What stands on the paper."""

    fact = forms.UUIDField(widget=forms.HiddenInput)
    operation = forms.ChoiceField()
    occurred_at = Moment()
    person = forms.CharField(required=False, max_length=64)
    good = Quantity()
    rework = Quantity()
    lot = forms.CharField(required=False, max_length=64)
    note = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}))
    begun_at = Moment(required=False)
    finished = forms.BooleanField(required=False)
    approved_by = forms.CharField(required=False, max_length=64)

    def __init__(self, *given: Any, order: WorkOrder, **named: Any) -> None:
        super().__init__(*given, **named)
        self.order = order
        steps = order.operations.exclude(status=Operation.Status.COMPLETED).order_by("position")
        self.fields["operation"].choices = [(str(one.pk), f"{one.number} {one.name}") for one in steps]  # type: ignore[attr-defined]
        # Labels of further lines are for who hears them; who sees the form sees them in the fields.
        choices = [
            ("", _("Why")),
            *((one.code, one.name) for one in reasons(site=order.site, kind=ReasonCode.Kind.SCRAP)),
        ]
        for n in range(1, SCRAP_LINES + 1):
            self.fields[f"scrap_quantity_{n}"] = Quantity(
                widget=forms.NumberInput(attrs={"step": "any", "min": "0", "placeholder": _("How many")})
            )
            self.fields[f"scrap_reason_{n}"] = forms.ChoiceField(required=False, choices=choices)

    @property
    def scrap_lines(self) -> list[tuple[Any, Any]]:
        """The inputs of scrap: how many, and why."""
        return [(self[f"scrap_quantity_{n}"], self[f"scrap_reason_{n}"]) for n in range(1, SCRAP_LINES + 1)]

    def clean_person(self) -> Person | None:
        return self._person("person")

    def clean_approved_by(self) -> Person | None:
        return self._person("approved_by")

    def _person(self, name: str) -> Person | None:
        number = self.cleaned_data[name]
        if not number:
            return None
        found = Person.objects.filter(site=self.order.site, number=number, active=True).first()
        if found is None:
            raise ValidationError(_("Nobody with this personnel number works here."))
        return found

    @property
    def scrap(self) -> list[services.Scrap]:
        """What was scrapped, line by line, of a form that is valid; a line without a reason is left to the service."""
        given = self.cleaned_data
        pairs = [(given[f"scrap_quantity_{n}"], given[f"scrap_reason_{n}"]) for n in range(1, SCRAP_LINES + 1)]
        return [services.Scrap(quantity, reason) for quantity, reason in pairs if quantity]


@requires(RIGHT)
@require_http_methods(["GET", "POST"])
def report_late(request: HttpRequest, number: str) -> HttpResponse:
    """Enter what was made of an order at a past moment."""
    order = orders.find_order(number, sites_of(request.user, RIGHT))
    if order is None:
        raise Http404
    with timezone.override(order.site.time_zone):
        if request.method == "POST":
            form = LateForm(request.POST, order=order)
            if form.is_valid() and _booked(request, form):
                live.forget()
                return redirect("execution:order", number)
        else:
            asked = {"operation": request.GET.get("operation", ""), "fact": uuid4()}
            form = LateForm(initial=asked, order=order)
        return render(
            request, "execution/late.html", {"order": order, "form": form}, status=400 if form.errors else 200
        )


def _booked(request: HttpRequest, form: LateForm) -> bool:
    """Book the form, or put into it what is wrong; say whether it was booked."""
    given = form.cleaned_data
    try:
        report = services.report_late(
            report_id=given["fact"], operation_id=int(given["operation"]), good_quantity=given["good"],
            rework_quantity=given["rework"] or Decimal(0), scrap=form.scrap, lot=given["lot"].strip(), note=given["note"],
            person=given["person"], occurred_at=given["occurred_at"], now=timezone.now(), begun_at=given["begun_at"],
            finished=given["finished"], approved_by=given["approved_by"],
        )  # fmt: skip
    except DomainError as refusal:
        name = FIELDS.get(refusal.field, refusal.field)
        form.add_error(name if name in form.fields else None, refusal.detail)
        return False
    messages.success(
        request,
        _("Entered: %(good)s good, %(scrap)s scrap.")
        % {"good": shown(report.good_quantity), "scrap": shown(report.scrap_quantity)},
    )
    return True
