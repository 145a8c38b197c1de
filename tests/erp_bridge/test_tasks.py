"""Celery's way in, with a broker that is not there."""

import pytest
from celery import Celery
from redis import Redis

from config.celery import app as product
from erp_bridge import tasks
from erp_bridge.engine import nudge
from tests import servers


@pytest.fixture
def speak_to():
    """Return a function that makes the product's tasks go to another broker; afterwards they go where they went."""

    def speak(url):
        Celery("elsewhere", broker=url, set_as_current=True)

    yield speak
    product.set_current()


def test_a_broker_that_is_down_takes_no_nudge_and_says_so_in_our_words(speak_to):
    speak_to(f"redis://127.0.0.1:{servers.free_port()}/0")
    with pytest.raises(nudge.NotTaken, match=r"refused"):
        tasks.publish_nudge(7)


@pytest.mark.redis
def test_a_broker_that_dies_after_it_was_reached_takes_no_nudge_either(speak_to, redis_url):
    speak_to(redis_url)
    tasks.publish_nudge(7)
    Redis.from_url(redis_url).shutdown(nosave=True)
    with pytest.raises(nudge.NotTaken):
        tasks.publish_nudge(8)
