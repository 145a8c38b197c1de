"""What tests of the supervisor's pages share: the evening of the shift that everybody knows, and who looks at it."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth import get_user_model

from mes.access.models import Membership
from mes.core import live
from mes.terminal import queries
from tests.factories import make_site

EVENING = datetime(2026, 3, 2, 13, 59, tzinfo=UTC)


@pytest.fixture
def evening():
    """Nothing is remembered, and it is a minute before the shift ends."""
    live.forget()
    queries.forget_devices()
    with time_machine.travel(EVENING, tick=False):
        yield


@pytest.fixture
def lead(client):
    """A supervisor's browser."""
    user = get_user_model().objects.create_user("lead", password="x")
    Membership.objects.create(user=user, site=make_site(), role="SUPERVISOR")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
