"""Wakes a worker after a commit, if that costs nothing: what is nudged may be lost, and the sweep finds it."""

import logging
import queue
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)

_QUEUE_LENGTH = 1000
_waiting: queue.Queue[int] = queue.Queue(maxsize=_QUEUE_LENGTH)
_queued: set[int] = set()
_lock = threading.Lock()
_thread: threading.Thread | None = None
_publish: Callable[[int], None] | None = None


class NotTaken(RuntimeError):
    """The broker did not take the nudge. Whatever publishes translates its broker's errors into this."""


def publish_with(publisher: Callable[[int], None] | None) -> None:
    """Say how a stream's id reaches a worker. Called once, from the composition of the app; None: not at all."""
    global _publish
    _publish = publisher


def wake(stream_id: int) -> None:
    """Ask for a worker for the stream. Never waits, never raises: with a full queue or no broker it does nothing."""
    if _publish is None:
        return
    with _lock:
        if stream_id not in _queued and not _waiting.full():
            _waiting.put_nowait(stream_id)
            _queued.add(stream_id)
        _start()


def _start() -> None:
    # A thread does not survive a fork, so it is begun by the process that first needs it.
    global _thread
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_run, name="bridge-nudge", daemon=True)
        _thread.start()


def _run() -> None:
    while True:
        stream_id = _waiting.get()
        with _lock:
            _queued.discard(stream_id)
        if _publish is None:
            continue
        try:
            _publish(stream_id)
        except (NotTaken, OSError) as error:
            # A broker that is down, hung or wiped costs nothing but the nudge. Anything else is a mistake of ours: it
            # ends this thread in words, and the next nudge begins another.
            logger.warning("A nudge was dropped: %s", error)
