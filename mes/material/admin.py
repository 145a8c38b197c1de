"""Lots and movements in the admin: lots can be held and freed, movements only read."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from mes.masterdata.admin import FactAdmin, KeptAdmin, ReadOnlyInline, each
from mes.masterdata.models import Item, Site
from mes.material import rules, services
from mes.material.models import (
    ItemSetting,
    Lot,
    LotHold,
    MaterialMovement,
    NumberingRule,
    PlaceMovement,
    PlaceStock,
    StockPlace,
)


class MovementInline(ReadOnlyInline):
    """What went into the lot and out of it."""

    model = MaterialMovement
    fields = ["occurred_at", "kind", "quantity", "uom", "work_order", "operation", "person"]
    ordering = ["-recorded_at"]


class LotHoldInline(ReadOnlyInline):
    """What forbids or forbade the use of the lot."""

    model = LotHold
    fields = ["placed_at", "placed_by", "reason", "note", "source", "released_at", "released_by", "release_note"]


@admin.register(Lot)
class LotAdmin(KeptAdmin):
    """Lots and what is left of them."""

    see = "material:read"
    edit = "quality:decide"
    list_display = [
        "number",
        "item",
        "quantity",
        "labels_and_genealogy",
        "status",
        "status_reason",
        "expires_at",
        "site",
    ]
    list_filter = ["site", "status", "expires_at"]
    search_fields = ["number", "item__number", "item__name"]
    list_select_related = ["site", "item"]
    readonly_fields = ["site", "item", "number", "quantity", "status", "status_reason", "status_since", "created_at"]
    inlines = [LotHoldInline, MovementInline]
    actions = ["hold", "block", "free"]

    @admin.display(description="pages")
    def labels_and_genealogy(self, lot: Lot) -> str:
        """Lead to where its labels are printed and to what is in it."""
        query = urlencode({"item": lot.item.number, "lot": lot.number})
        return format_html(
            '<a href="{}?{}">Labels</a> · <a href="{}">Genealogy</a>',
            reverse("material:labels"),
            query,
            reverse("execution:trace", args=[lot.pk]),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a lot comes with the material that is received or made

    @admin.action(description="Put on hold", permissions=["change"])
    def hold(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Forbid the use of lots until they are freed."""
        by, now = request.user.get_username(), timezone.now()

        def call(lot: Lot) -> str:
            services.hold_lot(lot_id=lot.pk, by=by, now=now, note=f"by {by}")
            return "on hold"

        each(request, queryset, call)

    @admin.action(description="Block", permissions=["change"])
    def block(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Forbid the use of lots for good."""
        by, now = request.user.get_username(), timezone.now()

        def call(lot: Lot) -> str:
            services.set_lot_status(lot_id=lot.pk, status=Lot.Status.BLOCKED, reason=f"by {by}", now=now)
            return "blocked"

        each(request, queryset, call)

    @admin.action(description="Free (lift every hold, unblock)", permissions=["change"])
    def free(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Allow the use of lots again."""
        by, now = request.user.get_username(), timezone.now()

        def call(lot: Lot) -> str:
            for hold in lot.holds.filter(released_at=None):
                services.release_lot_hold(hold_id=hold.pk, by=by, now=now)
            if lot.status == Lot.Status.BLOCKED:
                services.set_lot_status(lot_id=lot.pk, status=Lot.Status.AVAILABLE, reason="", now=now)
            return "free"

        each(request, queryset, call)


@admin.register(MaterialMovement)
class MaterialMovementAdmin(FactAdmin):
    """Every movement of material."""

    see = "material:read"
    list_display = ["occurred_at", "kind", "item", "lot", "quantity", "uom", "work_order", "operation", "person"]
    list_filter = ["site", "kind", "occurred_at"]
    search_fields = ["item__number", "lot__number", "work_order"]
    list_select_related = ["item", "lot", "uom", "person"]
    ordering = ["-recorded_at"]


class PlaceStockInline(ReadOnlyInline):
    """What lies there."""

    model = PlaceStock
    fields = ["item", "lot", "quantity"]


@admin.register(StockPlace)
class StockPlaceAdmin(KeptAdmin):
    """Places at the line where material of a work center lies."""

    see = "material:read"
    list_display = ["code", "name", "work_center", "site", "active"]
    list_filter = ["site", "work_center", "active"]
    search_fields = ["code", "name"]
    list_select_related = ["site", "work_center"]
    inlines = [PlaceStockInline]


@admin.register(PlaceMovement)
class PlaceMovementAdmin(FactAdmin):
    """Everything that came to a place of the line or left it."""

    see = "material:read"
    list_display = ["occurred_at", "kind", "place", "item", "lot", "quantity", "uom", "person"]
    list_filter = ["site", "kind", "place", "occurred_at"]
    search_fields = ["item__number", "lot__number", "place__code"]
    list_select_related = ["place", "item", "lot", "uom", "person"]
    ordering = ["-recorded_at"]


class NumberingRuleForm(forms.ModelForm):
    """A rule whose pattern is read before it is stored."""

    class Meta:
        model = NumberingRule
        fields = ["site", "item", "each", "pattern", "active"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        try:
            rules.check_pattern(given.get("pattern", ""), each=given.get("each", ""))
            example(given.get("pattern", ""), given.get("item"), given.get("site"))
        except rules.PatternWrong as error:
            raise forms.ValidationError({"pattern": error.detail}) from error
        item, site = given.get("item"), given.get("site")
        if item and site and item.site_id != site.pk:
            raise forms.ValidationError({"item": f"{item} is an item of another site."})
        return given


def example(pattern: str, item: Item | None, site: Site | None) -> str:
    """Return what the first number of a pattern looks like today."""
    facts = rules.facts_of(
        site=site.code if site else "SITE", item=item.number if item else "ITEM", order="1001",
        day=timezone.localdate(),
    )  # fmt: skip
    return rules.read_pattern(pattern).number(1, facts)


@admin.register(NumberingRule)
class NumberingRuleAdmin(KeptAdmin):
    """How lots and serials that are made here are numbered."""

    see = "material:read"
    form = NumberingRuleForm
    list_display = ["__str__", "site", "item", "each", "pattern", "first_number", "active"]
    list_filter = ["site", "each", "active"]
    list_select_related = ["site", "item"]
    autocomplete_fields = ["item"]

    @admin.display(description="first number today")
    def first_number(self, rule: NumberingRule) -> str:
        return example(rule.pattern, rule.item, rule.site)


@admin.register(ItemSetting)
class ItemSettingAdmin(KeptAdmin):
    """How the floor treats an item: when it is consumed."""

    see = "material:read"
    site_path = "item__site__code"
    list_display = ["item", "backflush"]
    list_filter = ["backflush"]
    search_fields = ["item__number", "item__name"]
    list_select_related = ["item"]
    autocomplete_fields = ["item"]
