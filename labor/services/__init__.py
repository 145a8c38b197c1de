"""What people do with their time: come, go, take breaks, work on things; and what supervisors put right.

``occurred_at`` is when it happened as claimed, ``now`` the doorway's clock, ``by`` the name of a supervisor.
"""

from labor.services.approving import approve_crews, approve_day
from labor.services.clocking import (
    clock_in,
    clock_off,
    clock_on,
    clock_out,
    end_break,
    start_break,
    start_indirect,
    stop_indirect,
    work_started,
    work_stopped,
)
from labor.services.correcting import (
    add_labor,
    correct_attendance,
    correct_labor,
    reverse_labor,
    set_attendance_end,
    set_labor_end,
)
from labor.services.crews import change_crew_size, set_crew_size
from labor.services.privacy import approve_everybody, forget_persons, open_person_day

__all__ = [
    "add_labor",
    "approve_crews",
    "approve_day",
    "approve_everybody",
    "change_crew_size",
    "clock_in",
    "clock_off",
    "clock_on",
    "clock_out",
    "correct_attendance",
    "correct_labor",
    "end_break",
    "forget_persons",
    "open_person_day",
    "reverse_labor",
    "set_attendance_end",
    "set_crew_size",
    "set_labor_end",
    "start_break",
    "start_indirect",
    "stop_indirect",
    "work_started",
    "work_stopped",
]
