"""A test's rows are numbered by its name: the same in every run, others in another test."""

import pytest
from django.db import transaction

from tests import numbering
from tests.factories import make_work_order

pytestmark = pytest.mark.django_db


def made_in(name):
    with transaction.atomic():
        numbering.begin(name)
        order = make_work_order()
        transaction.set_rollback(True)
    return order.pk, order.number


def test_what_one_test_makes_does_not_hang_on_what_another_made():
    first = made_in("one")
    for _ in range(3):
        make_work_order()
    assert made_in("one") == first != made_in("another")
