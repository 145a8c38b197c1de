"""A supervisor settles a forgotten timer in the admin."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from labor import services
from labor.models import LaborSegment
from tests.factories import NOW, make_operation, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor(client):
    client.force_login(get_user_model().objects.create_superuser("boss", "", "x"))
    return client


def forgotten() -> LaborSegment:
    segment = services.clock_on(person=make_person(), operation_id=make_operation().pk, occurred_at=NOW, now=NOW)
    late = NOW + timedelta(hours=30)
    services.clock_out(person=segment.person, occurred_at=late, now=late)
    segment.refresh_from_db()
    return segment


def test_the_true_end_books_the_time(supervisor):
    segment = forgotten()
    page = reverse("admin:labor_laborsegment_change", args=[segment.pk])
    assert supervisor.get(page).status_code == 200
    answer = supervisor.post(page, {"true_end_0": "2026-03-02", "true_end_1": "09:30:00"})
    segment.refresh_from_db()
    assert (answer.status_code, segment.minutes, segment.corrected_by) == (302, Decimal(90), "boss")
    assert b"true_end" not in supervisor.get(page).content, "what is final cannot be set again"


def test_an_impossible_end_is_refused_in_words(supervisor):
    segment = forgotten()
    page = reverse("admin:labor_laborsegment_change", args=[segment.pk])
    answer = supervisor.post(page, {"true_end_0": "2026-03-01", "true_end_1": "09:30:00"})
    assert b"is before the start" in answer.content


def test_the_lists_open(supervisor):
    forgotten()
    for name in ("laborsegment", "attendancesegment"):
        for end in ("", "?end=awaited", "?end=open", "?end=final"):
            assert supervisor.get(reverse(f"admin:labor_{name}_changelist") + end).status_code == 200
