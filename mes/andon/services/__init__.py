"""Calling somebody, answering, escalating; handing a work center over and taking it over."""

from mes.andon.services.calls import acknowledge_call, arrive_at_call, escalate_calls, raise_call, resolve_call
from mes.andon.services.handover import accept_handover, hand_over
from mes.andon.services.maintenance import follow_request

__all__ = [
    "accept_handover",
    "acknowledge_call",
    "arrive_at_call",
    "escalate_calls",
    "follow_request",
    "hand_over",
    "raise_call",
    "resolve_call",
]
