"""The pages a signed-in person can go to; apps plug theirs in, and navigation and home page list them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from mes.core.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Page:
    """An entry of the navigation. ``icon`` is a symbol of ``static/icons.svg``; ``order`` sorts, small first.

    ``allowed`` says whether a user may see it; without it, every signed-in user may.
    """

    key: str
    title: str | Promise
    summary: str | Promise
    url_name: str
    icon: str
    order: int = 50
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
    """Give templates ``navigation``: the pages this user may open, each with ``url`` and ``is_current``."""

    def entries() -> list[dict[str, Any]]:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        listed = []
        for page in sorted(pages, key=lambda page: page.order):
            url = page.url()
            if url and (page.allowed is None or page.allowed(user)):
                listed.append({"page": page, "url": url, "is_current": request.path.startswith(url)})
        return listed

    # A function, so that pages which do not show the navigation (polls, fragments) never load the user for it.
    return {"navigation": entries}
