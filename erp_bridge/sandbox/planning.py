"""What planners do in this ERP: keep items, bills and routings; make, change and cancel orders; and a clerk who does it all day."""

import random
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from erp_bridge.sandbox import rules
from erp_bridge.sandbox.rules import MASTER_KINDS, ORDERS, Refusal
from erp_bridge.sandbox.store import Store

CODE_FIELDS = {
    "units": "unit", "items": "code", "boms": "bom_no", "routings": "routing_no", "work-centers": "id",
    "employees": "staff_no", "cost-rates": "rate_no", ORDERS: "order_no",
}  # fmt: skip
"""The field that names a record of each kind."""
_INACTIVE = ("blocked", "closed", "left", "obsolete")


def put_record(store: Store, kind: str, code: str, body: Any) -> dict[str, Any]:
    """Create or replace a record of master data. This ERP does not look closely at what people type.

    :raises Refusal: it is no object, or no such kind.
    """
    if kind not in MASTER_KINDS:
        raise Refusal(404, "NOT_FOUND", f"There are no {kind} here.")
    if not isinstance(body, dict) or not code.strip():
        raise Refusal(400, "BODY_INVALID", "The body must be a JSON object.")
    clean = {name: value for name, value in body.items() if name not in ("change", "changed_at")}
    return store.save(kind, code, {**clean, CODE_FIELDS[kind]: code}, active=not any(clean.get(f) for f in _INACTIVE))


def create_order(store: Store, wish: Any) -> dict[str, Any]:
    """Make a production order from ``item``, ``quantity`` and what else is given, with its own bill and steps.

    :raises Refusal: unknown item, no number, no routing ...
    """
    if not isinstance(wish, dict):
        raise Refusal(400, "BODY_INVALID", "The body must be a JSON object.")
    quantity = _quantity(wish.get("quantity"))
    with store.transaction():
        item = store.get("items", str(wish.get("item", "")))
        if item is None or item.get("blocked"):
            raise Refusal(422, "ITEM_UNKNOWN", f"There is no item {wish.get('item')!r} to make.", "item")
        bom = _first(store, "boms", lambda row: row.get("item") == item["code"] and not row.get("obsolete"))
        routing = _first(
            store, "routings", lambda row: item["code"] in row.get("items", ()) and not row.get("obsolete")
        )
        if routing is None:
            raise Refusal(422, "ROUTING_MISSING", f"Nobody has said how {item['code']} is made.", "item")
        now = datetime.now(UTC).replace(microsecond=0)
        order_no = str(wish.get("order_no") or store.next_number("PO"))
        if store.get(ORDERS, order_no):
            raise Refusal(409, "ORDER_EXISTS", f"There is an order {order_no} already.", "order_no")
        order = {
            "order_no": order_no, "item": item["code"], "quantity": format(quantity, "f"), "unit": item["unit"],
            "state": "RELEASED", "start": now.isoformat(), "due": (now + timedelta(days=3)).isoformat(),
            "priority": 50, "bom_no": bom["bom_no"] if bom else "", "routing_no": routing["routing_no"],
            "components": rules.explode(bom, quantity), "steps": routing["steps"],
            "over_percent": "10", "under_percent": "40", "note": "",
        }  # fmt: skip
        return store.save(ORDERS, order_no, {**order, **_extras(wish)})


def change_order(store: Store, order_no: str, wish: Any) -> dict[str, Any]:
    """Change quantity, dates, priority, state, tolerance or note; the components follow the quantity.

    :raises Refusal: no such order, or it has ended.
    """
    if not isinstance(wish, dict):
        raise Refusal(400, "BODY_INVALID", "The body must be a JSON object.")
    with store.transaction():
        order = _open_order(store, order_no)
        changed = {**order, **_extras(wish)}
        if "quantity" in wish:
            quantity = _quantity(wish["quantity"])
            changed["quantity"] = format(quantity, "f")
            changed["components"] = rules.explode(store.get("boms", order["bom_no"]), quantity)
        return store.save(ORDERS, order_no, changed, active=changed["state"] not in rules.ENDED)


def cancel_order(store: Store, order_no: str) -> dict[str, Any]:
    """Cancel an order, started or not: planners do.

    :raises Refusal: no such order, or it has ended.
    """
    with store.transaction():
        order = _open_order(store, order_no)
        return store.save(ORDERS, order_no, {**order, "state": "CANCELLED"}, active=False)


def _open_order(store: Store, order_no: str) -> dict[str, Any]:
    order = store.get(ORDERS, order_no)
    if order is None:
        raise Refusal(404, "ORDER_UNKNOWN", f"There is no production order {order_no}.", "order")
    if order["state"] in rules.ENDED:
        raise Refusal(409, "ORDER_CLOSED", f"Order {order_no} is {order['state']}.", "order")
    return {name: value for name, value in order.items() if name not in ("change", "changed_at")}


def _extras(wish: Mapping[str, Any]) -> dict[str, Any]:
    names = ("start", "due", "priority", "state", "over_percent", "under_percent", "note", "locked_by")
    return {name: wish[name] for name in names if name in wish}


def _quantity(value: Any) -> Decimal:
    try:
        quantity = Decimal(str(value))
    except InvalidOperation:
        quantity = Decimal(0)
    if not quantity.is_finite() or not 0 < quantity < Decimal("1e9"):
        raise Refusal(422, "QUANTITY_INVALID", f"{value!r} is no quantity to make.", "quantity")
    return quantity


def _first(store: Store, kind: str, wanted: Any) -> dict[str, Any] | None:
    return next((row for row in store.all(kind) if wanted(row)), None)


class Clerk:
    """Makes new orders at a rate, changes some and cancels a few, from a seeded generator, in a thread of its own."""

    def __init__(self, store: Store, *, seed: int = 1) -> None:
        self._store = store
        self._random = random.Random(seed)  # noqa: S311  not for secrets
        self._wake = threading.Event()
        self.per_minute = 0.0
        self.change_share = 0.1
        self.cancel_share = 0.03
        threading.Thread(target=self._work, name="clerk", daemon=True).start()

    def pace(self, *, per_minute: float, change_share: float = 0.1, cancel_share: float = 0.03) -> None:
        """Set how many orders a minute, and the share of them that brings a change or cancellation of another."""
        self.per_minute = max(0.0, min(per_minute, 6000.0))
        self.change_share, self.cancel_share = change_share, cancel_share
        self._wake.set()

    def state(self) -> dict[str, float]:
        """Return the pace."""
        return {
            "per_minute": self.per_minute, "change_share": self.change_share, "cancel_share": self.cancel_share,
        }  # fmt: skip

    def _work(self) -> None:
        while True:
            self._wake.clear()
            rate = self.per_minute
            if self._wake.wait(60 / rate if rate else None) or not rate:
                continue
            try:
                self.act()
            except Refusal:
                continue  # an order that someone else ended, or an item without a routing: the next one then

    def act(self) -> dict[str, Any]:
        """Make one order now, and perhaps change or cancel another.

        :raises Refusal: there is nothing to make.
        """
        makeable = sorted({code for routing in self._store.all("routings") for code in routing.get("items", ())})
        if not makeable:
            raise Refusal(409, "NOTHING_TO_MAKE", "There is no routing; start with --seed demo or make one.")
        draw = self._random.random()
        open_orders = [order for order in self._store.all(ORDERS) if order["state"] in rules.OPEN]
        if open_orders and draw < self.cancel_share:
            cancel_order(self._store, self._random.choice(open_orders)["order_no"])
        elif open_orders and draw < self.cancel_share + self.change_share:
            order = self._random.choice(open_orders)
            more = Decimal(order["quantity"]) + self._random.choice([5, 10, 20])
            change_order(self._store, order["order_no"], {"quantity": str(more)})
        return create_order(
            self._store, {"item": self._random.choice(makeable), "quantity": str(self._random.choice([10, 20, 40, 60]))}
        )
