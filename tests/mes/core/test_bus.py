"""Events reach their subscribers in the publisher's transaction, or not at all."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import transaction

from mes.core import bus
from mes.core.event import Event


@dataclass(frozen=True, kw_only=True)
class Happened(Event):
    pass


@dataclass(frozen=True, kw_only=True)
class HappenedElsewhere(Event):
    pass


@pytest.fixture
def heard(monkeypatch):
    monkeypatch.setattr(bus, "_subscribers", bus.defaultdict(list))
    return []


def an(event_type):
    return event_type(event_id=uuid.uuid4(), site="NW", subject="WO-1", occurred_at=datetime.now(UTC))


@pytest.mark.django_db
def test_a_subscriber_hears_its_type_and_a_subscriber_to_everything_hears_all(heard):
    bus.subscribe(Happened, lambda event: heard.append(("one", event)))
    bus.subscribe(Event, lambda event: heard.append(("all", event)))
    first, second = an(Happened), an(HappenedElsewhere)

    with transaction.atomic():
        bus.publish(first)
        bus.publish(second)

    assert heard == [("one", first), ("all", first), ("all", second)]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_published_outside_a_transaction(heard):
    bus.subscribe(Happened, heard.append)

    with pytest.raises(bus.PublishedOutsideTransaction):
        bus.publish(an(Happened))

    assert heard == []
