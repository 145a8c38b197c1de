"""What others ask about master data."""

import hashlib
from collections.abc import Collection, Iterable
from decimal import Decimal
from fractions import Fraction

from django.conf import settings
from django.utils.translation import gettext as _

from mes.core import shares
from mes.core.errors import InvalidInput
from mes.masterdata import rules
from mes.masterdata.models import (
    BillOfMaterials,
    Item,
    Person,
    PrivacyPolicy,
    ReasonCode,
    Routing,
    Site,
    SplitPolicy,
    Uom,
)


class UnknownReason(InvalidInput):
    """There is no such reason of the kind that is asked for."""

    code = "reason_unknown"


def unit_of(uom: Uom) -> rules.Unit:
    """Return a unit as the plain values that rules take."""
    return rules.Unit(uom.code, uom.dimension, Fraction(uom.numerator) / Fraction(uom.denominator), uom.decimals)


def uom_symbols() -> dict[str, str]:
    """Return how people write each unit, by its code."""
    return {uom.code: str(uom) for uom in Uom.objects.all()}


def to_item_unit(*, item: Item, quantity: Decimal, uom: Uom) -> Decimal:
    """Return a quantity in the item's own unit, with up to 6 places.

    :raises mes.masterdata.rules.DimensionMismatch: the item has no factor for such a unit.
    """
    if uom.pk == item.uom_id:
        return quantity
    factors = {
        row.uom.code: Fraction(row.numerator) / Fraction(row.denominator)
        for row in item.conversions.select_related("uom")
    }
    exact = rules.convert(quantity, source=unit_of(uom), target=unit_of(item.uom), factors=factors)
    return rules.rounded(exact, decimals=6)


def active_bom(*, item: Item, number: str = "") -> BillOfMaterials | None:
    """Return the bill by number, or else the item's newest active one."""
    boms = BillOfMaterials.objects.filter(site_id=item.site_id, active=True)
    if number:
        return boms.filter(number=number).first()
    return boms.filter(item=item).order_by("-pk").first()


def active_routing(*, item: Item, number: str = "") -> Routing | None:
    """Return the routing by number, or else the item's newest active one."""
    routings = Routing.objects.filter(site_id=item.site_id, active=True)
    if number:
        return routings.filter(number=number).first()
    return routings.filter(items=item).order_by("-pk").first()


def reasons(*, site: Site, kind: str) -> Iterable[ReasonCode]:
    """Return the active reasons of a kind, parents before children, for a form."""
    return ReasonCode.objects.filter(site=site, kind=kind, active=True).select_related("parent").order_by("code")


def split_rules(*, site_id: int) -> list[shares.Rule]:
    """Return how the site divides time between jobs that go on at once, by validity; EQUAL before the first."""
    rows = SplitPolicy.objects.filter(site_id=site_id).order_by("valid_from").values_list("valid_from", "policy")
    return [shares.Rule(valid_from, policy) for valid_from, policy in rows]


def privacy_of(*, site_id: int) -> PrivacyPolicy | None:
    """Return the site's privacy policy where it is in force."""
    return PrivacyPolicy.objects.filter(site_id=site_id, active=True).first()


def private_sites(sites: Collection[str] | None = None) -> frozenset[str]:
    """Return the codes of sites (of these; None: of all) at which nothing may show what one person did."""
    found = PrivacyPolicy.objects.filter(active=True)
    if sites is not None:
        found = found.filter(site__code__in=sites)
    return frozenset(found.values_list("site__code", flat=True))


def is_pseudonym(text: str) -> bool:
    """Say whether it is a pseudonym, and no personnel number."""
    return text.startswith(rules.PSEUDONYM)


def pseudonym_of(*, site: str, number: str) -> str:
    """Return by what name a person of a site in privacy mode is told of; "" and pseudonyms stay what they are."""
    if not number or is_pseudonym(number):
        return number
    secret = settings.LINESIDE_PSEUDONYM_KEY or hashlib.sha256(b"pseudonyms" + settings.SECRET_KEY.encode()).hexdigest()
    return rules.pseudonym(key=secret.encode(), site=site, number=number)


def sites_in_privacy() -> dict[int, str]:
    """Return the codes of all sites in privacy mode by their keys (see ``mes.core.persons``)."""
    return dict(PrivacyPolicy.objects.filter(active=True).values_list("site_id", "site__code"))


def is_personnel_number(*, site: str, text: str) -> bool:
    """Say whether it is, or was before somebody was renumbered, a personnel number at the site."""
    return any(people.filter(site__code=site, number=text).exists() for people in (Person.objects, Person.history))


def placers(written: Collection[str], *, site_id: int) -> dict[str, str]:
    """Return how those who placed something, as it is written down, are named where everybody reads it.

    A person by name, others as written; at a private site nobody.
    """
    if privacy_of(site_id=site_id):
        return {}
    names = dict(Person.objects.filter(site_id=site_id, number__in=written).values_list("number", "name"))
    return {by: names.get(by, by) for by in written if by}


def zone_of(sites: Collection[str]) -> str:
    """Return the time zone in which to show these sites: theirs where they share one, else UTC."""
    zones = set(Site.objects.filter(code__in=sites).values_list("time_zone", flat=True))
    return zones.pop() if len(zones) == 1 else "UTC"


def hold_reason(*, site: Site, code: str) -> ReasonCode | None:
    """Return the active HOLD reason of that code, or None for "".

    :raises UnknownReason: the site has no such hold reason.
    """
    if not code:
        return None
    found = ReasonCode.objects.filter(site=site, kind=ReasonCode.Kind.HOLD, code=code, active=True).first()
    if found is None:
        raise UnknownReason(
            _("There is no hold reason %(code)s. Choose one from the list.") % {"code": code}, field="reason"
        )
    return found
