"""How one ERP calls our orders."""

from erp_bridge.engine import wiring
from erp_bridge.models import Connection
from erp_bridge.sdk.errors import NotLinked
from erp_bridge.sdk.flow import Push
from mes.core.event import Event
from mes.execution.models import WorkOrder


class LinksOf:
    """The :class:`erp_bridge.sdk.flow.Links` of one connection. What was found is known for as long as this object lives."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._known: dict[str, str] = {}

    def work_order(self, number: str) -> str:
        """Return this ERP's number for our order.

        :raises erp_bridge.sdk.errors.NotLinked: it has none yet.
        """
        if number not in self._known:
            found = external_id(self.connection, number)
            if not found:
                raise NotLinked(f"Order {number} is not known to {self.connection} yet. It waits until it is linked.")
            self._known[number] = found
        return self._known[number]


def external_id(connection: Connection, number: str) -> str | None:
    """Return the id under which the ERP behind the connection knows the order, or None."""
    known = WorkOrder.objects.filter(site__code=connection.site, number=number).values_list("external_ids", flat=True)
    return (known.first() or {}).get(connection.name)


def approval_missing(connection: Connection, flow: Push, event: Event) -> str:
    """Return what must be approved before this ERP may be told the event, or ""."""
    if flow.approval is None:
        return ""
    asks = any(wire.needs_approval for wire in wiring.wires(event.site, flow.key) if wire.connection == connection.pk)
    return flow.approval.wanted(event) if asks else ""


def waits_for(number: str) -> str:
    """Return what a message waits for whose order has no counterpart yet."""
    return f"work_order:{number}"
