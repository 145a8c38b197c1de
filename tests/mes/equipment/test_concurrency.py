"""Two writers at one machine: the lock on its states makes one wait for the other. On PostgreSQL, where they really meet."""

import contextlib
import uuid

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from mes.core.errors import DomainError
from mes.equipment import services
from mes.equipment.models import StateChange, StopEntry
from mes.equipment.rules.states import Change, Entry, derive
from mes.equipment.services.states import _occupations
from tests.factories import NOW, make_work_order
from tests.mes.equipment.helpers import seen, shape, stop, unit_of
from tests.mes.execution.helpers import at, pause, start
from tests.mes.execution.test_concurrency import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer: nothing to race"
    ),
]


def test_jobs_and_people_who_change_a_units_state_at_once_leave_no_gap_and_no_overlap():
    orders = [make_work_order(operations=1) for _ in range(3)]
    unit = unit_of(orders[0])
    for order in orders[1:]:
        order.operations.update(work_center=unit.work_center)

    def worker(order, first):
        def work():
            for step in range(6):
                minute = first + 10 * step
                start(order, "10", when=at(minute))
                pause(order, "10", when=at(minute + 7))
            return "done"

        return work

    def stopper():
        for step in range(6):
            for deed, minute in ((services.report_stop, 3), (services.end_stop, 4)):
                with contextlib.suppress(DomainError):  # it depends on who was first
                    deed(
                        entry_id=uuid.uuid4(),
                        work_unit_id=unit.pk,
                        person=None,
                        occurred_at=at(10 * step + minute),
                        now=at(90),
                    )
        return "done"

    assert together(*[worker(order, index) for index, order in enumerate(orders)], stopper) == ["done"] * 4

    seen(unit)
    effective = StopEntry.objects.filter(work_unit=unit, reverses=None, reversed_by=None)
    anew = derive(_occupations(unit, at(-100_000)), [Entry(one.kind, one.at) for one in effective])
    assert [
        Change(one.started_at, one.state, one.operation_id) for one in unit.state_changes.order_by("started_at")
    ] == anew


def test_the_same_stop_from_two_terminals_at_once_is_one_entry():
    order = make_work_order(operations=1)
    unit = unit_of(order)
    start(order, "10")
    entry_id = uuid.uuid4()
    together(*[lambda: stop(unit, when=at(10), entry_id=entry_id)] * 4)
    assert StopEntry.objects.count() == 1
    assert shape(unit) == [("RUNNING", 0), ("STOPPED", 10)]


def test_the_database_refuses_two_changes_at_one_moment_without_any_lock_of_ours():
    unit = unit_of(make_work_order(operations=1))

    def insert(state):
        def work():
            try:
                with transaction.atomic():
                    StateChange.objects.create(
                        site_id=unit.site_id, work_unit_id=unit.pk, started_at=NOW, recorded_at=NOW, state=state
                    )
            except IntegrityError:
                return "refused"
            finally:
                connection.close()
            return "stored"

        return work

    assert sorted(together(insert("RUNNING"), insert("STOPPED"))) == ["refused", "stored"]
