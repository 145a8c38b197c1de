"""How Tryton writes amounts, dates and durations in JSON, and back."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

_DATETIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


def dumps(value: Any) -> str:
    """Return the JSON of a call. Numeric fields take Decimal; Float fields take what :func:`number` makes."""
    return json.dumps(value, default=_encode)


def loads(body: bytes) -> Any:
    """Return an answer, with every number that has a point as Decimal and every moment aware, in UTC.

    :raises ValueError: it is not JSON.
    """
    return json.loads(body, object_hook=_decode, parse_float=Decimal)


def number(quantity: Decimal) -> float:
    """Return a quantity for a Float field: the shortest text of the float is the quantity itself, up to 15 digits."""
    return float(quantity)


def minutes(duration: dt.timedelta | None) -> Decimal:
    """Return a duration in minutes, exact to the microsecond."""
    if duration is None:
        return Decimal(0)
    return Decimal(duration // dt.timedelta(microseconds=1)) / Decimal(60_000_000)


def duration(minutes_: Decimal) -> dt.timedelta:
    """Return so many minutes, exact to the microsecond."""
    return dt.timedelta(microseconds=int((minutes_ * 60_000_000).to_integral_value()))


def _encode(value: object) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, dt.datetime):
        moment = value.astimezone(dt.UTC)
        return {"__class__": "datetime", **{part: getattr(moment, part) for part in _DATETIME_PARTS}}
    if isinstance(value, dt.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, dt.timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    raise TypeError(f"{type(value).__name__} has no form in Tryton's JSON")


def _decode(value: dict[str, Any]) -> Any:
    kind = value.pop("__class__", None)
    if kind == "Decimal":
        return Decimal(value["decimal"])
    if kind == "datetime":
        return dt.datetime(**value, tzinfo=dt.UTC)
    if kind == "date":
        return dt.date(**value)
    if kind == "timedelta":
        return dt.timedelta(seconds=float(value["seconds"]))
    return value
