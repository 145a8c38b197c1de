"""Serializers that refuse what they do not know, and say what was probably meant."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError


class Input(serializers.Serializer):
    """What a caller may send. An unknown name is an error; a name in ``refused`` exists but is not theirs to set.

    ``refused`` maps the name to the reason, e.g. ``{"status": "Use /release, /hold, ..."}``.
    """

    refused: ClassVar[Mapping[str, str]] = {}
    unknown_code: ClassVar[str] = "unknown_field"

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            raise ValidationError({"non_field_errors": [ErrorDetail("Send a JSON object here.", code="type_invalid")]})
        wrong = dict(self._strangers(data))
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError(
                {**error.detail, **wrong} if isinstance(error.detail, dict) else error.detail
            ) from error
        if wrong:
            raise ValidationError(wrong)
        return value

    def _strangers(self, data: Mapping[str, Any]) -> Iterable[tuple[str, list[ErrorDetail]]]:
        known = {name for name, field in self.fields.items() if not field.read_only}
        for name in list(data)[:100]:
            if name in known:
                continue
            if name in self.refused or name in self.fields:
                reason = self.refused.get(name, "It is set by the system.")
                yield name, [ErrorDetail(f"This cannot be written. {reason}", code="field_not_writable")]
                continue
            near = get_close_matches(name[:64], known | set(self.refused), n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known here: {', '.join(sorted(known)) or 'nothing'}."
            yield name, [ErrorDetail(f"There is no such name.{hint}", code=self.unknown_code)]


class Filters(Input):
    """What a caller may write behind the question mark; pages add ``limit`` and ``cursor`` by themselves."""

    unknown_code = "filter_unknown"

    @classmethod
    def read(cls, params: Any, *, besides: Iterable[str] = ()) -> dict[str, Any]:
        """Return the validated filters of a query string.

        :raises rest_framework.exceptions.ValidationError: an unknown or repeated name, a value that cannot be.
        """
        double = [name for name in params if len(params.getlist(name)) > 1]
        if double:
            message = ErrorDetail("Write it once; several values are separated by commas.", code="filter_repeated")
            raise ValidationError({double[0]: [message]})
        filters = cls(data={name: value for name, value in params.items() if name not in set(besides)})
        filters.is_valid(raise_exception=True)
        return dict(filters.validated_data)


class ChoicesField(serializers.Field):
    """One or several of some words, separated by commas: ``?status=RELEASED,RUNNING``."""

    default_error_messages = {"choice_unknown": "{word} is none of: {choices}."}

    def __init__(self, choices: Iterable[str], **kwargs: Any) -> None:
        self.choices = tuple(choices)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        words = tuple(word for word in str(data).split(",") if word)
        for word in words:
            if word not in self.choices:
                self.fail("choice_unknown", word=ascii(word)[:40], choices=", ".join(self.choices))
        return words

    def to_representation(self, value: Any) -> str:
        return ",".join(value)

    def describe(self) -> dict[str, Any]:
        word = "|".join(self.choices)
        return {"type": "string", "pattern": f"^({word})(,({word}))*$"}


class ChoiceField(ChoicesField):
    """Exactly one of some words."""

    def to_internal_value(self, data: Any) -> str:  # type: ignore[override]
        if data not in self.choices:
            self.fail("choice_unknown", word=ascii(data)[:40], choices=", ".join(filter(None, self.choices)))
        return str(data)

    def to_representation(self, value: Any) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({'|'.join(self.choices)})$"}


class FlagField(serializers.Field):
    """``true`` or ``false`` in a query string."""

    default_error_messages = {"type_invalid": "Write true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if data not in ("true", "false"):
            self.fail("type_invalid")
        return bool(data == "true")

    def to_representation(self, value: bool) -> str:
        return "true" if value else "false"

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "enum": ["true", "false"]}


class OrderingField(serializers.Field):
    """One of the orders in which a list can be had."""

    default_error_messages = {"filter_unknown": "{word} is no order of this list. There are: {choices}."}

    def __init__(self, orders: Mapping[str, tuple[str, ...]], **kwargs: Any) -> None:
        self.orders = orders
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> tuple[str, ...]:
        if data not in self.orders:
            self.fail("filter_unknown", word=ascii(data)[:40], choices=", ".join(self.orders))
        return self.orders[data]

    def to_representation(self, value: Any) -> str:
        return str(value)

    def describe(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.orders)}
