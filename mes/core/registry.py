"""A place things are plugged into, which refuses strangers and duplicates at the door."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Things of one kind by their ``key``, in the order they were added."""

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, entry: Any) -> None:
        """Register a class or an instance of ``kind``.

        :raises TypeError: it is not of this registry's kind.
        :raises ValueError: its ``key`` is missing or taken by another entry.
        """
        is_ours = issubclass(entry, self.kind) if isinstance(entry, type) else isinstance(entry, self.kind)
        if not is_ours:
            raise TypeError(f"{entry!r} is not a {self.kind.__name__}")
        key = getattr(entry, "key", "")
        if not key:
            raise ValueError(f"{entry!r} has no key")
        if self._entries.get(key, entry) is not entry:
            raise ValueError(f"{key!r} is taken by {self._entries[key]!r}")
        self._entries[key] = entry

    def __getitem__(self, key: str) -> T:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def keys(self) -> list[str]:
        return list(self._entries)
