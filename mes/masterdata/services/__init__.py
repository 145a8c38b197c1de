"""Bring master data up to date, whoever sends it.

Every ``apply_`` takes a page of records, compares them by hash with what is stored and writes only what differs, in
one transaction. ``owner`` is the name of the ERP connection, or "" for our own data; a row of ours that an ERP knows
becomes the ERP's, and a row of another ERP only learns the second one's id. ``now`` is the caller's clock (None: read
it here). A record that names something not here yet is not written but parked, as ``kind:key`` with the kinds
site, uom, item, work_center, bom, routing, reason. Every ``vanish_`` makes inactive what its owner no longer has.
"""

from mes.masterdata.services.calendar import apply_reasons, apply_shifts
from mes.masterdata.services.items import apply_items, apply_uoms, vanish_items, vanish_uoms
from mes.masterdata.services.making import apply_boms, apply_routings, vanish_boms, vanish_routings
from mes.masterdata.services.people import (
    BadgeRevoked,
    PersonLocked,
    apply_people,
    check_pin,
    find_by_badge,
    issue_badge,
    revoke_badge,
    set_badge,
    set_pin,
    unlock_pin,
    vanish_people,
)
from mes.masterdata.services.places import (
    SplitPolicyInvalid,
    apply_work_centers,
    set_split_policy,
    vanish_work_centers,
)
from mes.masterdata.services.sync import TooManyVanished

__all__ = [
    "BadgeRevoked",
    "PersonLocked",
    "SplitPolicyInvalid",
    "TooManyVanished",
    "apply_boms",
    "apply_items",
    "apply_people",
    "apply_reasons",
    "apply_routings",
    "apply_shifts",
    "apply_uoms",
    "apply_work_centers",
    "check_pin",
    "find_by_badge",
    "issue_badge",
    "revoke_badge",
    "set_badge",
    "set_pin",
    "set_split_policy",
    "unlock_pin",
    "vanish_boms",
    "vanish_items",
    "vanish_people",
    "vanish_routings",
    "vanish_uoms",
    "vanish_work_centers",
]
