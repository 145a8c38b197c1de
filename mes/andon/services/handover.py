"""What one shift leaves to the next at a work center."""

import uuid
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mes.andon import queries
from mes.andon.events import HandoverAccepted, ShiftHandedOver
from mes.andon.models import Handover
from mes.core import bus
from mes.core.clocks import effective_time
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.execution.services.locking import clock_time
from mes.masterdata.models import Person, WorkCenter

LONGEST_NOTE = 4000


class HandoverUnknown(NotFound):
    """There is no such handover."""

    code = "handover_unknown"


class HandoverAcceptedBefore(DomainError):
    """Somebody has taken over."""

    code = "handover_accepted"
    title = gettext_lazy("Taken over already")


class NoteTooLong(InvalidInput):
    """A handover is a note, not a report."""

    code = "note_too_long"


@transaction.atomic
def hand_over(
    *, handover_id: UUID, work_center_id: int, person: Person, occurred_at: datetime, now: datetime, note: str = ""
) -> Handover:
    """Hand a work center over: the note, and what is open there now. The same id again returns the first one.

    :raises NoteTooLong: the note is longer than 4,000 characters.
    """
    if len(note) > LONGEST_NOTE:
        raise NoteTooLong(_("A note has at most %(n)s characters.") % {"n": LONGEST_NOTE}, field="note")
    center = WorkCenter.objects.select_for_update(of=("self",)).select_related("site").get(pk=work_center_id)
    known = Handover.objects.filter(pk=handover_id).first()
    if known:
        return known
    at = effective_time(claimed=occurred_at, now=now)
    handover = Handover.objects.create(
        id=handover_id, site=center.site, work_center=center, note=note.strip(), person=person, handed_over_at=at,
        points=queries.open_points(center, now=now),
    )  # fmt: skip
    bus.publish(
        ShiftHandedOver(
            event_id=handover.pk, site=center.site.code, subject=f"center/{center.code}", occurred_at=at,
            handover_id=handover.pk, work_center=center.code, person=person.number, note=handover.note,
            points=tuple(handover.points),
        )
    )  # fmt: skip
    return handover


@transaction.atomic
def accept_handover(*, handover_id: UUID, person: Person, occurred_at: datetime, now: datetime) -> Handover:
    """Take over: every open point has been read. Earlier handovers of the work center that nobody took over end with it.

    :raises HandoverUnknown: there is no such handover.
    :raises HandoverAcceptedBefore: somebody else has taken over, saying who and when.
    """
    found = Handover.objects.select_for_update(of=("self",)).select_related("work_center", "site", "accepted_by")
    handover = found.filter(pk=handover_id).first()
    if handover is None:
        raise HandoverUnknown(_("There is no such handover."))
    if handover.accepted_at:
        if handover.accepted_by_id == person.pk:
            return handover
        raise HandoverAcceptedBefore(
            _("%(who)s took over %(time)s.")
            % {"who": handover.accepted_by, "time": clock_time(handover.accepted_at, handover.site)}
        )
    at = effective_time(claimed=occurred_at, now=now)
    earlier = Handover.objects.filter(
        work_center=handover.work_center, accepted_at=None, handed_over_at__lte=handover.handed_over_at
    )
    for one in earlier.select_for_update():
        one.accepted_at, one.accepted_by = at, person
        one.save(update_fields=["accepted_at", "accepted_by"])
        bus.publish(
            HandoverAccepted(
                event_id=uuid.uuid5(one.pk, "accepted"), site=handover.site.code,
                subject=f"center/{handover.work_center.code}", occurred_at=at, handover_id=one.pk,
                work_center=handover.work_center.code, person=person.number,
            )
        )  # fmt: skip
    handover.refresh_from_db()
    return handover
