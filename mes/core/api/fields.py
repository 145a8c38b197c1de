"""Serializer fields that take a value in one form only, so that a typing error never becomes a quantity."""

import re
import unicodedata
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers

_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?P<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class DecimalField(serializers.Field):
    """An exact decimal, as a JSON number or as text like ``"12.5"``: ASCII digits, a point, nothing else."""

    default_error_messages = {
        "type_invalid": "Send a number, or a text of digits with a point, like 12.5.",
        "precision": "At most {places} decimal places are kept.",
        "out_of_range": "At most {digits} digits before the point can be stored.",
        "min_value": "Must be at least {minimum}.",
    }

    def __init__(
        self, *, max_digits: int = 18, decimal_places: int = 6, min_value: Decimal | None = None, **kwargs: Any
    ) -> None:
        self.max_digits, self.decimal_places, self.min_value = max_digits, decimal_places, min_value
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, (str, int, Decimal)):
            self.fail("type_invalid")
        if isinstance(data, str) and not _NUMBER.fullmatch(data):
            self.fail("type_invalid")
        value = Decimal(data) + 0 if not isinstance(data, str) else Decimal(data)
        if value == 0:
            value = Decimal(0)  # -0 would print as "-0"
        if -int(value.normalize().as_tuple().exponent) > self.decimal_places:
            self.fail("precision", places=self.decimal_places)
        if value.adjusted() >= self.max_digits - self.decimal_places:
            self.fail("out_of_range", digits=self.max_digits - self.decimal_places)
        if self.min_value is not None and value < self.min_value:
            self.fail("min_value", minimum=self.min_value)
        return value

    def to_representation(self, value: Decimal) -> str:
        return decimal_text(value)

    def describe(self) -> dict[str, Any]:
        whole = self.max_digits - self.decimal_places
        sign = "" if self.min_value is not None and self.min_value >= 0 else "-?"
        pattern = rf"^{sign}[0-9]{{1,{whole}}}(\.[0-9]{{1,{self.decimal_places}}})?$"
        return {
            "type": "string",
            "pattern": pattern,
            "examples": ["12.5"],
            "description": "A JSON number is taken too.",
        }


class OutputDecimalField(serializers.Field):
    """An exact decimal as text without trailing zeros: ``"12.5"``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Decimal) -> str:
        return decimal_text(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}


def decimal_text(value: Decimal) -> str:
    """Return a decimal as plain digits: no exponent, no trailing zeros."""
    text = format(Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class IntegerField(serializers.Field):
    """A whole number as a JSON number, within the range that PostgreSQL stores."""

    default_error_messages = {
        "type_invalid": "Send a whole number.",
        "out_of_range": "Must be between {minimum} and {maximum}.",
    }

    def __init__(self, *, min_value: int = -(2**31), max_value: int = 2**31 - 1, **kwargs: Any) -> None:
        self.min_value, self.max_value = min_value, max_value
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("type_invalid")
        if not self.min_value <= data <= self.max_value:
            self.fail("out_of_range", minimum=self.min_value, maximum=self.max_value)
        return int(data)

    def to_representation(self, value: int) -> int:
        return int(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.min_value, "maximum": self.max_value}


class BooleanField(serializers.Field):
    """``true`` or ``false``, and nothing that looks like it."""

    default_error_messages = {"type_invalid": "Send true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("type_invalid")
        return bool(data)

    def to_representation(self, value: bool) -> bool:
        return bool(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "boolean"}


class TextField(serializers.Field):
    """A text for people: any language, line breaks and tabs, no other control characters; stored composed (NFC)."""

    default_error_messages = {
        "type_invalid": "Send a text.",
        "text_invalid": "The text has characters that cannot be stored.",
        "too_long": "At most {limit} characters are kept.",
        "blank": "Must not be empty.",
    }

    def __init__(self, *, max_length: int = 4000, allow_blank: bool = False, **kwargs: Any) -> None:
        self.max_length, self.allow_blank = max_length, allow_blank
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("type_invalid")
        if len(data) > self.max_length:
            self.fail("too_long", limit=self.max_length)
        if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t" for char in data):
            self.fail("text_invalid")
        if not data.strip() and not self.allow_blank:
            self.fail("blank")
        text = unicodedata.normalize("NFC", data)
        if len(text) > self.max_length:  # a few characters grow when composed
            self.fail("too_long", limit=self.max_length)
        return text

    def to_representation(self, value: str) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.max_length, **({} if self.allow_blank else {"minLength": 1})}


class CodeField(TextField):
    """A number or code (order, item, lot ...): one line, no blanks around it, nothing invisible in it."""

    default_error_messages = {
        "text_control": "A number or code must not have invisible or control characters in it.",
        "code_blanks": "A number or code must not begin or end with a blank.",
    }

    def __init__(self, *, max_length: int = 64, allow_empty: bool = False, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, allow_blank=allow_empty, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and len(data) <= self.max_length:
            if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co") for char in data):
                self.fail("text_control")
            if data != data.strip():
                self.fail("code_blanks")
        return super().to_internal_value(data)


class InstantField(serializers.Field):
    """A moment with its offset (RFC 3339), kept in UTC; without an offset nobody knows which moment is meant."""

    default_error_messages = {
        "type_invalid": "Send a time as text, like 2026-03-01T14:05:00+01:00.",
        "time_invalid": "This is not a time of the form 2026-03-01T14:05:00+01:00.",
        "time_zone_missing": "Say the offset from UTC, as in 2026-03-01T14:05:00+01:00 or ...Z.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str):
            self.fail("type_invalid")
        if _DATE.fullmatch(data):
            self.fail("time_zone_missing")
        match = _INSTANT.fullmatch(data)
        if not match:
            self.fail("time_invalid")
        if not match["zone"]:
            self.fail("time_zone_missing")
        try:
            moment = datetime.fromisoformat(data.upper().replace(" ", "T"))
            offset = moment.utcoffset() or timedelta(0)
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("time_invalid")
        if abs(offset) > timedelta(hours=18) or not EARLIEST <= moment <= LATEST:
            self.fail("time_invalid")
        return moment

    def to_representation(self, value: datetime) -> str:
        return instant_text(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


def instant_text(value: datetime) -> str:
    """Return the moment in UTC as RFC 3339 text."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


class UUIDField(serializers.Field):
    """A UUID in its written form with hyphens."""

    default_error_messages = {"type_invalid": "Send a UUID, like 6fa459ea-ee8a-4ca4-894e-db77e160355e."}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("type_invalid")
        return uuid.UUID(data)

    def to_representation(self, value: uuid.UUID) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid"}
