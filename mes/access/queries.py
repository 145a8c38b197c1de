"""What a caller may do, asked of the database at most every few seconds."""

import hashlib
import threading
import time
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from mes.access.models import ApiKey, FloorRole, Membership
from mes.access.rules import SiteGrant, rights_by_site, rights_of_roles
from mes.masterdata.models import Person, Site
from mes.masterdata.queries import zone_of

CACHE_SECONDS = 3.0
"""How long a key is believed without asking again: a revoked key stops working within this time, in every process."""
CACHE_SIZE = 4096

_cache: dict[str, tuple[float, "SiteGrant | str"]] = {}
_lock = threading.Lock()


def grant_of_user(user: AbstractBaseUser | AnonymousUser | None) -> SiteGrant | None:
    """Return what the signed-in person may do, or None for nobody; one query per request."""
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    known: SiteGrant | None = getattr(user, "_lineside_grant", None)
    if known is None:
        known = SiteGrant(
            actor=f"user:{user.get_username()}",
            by_site={}
            if getattr(user, "is_superuser", False)
            else rights_by_site(Membership.objects.filter(user_id=user.pk).values_list("site__code", "role")),
            everywhere=bool(getattr(user, "is_superuser", False)),
        )
        user._lineside_grant = known  # type: ignore[attr-defined]
    return known


def sites_of(user: Any, right: str) -> QuerySet[Site]:
    """Return the sites at which the person has the right."""
    grant = grant_of_user(user)
    if grant is None:
        return Site.objects.none()
    sites = Site.objects.order_by("code")
    return sites if grant.everywhere else sites.filter(code__in=grant.sites(right))


def zone_of_user(user: Any, right: str) -> str:
    """Return the time zone in which to show what the person sees by this right."""
    return zone_of([site.code for site in sites_of(user, right)])


def sites_with(user: Any, right: str) -> frozenset[str] | None:
    """Return the codes of the sites at which the person has the right; None for every site there will ever be."""
    grant = grant_of_user(user)
    if grant is None:
        return frozenset()
    return None if grant.everywhere else grant.sites(right)


def may(user: Any, right: str, site: str) -> bool:
    """Say whether the person has the right at the site (by code)."""
    grant = grant_of_user(user)
    return grant is not None and grant.at(site, right)


def rights_of_person(person: Person) -> frozenset[str]:
    """Return what a person may do on the floor of their site, who is known there by badge and PIN; asked each time."""
    if not person.active:
        return frozenset()
    return rights_of_roles(FloorRole.objects.filter(person=person).values_list("role", flat=True))


def digest_of(key: str) -> str:
    """Return what is stored of a key. It has 256 random bits, so that a plain hash cannot be turned round."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def grant_of_key(key: str, *, now: datetime) -> SiteGrant | str:
    """Return what the key may do, or the code of the refusal: ``auth_invalid`` or ``auth_expired``.

    The database is asked at most once in ``CACHE_SECONDS`` for each key and process.
    """
    digest = digest_of(key)
    moment = time.monotonic()
    cached = _cache.get(digest)
    if cached and cached[0] > moment:
        found = cached[1]
    else:
        found = _look_up(digest)
        with _lock:
            if len(_cache) >= CACHE_SIZE:
                _cache.clear()
            _cache[digest] = (moment + CACHE_SECONDS, found)
    if isinstance(found, SiteGrant) and found.expires_at and found.expires_at <= now:
        return "auth_expired"
    return found


def forget_keys() -> None:
    """Forget what is known of keys in this process, so that a change made here counts at once."""
    with _lock:
        _cache.clear()


def _look_up(digest: str) -> SiteGrant | str:
    row = (
        ApiKey.objects.filter(digest=digest)
        .values_list("pk", "prefix", "site__code", "scopes", "expires_at", "revoked_at")
        .first()
    )
    if row is None:
        return "auth_invalid"
    pk, prefix, site, scopes, expires_at, revoked_at = row
    if revoked_at:
        return "auth_expired"
    return SiteGrant(actor=f"key:{prefix}", by_site={site: frozenset(scopes)}, expires_at=expires_at, key_id=pk)
