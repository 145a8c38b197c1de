"""Tells everybody else that a call was raised or answered."""

import uuid
from datetime import datetime

from mes.andon.events import CallAnswered, CallRaised
from mes.andon.models import Call
from mes.core import bus


def tell_raised(call: Call) -> None:
    """Publish that somebody calls."""
    person = call.raised_by.number if call.raised_by else ""
    bus.publish(
        CallRaised(
            event_id=call.pk, site=call.site.code, subject=f"center/{call.work_center.code}", occurred_at=call.raised_at,
            call_id=call.pk, work_center=call.work_center.code, call=call.kind, note=call.note, person=person,
            work_unit=call.work_unit.code if call.work_unit else "",
        )
    )  # fmt: skip


def tell_answered(call: Call, *, by: str, at: datetime) -> None:
    """Publish the state that an answer has brought a call to."""
    bus.publish(
        CallAnswered(
            event_id=uuid.uuid5(call.pk, call.status), site=call.site.code,
            subject=f"center/{call.work_center.code}", occurred_at=at, call_id=call.pk,
            work_center=call.work_center.code, call=call.kind, status=call.status, by=by, outcome=call.outcome,
        )
    )  # fmt: skip
