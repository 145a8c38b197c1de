"""The pages a signed-in person can go to; apps plug theirs in, and navigation and home page list them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mes.core.registry import Registry

GROUPS = {"now": _("Now"), "record": _("What happened"), "setup": _("Set up and connect")}


@dataclass(frozen=True, kw_only=True)
class Page:
    """An entry of the navigation. ``icon`` is a symbol of ``static/icons.svg``; ``order`` sorts, small first.

    ``group`` is one of ``GROUPS``; a page that is ``in_row`` also stands in the top bar, where there is room for seven.
    ``allowed`` says whether a user may see it; without it, every signed-in user may.
    """

    key: str
    title: str | Promise
    summary: str | Promise
    url_name: str
    icon: str
    order: int = 50
    group: str = "now"
    in_row: bool = False
    allowed: Callable[[Any], bool] | None = None

    def url(self) -> str:
        """Return where the page is, or "" where this installation does not mount it."""
        try:
            return reverse(self.url_name)
        except NoReverseMatch:
            return ""


pages: Registry[Page] = Registry(Page)


def is_staff(user: Any) -> bool:
    """Return whether the user may enter the admin."""
    return bool(user.is_staff)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Give templates ``navigation`` (the pages this user may open, each with ``url`` and ``is_current``) and the same
    pages as ``navigation_groups``, each group with its title."""

    # Functions, so that pages which do not show the navigation (polls, fragments) never load the user for it.
    @cache
    def entries() -> list[dict[str, Any]]:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        listed = [(page, page.url()) for page in sorted(pages, key=lambda page: page.order)]
        shown = [(page, url) for page, url in listed if url and (page.allowed is None or page.allowed(user))]
        here = max((url for _page, url in shown if request.path.startswith(url)), key=len, default="")
        return [{"page": page, "url": url, "is_current": url == here} for page, url in shown]

    def groups() -> list[tuple[str | Promise, list[dict[str, Any]]]]:
        by_group = [(title, [one for one in entries() if one["page"].group == key]) for key, title in GROUPS.items()]
        return [(title, listed) for title, listed in by_group if listed]

    return {"navigation": entries, "navigation_groups": groups}


def posted_fact(request: HttpRequest) -> UUID:
    """Return the id that a form was made with, so that a form sent twice is one fact; a new one where it has none."""
    try:
        return UUID(request.POST.get("fact", ""))
    except ValueError:
        return uuid4()
