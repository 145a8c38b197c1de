"""What people do about quality: freeze plans, take readings, release samples, find and decide nonconformances.

``person`` is the Person who acts, or None; ``by`` is the name of who decided at a desk. Order and operation are locked
before anything of quality's own.
"""

from quality.services.freezing import freeze_plans, revise_plan, translate_plan
from quality.services.nonconformances import (
    AlreadyDecided,
    CannotDispose,
    QuantityOverNonconformance,
    QuantityOverStock,
    dispose_nonconformance,
    lift_hold_of,
    raise_for_lot,
    raise_nonconformance,
)
from quality.services.readings import (
    CheckUnknown,
    Entry,
    NotDue,
    NothingToRelease,
    ReadingIdReused,
    ValueUnreadable,
    release_sample,
    take_readings,
    words_of,
)

__all__ = [
    "AlreadyDecided",
    "CannotDispose",
    "CheckUnknown",
    "Entry",
    "NotDue",
    "NothingToRelease",
    "QuantityOverNonconformance",
    "QuantityOverStock",
    "ReadingIdReused",
    "ValueUnreadable",
    "dispose_nonconformance",
    "freeze_plans",
    "lift_hold_of",
    "raise_for_lot",
    "raise_nonconformance",
    "release_sample",
    "revise_plan",
    "take_readings",
    "translate_plan",
    "words_of",
]
