"""Named moments in a worker's life, at which a test can stop it."""

from collections.abc import Callable

POINTS = (
    "after claim", "after intent", "after answer", "before done commit", "before idle", "before look-up",
    "after look-up", "in replay",
)  # fmt: skip

_listener: Callable[[str], None] | None = None


def listen(listener: Callable[[str], None] | None) -> None:
    """Have ``listener`` called with the name of each point that is reached."""
    global _listener
    _listener = listener


def reached(name: str) -> None:
    """Tell the listener, if there is one."""
    if _listener is not None:
        _listener(name)
