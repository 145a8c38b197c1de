"""A nudge may be lost; it may never make anyone wait."""

import threading
import time

import pytest

from erp_bridge.engine import nudge


def _settled():
    """Wait until the publishing thread has nothing left: the queue is the process's, and a full one drops what comes next."""
    until = time.monotonic() + 60
    while nudge._waiting.qsize() or nudge._queued:
        assert time.monotonic() < until, "the nudge thread does not empty its queue"
        time.sleep(0.005)


@pytest.fixture
def publisher():
    """Plug in a publisher for a while, over an empty queue."""
    kept = nudge._publish
    _settled()

    def plug(function):
        nudge.publish_with(function)

    yield plug
    nudge.publish_with(None)
    _settled()
    nudge.publish_with(kept)


def test_a_nudge_reaches_the_publisher_once_while_it_waits(publisher):
    heard, go, done = [], threading.Event(), threading.Event()

    def publish(stream_id):
        go.wait(60)
        heard.append(stream_id)
        if stream_id == 3:
            done.set()

    publisher(publish)
    for stream_id in (1, 2, 2, 2, 3):
        nudge.wake(stream_id)
    go.set()
    assert done.wait(60)
    assert heard.count(2) == 1


def test_a_broker_that_hangs_costs_the_caller_nothing_and_the_queue_stays_bounded(publisher):
    release = threading.Event()
    publisher(lambda stream_id: release.wait(60))
    # Every one of these would wait for the hung broker if waking waited at all; while it hangs none of it is published.
    for stream_id in range(10_000, 10_000 + 2 * nudge._QUEUE_LENGTH):
        nudge.wake(stream_id)
    assert not release.is_set()
    assert nudge._waiting.qsize() == nudge._QUEUE_LENGTH
    release.set()


def test_a_broker_that_is_down_is_survived(publisher):
    heard = threading.Event()

    def publish(stream_id):
        if stream_id == 77_001:
            raise ConnectionError("refused")
        if stream_id == 77_002:
            heard.set()

    publisher(publish)
    nudge.wake(77_001)
    nudge.wake(77_002)
    assert heard.wait(60)


def test_a_mistake_of_ours_is_said_and_costs_the_nudges_of_one_thread_only(publisher, monkeypatch):
    ended, heard, said = threading.Event(), threading.Event(), []

    def excepthook(how):
        said.append(how.exc_value)
        ended.set()

    def publish(stream_id):
        if stream_id == 77_003:
            raise KeyError("nobody thought of this")
        heard.set()

    monkeypatch.setattr(threading, "excepthook", excepthook)
    publisher(publish)
    nudge.wake(77_003)
    assert ended.wait(60)
    nudge._thread.join()
    nudge.wake(77_004)
    assert heard.wait(60)
    assert [type(each) for each in said] == [KeyError]


def test_without_a_publisher_nothing_is_queued(publisher):
    publisher(None)
    before = nudge._waiting.qsize()
    nudge.wake(88_001)
    assert nudge._waiting.qsize() == before
