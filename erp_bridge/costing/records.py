"""The shape in which cost rates arrive."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class CostRateRecord:
    """A rate by validity date: ``kind`` is ``ITEM`` (per unit), ``PERSON`` or ``WORK_CENTER`` (per hour).

    ``per`` is ``UNIT``, ``HOUR`` or ``CYCLE``; ``key`` is the item number, personnel number or work center code.
    """

    site: str
    kind: str
    key: str
    valid_from: date
    amount: Decimal
    per: str
    currency: str
    external_id: str = ""
