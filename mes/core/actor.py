"""Who is acting in this request or task, for the journal; facts themselves name their person explicitly."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str] = ContextVar("lineside_actor", default="")


def current_actor() -> str:
    """Return ``user:<name>``, ``key:<prefix>``, or "" where nobody has said."""
    return _actor.get()


def set_actor(name: str) -> None:
    """Name who acts from here on in this thread; each request begins by naming nobody."""
    _actor.set(name)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Name who acts within the block."""
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)
