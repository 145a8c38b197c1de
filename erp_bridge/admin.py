"""Where connections are made and their flows are set; messages are looked at on the bridge's own pages."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from erp_bridge.engine import addresses, connections, registry, vault, wiring
from erp_bridge.models import Circuit, Connection, FlowState
from erp_bridge.sdk.cadence import BadCadence, parse
from erp_bridge.sdk.errors import CallFailed, Misconfigured
from mes.core.by_site import BySite, BySiteInline
from mes.masterdata.models import Site

_PREFIX = "setting_"


class ConnectionForm(forms.ModelForm):
    """A connection with the settings that its kind of ERP asks for; secrets go in, and never come out."""

    connector = forms.ChoiceField(label=_("Kind of ERP"))
    site = forms.ChoiceField(label=_("Site"))

    class Meta:
        model = Connection
        fields = ["name", "label", "site", "connector", "enabled", "settle_seconds"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["connector"].choices = [(each.key, each.label or each.key) for each in registry.connectors]  # type: ignore[attr-defined]
        self.fields["site"].choices = list(Site.objects.values_list("code", "name"))  # type: ignore[attr-defined]
        for name, field in self.setting_fields().items():
            self.fields[name] = field

    def setting_fields(self) -> dict[str, forms.Field]:
        """Return a field for each setting of the connector that is stored or was chosen."""
        key = self.data.get("connector") or self.instance.connector
        if key not in registry.connectors:
            return {}
        fields: dict[str, forms.Field] = {}
        for setting in registry.connectors[key].settings_form:
            stored = self.instance.settings.get(setting.name, setting.default)
            words = setting.help or ""
            if setting.secret:
                words = f"{words} {_('Empty: stays as it is.')}".strip()
            fields[_PREFIX + setting.name] = forms.CharField(
                label=setting.label,
                required=False,
                help_text=words,
                initial="" if setting.secret else stored,
                widget=forms.PasswordInput(render_value=False) if setting.secret else forms.TextInput(),
            )
        return fields

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, value in list(cleaned.items()):
            if name.startswith(_PREFIX) and isinstance(value, str) and "://" in value:
                try:
                    addresses.check(value)
                except Misconfigured as error:
                    self.add_error(name, str(error))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what was entered for the settings, by their own names."""
        return {
            name.removeprefix(_PREFIX): value for name, value in self.cleaned_data.items() if name.startswith(_PREFIX)
        }


class FlowStateForm(forms.ModelForm):
    """Whether a flow runs, and how often."""

    class Meta:
        model = FlowState
        fields = ["enabled", "cadence", "needs_approval"]

    def clean_cadence(self) -> str:
        text = self.cleaned_data["cadence"].strip()
        if text:
            try:
                parse(text)
            except BadCadence as error:
                raise forms.ValidationError(str(error)) from error
        return text


class FlowStateInline(BySiteInline, TabularInline):
    model = FlowState
    form = FlowStateForm
    extra = 0
    can_delete = False
    fields = ["flow", "enabled", "cadence", "needs_approval", "usually", "due_at", "last_ok_at", "last_error"]
    readonly_fields = ["flow", "usually", "due_at", "last_ok_at", "last_error"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("By itself"))
    def usually(self, state: FlowState) -> str:
        return str(registry.flows[state.flow].cadence) if state.flow in registry.flows else "–"


@admin.register(Connection)
class ConnectionAdmin(BySite, SimpleHistoryAdmin, ModelAdmin):
    """Connections. After choosing the kind of ERP and saving, its settings appear."""

    see = "bridge:read"
    edit = "bridge:write"
    site_path = "site"
    form = ConnectionForm
    inlines = [FlowStateInline]
    list_display = ["name", "label", "site", "connector", "health", "enabled"]
    list_filter = ["connector", "enabled", "paused"]
    search_fields = ["name", "label", "site"]
    actions = ["test_connection", "pause", "resume", "seal_anew"]

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        first = [(None, {"fields": ["name", "label", "site", "connector", "enabled", "settle_seconds"]})]
        form = ConnectionForm(instance=obj or Connection(), data=request.POST if request.method == "POST" else None)
        names = list(form.setting_fields())
        return [*first, (_("Settings"), {"fields": names})] if names else first

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # The settings' fields are made by the form itself, so Django must not look for them on the model.
        kwargs["fields"] = ConnectionForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["name"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # What was said over it is kept for ever; switch it off instead.

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        values = {name: value for name, value in form.values().items() if value != ""}
        kind = registry.connectors[obj.connector]
        missing = [each for each in kind.settings_form if each.required and not each.default]
        if values or not missing or obj.secrets:
            connections.save_settings(obj, values)
        super().save_model(request, obj, form, change)
        Circuit.objects.get_or_create(connection=obj)
        wiring.enroll(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        wiring.forget()

    @admin.display(description=_("State"))
    def health(self, connection: Connection) -> SafeString:
        return format_html("{}", _("paused") if connection.paused else _("going"))

    @admin.action(description=_("Test the connection"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            try:
                messages.success(request, f"{connection}: {connections.test(connection)}")
            except CallFailed as error:
                messages.error(request, f"{connection}: {error}")

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            connections.pause(connection, reason=f"Paused by {request.user}.")
            messages.success(request, f"{connection}: {_('paused; what is to be said is kept.')}")

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            connections.resume(connection)
            messages.success(request, f"{connection}: {_('goes on.')}")

    @admin.action(description=_("Seal the secrets with the newest key"), permissions=["change"])
    def seal_anew(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset:
            connection.secrets = vault.reseal(connection.secrets)
            connection.save(update_fields=["secrets", "changed_at"])
            messages.success(request, f"{connection}: {_('sealed anew.')}")
