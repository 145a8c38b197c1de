"""The admin by role and site: what a person sees and edits there follows their rights, row by row, not Django's permissions."""

from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mes.core import persons
from mes.core.rights import sites_with


class BySite:
    """For a ``ModelAdmin``: ``see`` and ``edit`` are rights ("" : nobody edits), ``site_path`` leads to the site's code.

    What belongs to no site (``site_path`` is "") is seen by whoever has the right somewhere, and edited by whoever has it
    everywhere. Put it left of Django's or unfold's classes.

    Rows of a site in privacy mode name nobody and cannot be asked for by person, unless they are shown ``in_full`` because
    something in them has to be put right: then the class says itself to whom.
    """

    see: ClassVar[str] = "masterdata:read"
    edit: ClassVar[str] = "masterdata:write"
    site_path: ClassVar[str] = "site__code"
    in_full: ClassVar[bool] = False

    def sites_to(self, request: HttpRequest, right: str) -> frozenset[str] | None:
        """Return the sites at which the person has the right; None for all."""
        return sites_with(request.user, right) if right and request.user.is_active else frozenset()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._allows(self.sites_to(request, self.see), None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allows(self.sites_to(request, self.see), obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_edit(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may_edit(request, None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_edit(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        found = super().get_queryset(request)  # type: ignore[misc]
        return at_sites(found, self.site_path, self.sites_to(request, self.see))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)  # type: ignore[misc]
        return row if row is None or self.in_full else persons.veil(row)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        listed = super().get_changelist_instance(request)  # type: ignore[misc]
        for row in () if self.in_full else listed.result_list:
            persons.veil(row)
        return listed

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        fields = list(super().get_search_fields(request))  # type: ignore[misc]
        return (
            [one for one in fields if not self._asks_for_person(one)]
            if persons.private_sites() and not self.in_full
            else fields
        )

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        asked = bool(persons.private_sites()) and not self.in_full and self._asks_for_person(lookup)
        return not asked and bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]

    def _asks_for_person(self, lookup: str) -> bool:
        named = persons.named_in(self.model)  # type: ignore[attr-defined]
        return named is not None and lookup.split("__")[0] in named.persons + named.texts

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)  # type: ignore[misc]
        # It asks once for all rows; deleting asks for each, on its own page.
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Leave out of an action that changes something what the person may only look at."""
        chosen = self.get_actions(request).get(request.POST.get("action", ""))
        if chosen and "change" in getattr(chosen[0], "allowed_permissions", ()):
            queryset = at_sites(queryset, self.site_path, self.sites_to(request, self.edit))
        return super().response_action(request, queryset)  # type: ignore[misc]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Refuse in the form what would put the row at a site where the person may not edit."""
        form = super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]

        def check_site(bound: Any) -> None:
            form._post_clean(bound)
            if not bound.errors and not self._may_edit(request, bound.instance):
                bound.add_error(None, _("You may not keep this at that site. Ask whoever manages access."))

        return type(form.__name__, (form,), {"_post_clean": check_site})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        _narrow(self, db_field, request, kwargs)
        return _patient(super().formfield_for_foreignkey(db_field, request, **kwargs))  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        _narrow(self, db_field, request, kwargs)
        return _patient(super().formfield_for_manytomany(db_field, request, **kwargs))  # type: ignore[misc]

    def _may_edit(self, request: HttpRequest, obj: Any) -> bool:
        sites = self.sites_to(request, self.edit)
        return sites is None if not self.site_path else self._allows(sites, obj)

    def _allows(self, sites: frozenset[str] | None, obj: Any) -> bool:
        if sites is None:
            return True
        if obj is None or not self.site_path:
            return bool(sites)
        try:
            return str(attrgetter(self.site_path.replace("__", "."))(obj)) in sites
        except (ObjectDoesNotExist, AttributeError):
            return False


class BySiteInline:
    """For an inline: it may be seen and edited as its parent may."""

    def _parent(self) -> Any:
        return self.admin_site._registry[self.parent_model]  # type: ignore[attr-defined]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._parent().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._parent().has_change_permission(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._parent().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self._parent().has_change_permission(request, obj))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        _narrow(self, db_field, request, kwargs)
        return _patient(super().formfield_for_foreignkey(db_field, request, **kwargs))  # type: ignore[misc]


def at_sites(rows: QuerySet, site_path: str, sites: frozenset[str] | None) -> QuerySet:
    """Return the rows at these sites (None: all); without a path they belong to no site, and one site is enough."""
    if sites is None:
        return rows
    if not site_path:
        return rows if sites else rows.none()
    return rows.filter(**{f"{site_path}__in": sites})


class _Patient:
    """For a widget that looks up what was chosen: what cannot be a key is not looked up, and the form says so."""

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        key = self.field.remote_field.model._meta.pk  # type: ignore[attr-defined]
        return super().optgroups(name, [one for one in value if _may_be_key(key, one)], attrs)  # type: ignore[misc]


def _may_be_key(key: Any, chosen: Any) -> bool:
    try:
        key.run_validators(key.to_python(chosen))
    except ValidationError:
        return chosen in ("", None)
    return True


def _patient(field: Any) -> Any:
    """Let a form come back with words where Django's own widget would fail on what was sent for a list."""
    if field is not None and isinstance(field.widget, AutocompleteMixin):
        kind = type(field.widget)
        field.widget.__class__ = type(kind.__name__, (_Patient, kind), {})
    return field


def _narrow(owner: Any, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Let only what the person sees be chosen, and of sites only those at which they edit."""
    other = admin.site._registry.get(db_field.remote_field.model)
    if not isinstance(other, BySite) or "queryset" in kwargs:
        return
    parent = owner._parent() if isinstance(owner, BySiteInline) else owner
    is_place = other.site_path == "code"
    right = parent.edit if is_place and isinstance(parent, BySite) else other.see
    rows = db_field.remote_field.model._default_manager.all()
    kwargs["queryset"] = at_sites(rows, other.site_path, other.sites_to(request, right))
