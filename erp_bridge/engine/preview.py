"""What would be said about a message, and why it is where it is, in words for people; nothing is sent."""

import json
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from erp_bridge.engine import codec, links, order, registry, wording
from erp_bridge.engine.states import State
from erp_bridge.models import OutboundMessage
from erp_bridge.sdk.errors import NotLinked
from erp_bridge.sdk.flow import Push

HELP = {
    "REJECTED": gettext_lazy(
        "The ERP understood it and refused. Mend the cause there (or here, by a corrected copy), then send it again."
    ),
    "BUG": gettext_lazy("Our own fault. Nothing is lost: once it is mended, send it again."),
    "POISON": gettext_lazy(
        "Workers died with this message. It may have been booked: sending it again looks for it first."
    ),
    "ALREADY": gettext_lazy("The ERP says that it has this already."),
    "NOT_SENT": gettext_lazy("The ERP could not be reached. It is tried again by itself."),
    "BUSY": gettext_lazy("The ERP had no time. It is tried again by itself, as long as it takes."),
    "NOT_READY": gettext_lazy(
        "Someone is changing this record in the ERP. It is tried again by itself, as long as it takes."
    ),
    "AMBIGUOUS": gettext_lazy("No clear answer came. It is looked for before anything is sent again."),
    "CONTRACT": gettext_lazy(
        "The answer had a shape that we do not know. It is looked for; someone should look at the connector too."
    ),
    "DIED": gettext_lazy("The worker that was sending it vanished. It is looked for before anything is sent again."),
    "NOT_LINKED": gettext_lazy("Its order has no counterpart in this ERP yet. It goes as soon as the order is linked."),
    "NOT_APPROVED": gettext_lazy("A supervisor has not approved this yet. It goes as soon as that is done."),
    "CONFIG": gettext_lazy(
        "The connection is wrong (address, credentials or rights). It goes when the connection is resumed."
    ),
}


def document_of(message: OutboundMessage) -> tuple[str, str]:
    """Return the document as JSON text, and "" or the reason why there is none."""
    try:
        flow, event = wording.read(message)
        document = wording.say(flow, event, links.LinksOf(message.connection))
    except (NotLinked, wording.CannotSay) as error:
        return "", str(error)
    if document is None:
        return "", _("There is nothing to tell this ERP.")
    return json.dumps({type(document).__name__: codec.dump(document)}, indent=2, ensure_ascii=False), ""


def explain(message: OutboundMessage, *, now: datetime) -> str:
    """Return one or two sentences: what the message waits for, or what a person can do about it."""
    words = (
        str(HELP.get(message.outcome, ""))
        if message.state not in (State.DONE, State.DISCARDED, State.SUPERSEDED)
        else ""
    )
    if message.state == State.REVIEW:
        return _("It may be booked or not, and this ERP cannot tell us. Look there, then say which it is.")
    if message.state not in (State.PENDING, State.DOUBT):
        return words
    if message.connection.paused:
        return _("The connection is paused. It goes when the connection is resumed.")
    if message.stream.held:
        return _("A person holds what this ERP is told about this order.")
    before = _waits_for(message)
    if before:
        return f"{words} {before}".strip()
    if message.due_at is None:
        return _("It goes when a person sends it: this flow is started by hand.")
    if message.due_at > now:
        at = f"{timezone.localtime(message.due_at):%H:%M:%S}"
        then = _("It is looked for at %(time)s.") if message.state == State.DOUBT else _("It is due at %(time)s.")
        return f"{words} {then % {'time': at}}".strip()
    return words or _("It goes with the next sweep.")


def _waits_for(message: OutboundMessage) -> str:
    earlier = OutboundMessage.objects.filter(stream_id=message.stream_id, seq__lt=message.seq, state__in=order.OPEN)
    flow = registry.flows[message.flow] if message.flow in registry.flows else None
    barrier = flow.after if flow is not None and issubclass(flow, Push) else ()
    for other in earlier.order_by("seq"):
        refused = other.state == State.DEAD
        if (other.flow == message.flow and not refused) or other.flow in barrier or (refused and message.strict):
            waits = _("It waits for message %(message)d (%(flow)s, %(state)s).") % {
                "message": other.pk, "flow": other.flow, "state": other.get_state_display().lower(),
            }  # fmt: skip
            if refused or other.state == State.REVIEW:
                waits += " " + _("A person must decide about that one first.")
            return waits
    return ""
