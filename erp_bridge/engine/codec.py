"""Events and records to JSON and back, exactly: Decimal, UUID, instants, dates, tuples of dataclasses."""

import hashlib
import json
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID


class Unreadable(ValueError):
    """Stored JSON does not fit the class it should become; the message says which field."""


def dump(thing: Any) -> dict[str, Any]:
    """Return a dataclass as plain JSON values: Decimal and UUID as text, instants in ISO 8601 with their offset."""
    return {name: _plain(getattr(thing, name)) for name in _names(type(thing))}  # type: ignore[arg-type]


def load(thing_type: type, data: dict[str, Any]) -> Any:
    """Return the dataclass that :func:`dump` described.

    A field that was added since takes its default; one that has gone is ignored.

    :raises Unreadable: a field is missing or has the wrong shape.
    """
    values = {}
    for name, revive, required in _readers(thing_type):
        if name in data:
            try:
                values[name] = revive(data[name])
            except (ValueError, TypeError, ArithmeticError, AttributeError) as error:
                raise Unreadable(f"{thing_type.__name__}.{name}: {data[name]!r} cannot be read: {error}") from error
        elif required:
            raise Unreadable(f"{thing_type.__name__}.{name} is missing.")
    return thing_type(**values)


def canonical(data: Any) -> str:
    """Return JSON in its one canonical form, the text that is hashed."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(data: Any) -> str:
    """Return the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


@lru_cache(maxsize=512)
def _names(thing_type: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(thing_type))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, tuple | list | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return dump(value)
    raise TypeError(f"{value!r} has no place in a stored event; use Decimal, UUID, datetime, text or a dataclass.")


@lru_cache(maxsize=512)
def _readers(thing_type: type) -> tuple[tuple[str, Callable[[Any], Any], bool], ...]:
    hints = typing.get_type_hints(thing_type)
    return tuple(
        (
            field.name,
            _reviver(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(thing_type)
        if field.init
    )


_SCALARS: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    UUID: UUID,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
}


def _reviver(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [_reviver(each) for each in typing.get_args(hint) if each is not type(None)]
        return lambda value: None if value is None else inner[0](value)
    if origin in (tuple, list):
        item = _reviver(typing.get_args(hint)[0])
        return lambda value: origin(item(each) for each in value)
    if hint in _SCALARS:
        return _SCALARS[hint]
    if is_dataclass(hint):
        return lambda value: load(typing.cast(type, hint), value)
    return lambda value: value
