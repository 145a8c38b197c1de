"""What a flow is: one subject, one direction, one cadence, one file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from erp_bridge.sdk.cadence import Cadence, every
from erp_bridge.sdk.documents import Document
from mes.core.event import Event


class Links(Protocol):
    """What an up-flow may ask while it translates: how this ERP calls things."""

    def work_order(self, number: str) -> str:
        """Return this ERP's number for our order.

        :raises erp_bridge.sdk.errors.NotLinked: the order has no counterpart there (a manual order, not linked yet).
        """


@dataclass(frozen=True)
class Approval:
    """Whose word a flow waits for, on connections that ask for it.

    ``wanted`` says of a message's event what must be approved before it is told, "" when nothing is missing; ``event``
    is published when somebody approves, and ``given`` says of it what was approved, in the same words.
    """

    event: type[Event]
    wanted: Callable[[Any], str]
    given: Callable[[Any], str]
    missing: str
    """One sentence for people: what is missing."""


class Flow:
    """The common part of both directions."""

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    cadence: ClassVar[Cadence] = every(minutes=15)


class Pull(Flow):
    """Records that come down: ``apply`` is the MES service that takes a page of them.

    ``apply(records, *, owner)`` compares and writes only what differs, in one transaction, and returns ``Applied``.
    """

    record: ClassVar[type]
    after: ClassVar[tuple[str, ...]] = ()
    """Keys of flows that go first when several are due. Only a courtesy: what comes too early is parked, not lost."""
    apply: ClassVar[Callable[..., Any]]
    vanish: ClassVar[Callable[..., Any] | None] = None
    """``vanish(present_keys, *, owner)``: the service that makes inactive what the ERP no longer has."""


class Push(Flow):
    """Documents that go up, one per event, in the order of the events within one work order."""

    event: ClassVar[type[Event]]
    document: ClassVar[type[Document]]
    after: ClassVar[tuple[str, ...]] = ()
    """Keys of flows that must have delivered what was recorded earlier for the same work order."""
    strict: ClassVar[bool] = False
    """True: nothing of this flow passes an earlier dead letter of the same work order; a person clears it first."""
    approval: ClassVar[Approval | None] = None
    urgent: ClassVar[bool] = False
    """True: wakes a worker right after commit instead of waiting for the sweep."""

    def translate(self, event: Any, links: Links) -> Document | None:
        """Return the document for the event, or None when the event is of no interest to an ERP."""
        raise NotImplementedError

    def collect(self, *, since: datetime, until: datetime) -> Iterable[Event]:
        """Yield roll-ups of what was recorded in the period; their ids are made of their content."""
        return ()
