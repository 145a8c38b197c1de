"""The machines as a terminal lists them."""

import pytest

from mes.masterdata.models import WorkUnit
from mes.terminal.panels import Place, panels
from tests.factories import make_work_order
from tests.mes.execution.helpers import at, start

pytestmark = pytest.mark.django_db


def test_the_machine_of_the_job_one_looks_at_comes_first():
    order = make_work_order()
    operation = order.operations.get(position=1)
    center = operation.work_center
    for code in ("A-1", "Z-9"):
        WorkUnit.objects.create(site=order.site, work_center=center, code=code)
    start(order, "10", work_unit="Z-9")

    def listed(job):
        told = panels["machines"].context(Place(work_center=center, job=job, now=at(5)))
        return [one["unit"].code for one in told["machines"]]

    assert listed(str(operation.pk))[:2] == ["Z-9", "A-1"]
    waiting = make_work_order(number="WO-2").operations.get(position=1)
    waiting.work_center = center
    waiting.save()
    assert listed(str(waiting.pk)) == sorted(listed(str(waiting.pk)))
