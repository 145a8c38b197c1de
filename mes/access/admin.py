"""Memberships and API keys in the admin; a key's text is shown once, when it is made."""

from typing import Any

from axes.admin import AccessAttemptAdmin
from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin

from mes.access import services
from mes.access.models import ApiKey, FloorRole, Membership
from mes.access.rules import RIGHTS
from mes.core.by_site import BySite

MANAGE = "access:manage"


@admin.register(Membership)
class MembershipAdmin(BySite, SimpleHistoryAdmin, ModelAdmin):
    """Who has which role where."""

    see = edit = MANAGE
    site_path = "site__code"
    list_display = ["user", "site", "role"]
    list_filter = ["site", "role"]
    search_fields = ["user__username", "user__last_name", "site__code"]


admin.site.unregister(AccessAttempt)


@admin.register(AccessAttempt)
class AttemptAdmin(AccessAttemptAdmin):
    """Failed attempts to sign in; those that count no more can be cleared away."""

    @admin.action(description="Clean up expired attempts")
    def cleanup_expired_attempts(self, request: HttpRequest, queryset: QuerySet) -> None:
        # The moment that decides which have expired: axes gives it only to requests that sign in.
        request.axes_attempt_time = timezone.now()  # type: ignore[attr-defined]
        super().cleanup_expired_attempts(request, queryset)


@admin.register(FloorRole)
class FloorRoleAdmin(BySite, SimpleHistoryAdmin, ModelAdmin):
    """Whose badge and PIN allow more than an operator's, at the terminals of their site."""

    see = edit = MANAGE
    site_path = "person__site__code"
    list_display = ["person", "role"]
    list_filter = ["person__site", "role"]
    search_fields = ["person__number", "person__name"]
    autocomplete_fields = ["person"]
    list_select_related = ["person"]


class ApiKeyForm(forms.ModelForm):
    """A key's name, site, rights and end."""

    scopes = forms.MultipleChoiceField(
        choices=[(right, f"{right}: {what}") for right, what in RIGHTS.items()],
        widget=forms.CheckboxSelectMultiple,
        label="Rights",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "site", "scopes", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(BySite, SimpleHistoryAdmin, ModelAdmin):
    """Keys of machines and programs."""

    see = edit = MANAGE
    site_path = "site__code"
    form = ApiKeyForm
    list_display = ["name", "prefix", "site", "expires_at", "revoked_at", "last_used_at"]
    list_filter = ["site"]
    search_fields = ["name", "prefix"]
    readonly_fields = ["prefix", "created_at", "created_by", "revoked_at", "last_used_at"]
    actions = ["revoke"]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            services.forget_keys()
            return
        made, text = services.create_key(
            name=obj.name,
            site=obj.site,
            scopes=obj.scopes,
            expires_at=obj.expires_at,
            now=timezone.now(),
            person=request.user.get_username(),
        )
        obj.__dict__.update(made.__dict__)
        messages.warning(request, f"Copy the key now; it is shown only this once: {text}")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # facts name the key that sent them: it is revoked, never deleted

    @admin.action(description="Revoke the selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        """End the keys: here at once, in other processes within seconds."""
        for key in queryset:
            services.revoke_key(key=key, now=timezone.now())
        messages.success(request, f"{len(queryset)} keys revoked.")
