"""What the counters of machines showed."""

from mes.execution.models import CounterReading


def last_reading(operation_id: int) -> CounterReading | None:
    """Return an operation's newest reading that still counts: whose report, if it made one, was not taken back."""
    readings = CounterReading.objects.filter(operation_id=operation_id, report__reversed_by=None)
    return readings.order_by("-recorded_at").first()


def last_on_machine(work_unit_id: int | None) -> CounterReading | None:
    """Return the newest reading of a machine, of whatever job: from there the next one most likely starts."""
    if work_unit_id is None:
        return None
    return CounterReading.objects.filter(work_unit_id=work_unit_id).order_by("-recorded_at").first()
