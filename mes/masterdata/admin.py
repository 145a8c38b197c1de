"""Master data in the admin: what an ERP owns is shown and cannot be edited, and says whose it is."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from mes.core import persons
from mes.core.admin import PlainNumbers
from mes.core.by_site import BySite, BySiteInline
from mes.core.errors import DomainError
from mes.masterdata import services
from mes.masterdata.models import (
    Area,
    BillOfMaterials,
    BomLine,
    Item,
    ItemUom,
    Person,
    PrivacyPolicy,
    ReasonCode,
    Routing,
    RoutingStep,
    Shift,
    Site,
    SplitPolicy,
    Uom,
    WorkCenter,
    WorkUnit,
)

ROWS_AT_ONCE = 200


def each(request: HttpRequest, rows: Iterable[Any], call: Callable[[Any], str]) -> None:
    """Do ``call`` to every selected row and say for each what came of it; one refusal stops nothing."""
    for number, row in enumerate(rows):
        if number >= ROWS_AT_ONCE:
            messages.warning(request, f"Only the first {ROWS_AT_ONCE} rows were done. Run it again for the others.")
            return
        try:
            messages.success(request, f"{row}: {call(row)}")
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.detail}")


class HistoryAdmin(PlainNumbers, BySite, SimpleHistoryAdmin, ModelAdmin):
    """A tracked model: saves only what the form changed, so that what others write meanwhile stays."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        if changed := [name for name in form.changed_data if name in columns]:
            obj.save(update_fields=changed)


class KeptAdmin(HistoryAdmin):
    """A row that facts name: it is made inactive, never deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnedAdmin(KeptAdmin):
    """A row that may belong to an ERP: then its fields are read-only, and it says whose it is."""

    list_filter_submit = True
    STAY_OURS: ClassVar[tuple[str, ...]] = ()
    """Owned fields that may be edited all the same."""

    @admin.display(description="Owner", ordering="owner")
    def owned_by(self, obj: Any) -> str:
        """Name who decides about this row."""
        return obj.owner or "Lineside"

    @admin.display(description="Where it comes from")
    def provenance(self, obj: Any) -> str:
        """Say who owns the row, what it is called there, and when it last changed there."""
        if not obj or not obj.owner:
            known = ", ".join(f"{key} in {system}" for system, key in (obj.external_ids if obj else {}).items())
            return f"Made here; known as {known}." if known else "Made here: yours to edit."
        ids = ", ".join(f"{key} in {system}" for system, key in obj.external_ids.items())
        when = f", changed there {timezone.localtime(obj.synced_at):%Y-%m-%d %H:%M}" if obj.synced_at else ""
        called = f" ({ids})" if ids else ""
        return f"{obj.owner} owns this{called}{when}. Change it there; it arrives here by itself."

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [name for name in super().get_fields(request, obj) if name not in ("owned_by", "provenance")]
        return [*fields, "provenance"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = [*super().get_readonly_fields(request, obj), "provenance"]
        if obj and obj.owner:
            fixed += [name for name in obj.OWNED_FIELDS if name not in self.STAY_OURS and name not in fixed]
        return fixed


class OwnedInline(PlainNumbers, BySiteInline, TabularInline):
    """Lines of a row that may belong to an ERP."""

    extra = 0

    def _is_ours(self, obj: Any) -> bool:
        return not (obj and getattr(obj, "owner", ""))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_ours(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_ours(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_ours(obj) and super().has_delete_permission(request, obj)


class ReadOnlyInline(PlainNumbers, BySiteInline, TabularInline):
    """Lines that services write; of a site in privacy mode they name nobody."""

    extra = 0
    can_delete = False
    show_change_link = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)

        def veiled(bound: Any) -> QuerySet:
            rows = formset.get_queryset(bound)
            for row in rows:
                persons.veil(row)
            return rows

        return type(formset.__name__, (formset,), {"get_queryset": veiled})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class FactAdmin(PlainNumbers, BySite, ModelAdmin):
    """Facts are read here; a mistake is corrected by a reversal, never by an edit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LanguageForm(forms.ModelForm):
    """A row that says a language chooses among those that terminals speak."""

    none = "Nobody said"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            old = self.fields["language"]
            self.fields["language"] = forms.ChoiceField(
                choices=[("", self.none), *settings.LANGUAGES], required=False, help_text=old.help_text
            )


@admin.register(Site)
class SiteAdmin(KeptAdmin):
    """Plants and what they decide for themselves; a further one is opened by an administrator."""

    form = LanguageForm
    site_path = "code"
    list_display = ["code", "name", "time_zone", "currency", "completes_with_last_operation", "active"]
    search_fields = ["code", "name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.sites_to(request, self.edit) is None


class SplitPolicyForm(forms.ModelForm):
    """A new policy; without a moment it holds from now on."""

    now: datetime

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.now = timezone.now()
        if "valid_from" in self.fields:
            self.fields["valid_from"].required = False
            self.fields["valid_from"].help_text += " Empty: from now on."

    def clean_valid_from(self) -> datetime:
        moment = self.cleaned_data.get("valid_from") or self.now
        if moment < self.now:
            raise ValidationError("It cannot begin in the past: what was booked stays as it was divided then.")
        return moment


@admin.register(SplitPolicy)
class SplitPolicyAdmin(FactAdmin):
    """How a site divides time between jobs that go on at once; another one follows, none is changed."""

    form = SplitPolicyForm
    list_display = ["site", "policy", "valid_from", "set_by"]
    list_filter = ["site", "policy"]
    list_select_related = ["site"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_edit(request, None)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = services.set_split_policy(
            site=obj.site,
            policy=obj.policy,
            valid_from=obj.valid_from,
            by=request.user.get_username(),
            now=form.now,
        )
        obj.pk = made.pk


@admin.register(PrivacyPolicy)
class PrivacyPolicyAdmin(KeptAdmin):
    """What a site agreed with its people."""

    see = "access:manage"
    edit = "access:manage"
    list_display = ["site", "active", "smallest_group", "posting", "retention_days"]
    list_filter = ["active"]
    list_select_related = ["site"]


@admin.register(Area)
class AreaAdmin(BySite, ModelAdmin):
    """Parts of a plant."""

    list_display = ["code", "name", "site"]
    list_filter = ["site"]
    search_fields = ["code", "name"]


class WorkUnitInline(BySiteInline, TabularInline):
    """The machines of a work center, which we may add to whoever owns the center."""

    model = WorkUnit
    fields = ["code", "name", "sharing", "active"]
    extra = 0
    can_delete = False


@admin.register(WorkCenter)
class WorkCenterAdmin(OwnedAdmin):
    """Where operations are planned."""

    list_display = ["code", "name", "area", "site", "owned_by", "active"]
    list_filter = ["site", "area", "active", "owner"]
    search_fields = ["code", "name"]
    list_select_related = ["site", "area"]
    autocomplete_fields = ["area"]
    inlines = [WorkUnitInline]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Give new machines the site of their center."""
        for unit in formset.save(commit=False):
            unit.site = form.instance.site
            unit.save()
        formset.save_m2m()


@admin.register(Uom)
class UomAdmin(OwnedAdmin):
    """Units of measure and their exact factors; they belong to no site."""

    site_path = ""
    list_display = ["code", "name", "symbol", "dimension", "decimals", "owned_by", "active"]
    list_filter = ["dimension", "active", "owner"]
    search_fields = ["code", "name", "symbol"]


class ItemUomInline(OwnedInline):
    """Further units of the item."""

    model = ItemUom
    autocomplete_fields = ["uom"]


@admin.register(Item)
class ItemAdmin(OwnedAdmin):
    """What is made, and what it is made of."""

    list_display = ["number", "name", "uom", "lot_tracked", "site", "owned_by", "active"]
    list_filter = ["site", "lot_tracked", "active", "owner"]
    search_fields = ["number", "name"]
    list_select_related = ["site", "uom"]
    autocomplete_fields = ["uom"]
    inlines = [ItemUomInline]


class BomLineInline(OwnedInline):
    """The components of a bill."""

    model = BomLine
    autocomplete_fields = ["item", "uom"]


@admin.register(BillOfMaterials)
class BillOfMaterialsAdmin(OwnedAdmin):
    """What goes into an item. Orders keep the bill that they were released with."""

    list_display = ["number", "item", "base_quantity", "uom", "revision", "site", "owned_by", "active"]
    list_filter = ["site", "active", "owner"]
    search_fields = ["number", "item__number", "item__name", "lines__item__number"]
    list_select_related = ["site", "item", "uom"]
    autocomplete_fields = ["item", "uom"]
    inlines = [BomLineInline]


class RoutingStepInline(OwnedInline):
    """The steps of a routing; times in minutes."""

    model = RoutingStep
    autocomplete_fields = ["work_center"]


@admin.register(Routing)
class RoutingAdmin(OwnedAdmin):
    """How items are made. Orders keep the routing that they were released with."""

    list_display = ["number", "name", "revision", "site", "owned_by", "active"]
    list_filter = ["site", "active", "owner"]
    search_fields = ["number", "name", "items__number"]
    list_select_related = ["site"]
    autocomplete_fields = ["items"]
    inlines = [RoutingStepInline]


class PersonForm(LanguageForm):
    """A person, with a new badge or PIN where one is typed in."""

    none = "As the device"
    new_badge = forms.CharField(
        required=False, max_length=256, help_text="Scan the badge; an earlier one stops working."
    )
    new_pin = forms.CharField(
        required=False, max_length=32, widget=forms.PasswordInput(render_value=False), help_text="At least 4 digits."
    )

    class Meta:
        model = Person
        fields = ["site", "number", "name", "language", "active"]

    def clean_new_pin(self) -> str:
        pin = str(self.cleaned_data.get("new_pin") or "")
        if pin and (len(pin) < services.people.PIN_MIN_LENGTH or not pin.isdecimal()):
            raise forms.ValidationError(f"A PIN has at least {services.people.PIN_MIN_LENGTH} digits.")
        return pin


@admin.register(Person)
class PersonAdmin(OwnedAdmin):
    """People, their badges and PINs. Badge and PIN are stored so that nobody can read them back."""

    see = "people:read"
    edit = "people:manage"
    form = PersonForm
    list_display = ["number", "name", "site", "has_badge", "is_locked", "owned_by", "active"]
    list_filter = ["site", "active", "owner"]
    search_fields = ["number", "name"]
    list_select_related = ["site"]
    actions = ["unlock", "revoke"]

    @admin.display(description="Badge", boolean=True)
    def has_badge(self, obj: Person) -> bool:
        return bool(obj.badge_hash) and obj.badge_revoked_at is None

    @admin.display(description="Locked", boolean=True)
    def is_locked(self, obj: Person) -> bool:
        return obj.pin_attempts >= services.people.PIN_TRIES

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        try:
            if badge := form.cleaned_data.get("new_badge"):
                services.set_badge(person_id=obj.pk, badge=badge)
            if pin := form.cleaned_data.get("new_pin"):
                services.set_pin(person_id=obj.pk, pin=pin)
        except DomainError as refusal:
            messages.error(request, refusal.detail)

    @admin.action(description="Unlock the PIN", permissions=["change"])
    def unlock(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Let people who mistyped too often try again."""

        def call(person: Person) -> str:
            services.unlock_pin(person_id=person.pk)
            return "unlocked"

        each(request, queryset, call)

    @admin.action(description="Revoke the badge", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Make lost badges useless."""

        def call(person: Person) -> str:
            services.revoke_badge(person_id=person.pk, now=timezone.now())
            return "badge revoked"

        each(request, queryset, call)


@admin.register(ReasonCode)
class ReasonCodeAdmin(OwnedAdmin):
    """Why pieces are scrap, work stops, orders are held."""

    list_display = ["code", "name", "kind", "parent", "site", "owned_by", "active"]
    list_filter = ["site", "kind", "active", "owner"]
    search_fields = ["code", "name"]
    list_select_related = ["site", "parent"]
    autocomplete_fields = ["parent"]


@admin.register(Shift)
class ShiftAdmin(OwnedAdmin):
    """When people work, in the site's local time."""

    list_display = ["code", "name", "starts_at", "ends_at", "weekdays", "site", "owned_by", "active"]
    list_filter = ["site", "active", "owner"]
    search_fields = ["code", "name"]
    list_select_related = ["site"]
