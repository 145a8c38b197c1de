"""Which role may do what, and what a caller's grant is made of; plain values, no database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

RIGHTS: Mapping[str, str] = {
    "masterdata:read": "See items, bills, routings, work centers and reasons",
    "masterdata:write": "Change items, bills, routings, work centers, reasons and shifts that no ERP owns",
    "people:read": "See the names of people",
    "orders:read": "See work orders, operations and reports",
    "orders:plan": "Make, release, link, complete and cancel work orders, and answer changes proposed by an ERP",
    "orders:hold": "Hold work orders, operations and lots, and free them",
    "operations:run": "Start, pause and complete operations",
    "calls:answer": "Acknowledge and resolve calls from the floor",
    "reports:write": "Report quantities and scrap",
    "reports:over": "Report more than the order's tolerance allows",
    "reports:reverse": "Reverse a report",
    "material:read": "See lots and movements of material",
    "material:write": "Issue and return material",
    "material:unplanned": "Allow material that the bill of an order does not have",
    "labor:read": "See who worked on what, and how long",
    "labor:write": "Clock on and off",
    "labor:correct": "Set forgotten ends, and take booked time back",
    "equipment:read": "See the states and stops of work units, and calls for maintenance",
    "stops:write": "Stop work units, explain stops and call maintenance",
    "stops:correct": "Enter forgotten stops, cut and join stops, and take entries back",
    "maintenance:write": "Acknowledge calls for maintenance and say that the work is done",
    "performance:read": "See OEE and losses",
    "performance:act": "Plan actions against losses, and say what came of them",
    "costs:read": "See rates and costs",
    "costs:write": "Keep rates that no ERP owns",
    "changes:read": "Read the journal as a feed of changes",
    "erp:write": "Hand in items and orders on behalf of an ERP",
    "bridge:read": "See connections, flows and messages",
    "bridge:write": "Re-send, edit and dismiss messages, pause and resume connections",
    "quality:read": "See checks and nonconformances",
    "quality:write": "Enter readings, report nonconformances, and have them scrapped or reworked",
    "quality:decide": "Release failed samples, and let nonconforming pieces be used or go back to the supplier",
    "quality:plan": "Keep inspection plans",
    "documents:read": "See documents and who has read them",
    "documents:write": "Keep documents, release and withdraw their revisions",
    "devices:manage": "Enroll and revoke the devices that stand at work centers",
    "people:manage": "Keep people, their badges and PINs",
    "people:unlock": "Let a person try again whose PIN was mistyped too often",
    "access:manage": "Manage memberships and API keys",
}
"""Every right there is. A key's scopes are rights as well."""

_SEE = (
    "masterdata:read",
    "orders:read",
    "material:read",
    "quality:read",
    "equipment:read",
    "performance:read",
    "documents:read",
)
_WORK = (
    *_SEE,
    "people:read",
    "operations:run",
    "reports:write",
    "material:write",
    "labor:read",
    "labor:write",
    "quality:write",
    "stops:write",
)

ROLES: Mapping[str, str] = {
    "OPERATOR": "Operator",
    "SUPERVISOR": "Supervisor",
    "PLANNER": "Planner",
    "QUALITY": "Quality",
    "MAINTENANCE": "Maintenance",
    "CONTROLLER": "Controller",
    "INTEGRATOR": "Integrator",
    "IT": "IT",
    "VIEWER": "Viewer",
}

ROLE_RIGHTS: Mapping[str, frozenset[str]] = {
    "VIEWER": frozenset(_SEE),
    "OPERATOR": frozenset(_WORK),
    "SUPERVISOR": frozenset(
        (
            *_WORK,
            "quality:decide",
            "orders:hold",
            "material:unplanned",
            "reports:over",
            "reports:reverse",
            "labor:correct",
            "bridge:read",
            "devices:manage",
            "people:manage",
            "people:unlock",
            "calls:answer",
            "stops:correct",
            "performance:act",
            "maintenance:write",
        )
    ),
    "PLANNER": frozenset(
        (
            *_SEE,
            "masterdata:write",
            "people:read",
            "people:manage",
            "quality:plan",
            "documents:write",
            "orders:plan",
            "orders:hold",
            "reports:reverse",
            "bridge:read",
            "devices:manage",
        )
    ),
    "QUALITY": frozenset(
        (
            *_SEE,
            "people:read",
            "quality:write",
            "quality:decide",
            "quality:plan",
            "documents:write",
            "orders:hold",
            "changes:read",
            "calls:answer",
        )
    ),
    "MAINTENANCE": frozenset(
        (*_SEE, "people:read", "calls:answer", "stops:write", "maintenance:write", "performance:act")
    ),
    "CONTROLLER": frozenset((*_SEE, "people:read", "labor:read", "costs:read", "costs:write", "bridge:read")),
    "INTEGRATOR": frozenset((*_SEE, "people:read", "changes:read", "erp:write", "bridge:read", "bridge:write")),
    "IT": frozenset((*_SEE, "people:read", "changes:read", "bridge:read", "devices:manage", "access:manage")),
}


def rights_of_roles(roles: Iterable[str]) -> frozenset[str]:
    """Return what somebody on the floor may: what every operator may, and what their roles add."""
    return ROLE_RIGHTS["OPERATOR"].union(*(ROLE_RIGHTS.get(role, frozenset()) for role in roles))


def roles_with(right: str) -> list[str]:
    """Return what the roles that have a right are called; a right that no role has is a superuser's."""
    return [name for role, name in ROLES.items() if right in ROLE_RIGHTS[role]]


@dataclass(frozen=True)
class SiteGrant:
    """What one caller may do, site by site (see ``mes.core.api.Grant``)."""

    actor: str
    by_site: Mapping[str, frozenset[str]] = field(default_factory=dict)
    everywhere: bool = False
    expires_at: datetime | None = None
    key_id: int | None = None

    def may(self, right: str) -> bool:
        """Say whether the caller has the right at any site."""
        return self.everywhere or any(right in rights for rights in self.by_site.values())

    def sites(self, right: str) -> frozenset[str]:
        """Return the codes of the sites at which the caller has the right; not to be asked where ``everywhere``."""
        return frozenset(site for site, rights in self.by_site.items() if right in rights)

    def at(self, site: str, right: str) -> bool:
        """Say whether the caller has the right at this site."""
        return self.everywhere or right in self.by_site.get(site, frozenset())


def rights_by_site(memberships: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Return the rights at each site that (site code, role) pairs add up to."""
    rights: dict[str, frozenset[str]] = {}
    for site, role in memberships:
        rights[site] = rights.get(site, frozenset()) | ROLE_RIGHTS.get(role, frozenset())
    return rights
