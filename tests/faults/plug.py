"""What a worker of the kill run loads besides the product: the connector to the small ERP, and ways to break the engine."""

import json
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx

from erp_bridge.engine import connections, delivery, order, points, registry, states
from erp_bridge.engine.leases import Lease
from erp_bridge.models import OutboundMessage, Stream
from erp_bridge.sdk import errors
from erp_bridge.sdk.connector import Ack, Connector, Recall, Setting, Write
from erp_bridge.sdk.documents import Document, ProductionConfirmation
from erp_bridge.sdk.transport import Transport


class SmallErp(Connector):
    """Speaks to ``tests.faults.erp``."""

    key = "small_erp"
    label = "Small ERP"
    recall = Recall.LOOKUP
    settle = timedelta(seconds=1.6)
    settings_form = (Setting("url", "Address"), Setting("patience", "Seconds to wait", required=False, default="0.5"))
    writes: ClassVar = {ProductionConfirmation: Write("bookings")}

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        patience = float(settings["patience"])
        client = httpx.Client(base_url=settings["url"], timeout=httpx.Timeout(patience), trust_env=False)
        self._http = Transport(settings["url"], exchanges=self.exchanges, total_seconds=patience * 2, client=client)

    def close(self) -> None:
        self._http.close()

    def send(self, document: Document, *, key: str) -> Ack:
        assert isinstance(document, ProductionConfirmation)
        body = {
            "key": key,
            "order": document.work_order,
            "report": str(document.report_id),
            "place": str(document.good_quantity),
        }
        answer = self._http.request("POST", "/bookings", content=json.dumps(body))
        points.reached("after bytes sent")
        if answer.status == 422:
            raise errors.Rejected(answer.json()["error"], code=answer.json()["code"])
        if answer.status == 503:
            raise errors.Busy("later")
        return Ack(str(answer.json()["number"]))

    def find(self, document: Document, *, key: str) -> Ack | None:
        answer = self._http.request("GET", f"/bookings/{key}")
        if answer.status == 503:
            raise errors.Busy("later")
        numbers = answer.json()["numbers"]
        return Ack(str(numbers[0])) if numbers else None

    def check(self) -> str:
        self._http.request("GET", "/state")
        return "Small ERP"


class SmallErpWithKeys(SmallErp):
    key = "small_erp_keys"
    recall = Recall.KEY


class SmallErpBlind(SmallErp):
    key = "small_erp_blind"
    recall = Recall.NONE


def plug_in() -> None:
    """Make the connectors known, and break the engine in the way that ``LINESIDE_CONTROL`` names."""
    for connector in (SmallErp, SmallErpWithKeys, SmallErpBlind):
        registry.connectors.add(connector)
    if os.environ.get("LINESIDE_URGENT"):
        registry.flows["production"].urgent = True
    if control := os.environ.get("LINESIDE_CONTROL"):
        CONTROLS[control]()
    if at := os.environ.get("LINESIDE_CRASH_AT"):
        points.listen(lambda name: os._exit(9) if name == at else None)


def freeze_when_told(folder: Path) -> None:
    """Have this process stop itself between its next intent and the call, once it has received SIGUSR1: the worst moment.

    The message that it stands at is left in a file, so that the run can wait until another worker has dealt with it.
    """
    told: list[int] = []
    signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
    covers = Lease.covers_a_call

    def listener(self: Lease) -> bool:
        if told:
            told.clear()
            busy_with = Stream.objects.values_list("busy_with", flat=True).get(pk=self.stream.pk)
            (folder / f"frozen-{os.getpid()}").write_text(str(busy_with))
            os.kill(os.getpid(), signal.SIGSTOP)
        return covers(self)

    Lease.covers_a_call = listener  # type: ignore[method-assign]


def _resend_on_unknown() -> None:
    """What a plain retry does: no answer means send again."""
    judge = delivery.Delivery._after_send

    def naive(self: Any, message: Any, ack: Any, failure: Any, before: str) -> Any:
        if isinstance(failure, errors.OutcomeUnknown):
            failure = errors.NotSent(str(failure))
        return judge(self, message, ack, failure, before)

    def recover(self: Any, message: Any, *, died: bool) -> None:
        OutboundMessage.objects.filter(pk=message.pk, state="SENDING").update(state="PENDING")

    delivery.Delivery._after_send = naive  # type: ignore[method-assign]
    delivery.Delivery.recover = recover  # type: ignore[method-assign,assignment]


def _no_settle() -> None:
    """Look at once, and believe the first look."""
    connections.settle_time = lambda connection: timedelta(0)  # type: ignore[assignment]
    missing = delivery.Delivery._not_found

    def at_once(self: Any, message: Any) -> Any:
        message.absent = 1
        return missing(self, message)

    delivery.Delivery._not_found = at_once  # type: ignore[method-assign]


def _no_fencing() -> None:
    """A worker that lost its lease goes on as if it had not."""
    renew = Lease.renew

    def careless(self: Any, *, busy_with: int | None, **fields: Any) -> Any:
        self._mine = lambda: type(self.stream).objects.filter(pk=self.stream.pk)
        return renew(self, busy_with=busy_with, **fields)

    Lease.renew = careless  # type: ignore[method-assign]
    Lease.covers_a_call = lambda self: True  # type: ignore[method-assign]
    delivery.states.move = _move_anyway  # type: ignore[assignment]


def _move_anyway(message: Any, to: str, *, now: Any, **fields: Any) -> bool:
    if to in states.SETTLED:
        fields |= {"done_at": now, "due_at": None}
    else:
        fields |= {"done_at": None}
    OutboundMessage.objects.filter(pk=message.pk).update(state=to, **fields)
    for name, value in (fields | {"state": to}).items():
        setattr(message, name, value)
    return True


def _no_order() -> None:
    """Whatever is due goes, whoever waits before it."""
    order._heads = lambda lines: [line for line in lines if line.state in order._HEADS]  # type: ignore[assignment]


CONTROLS = {
    "resend_on_unknown": _resend_on_unknown,
    "no_settle": _no_settle,
    "no_fencing": _no_fencing,
    "no_order": _no_order,
}
