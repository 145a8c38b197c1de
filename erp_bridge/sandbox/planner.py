"""What a planner does in the practice ERP, from the command line: ``python -m erp_bridge.sandbox.planner --url URL new``."""

import argparse
import sys
import urllib.error
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from erp_bridge.sandbox.faults import call


class Planner:
    """One planner at the API of the practice ERP, with the same token as the MES."""

    def __init__(self, url: str, token: str = "practice") -> None:  # noqa: S107  the practice ERP keeps no secrets
        self._base = f"{url.rstrip('/')}/api/v1"
        self._token = token

    def new_item_with_order(self, code: str, *, name: str = "", quantity: str = "25") -> dict[str, Any]:
        """Make a new item, its bill of materials and routing, and an order for it; return the order."""
        self._call("PUT", f"items/{quote(code)}", {
            "description": name or f"New product {code}", "unit": "PCE", "batch_managed": False, "blocked": False,
            "alternative_units": [],
        })  # fmt: skip
        self._call("PUT", f"boms/BOM-{quote(code)}", {
            "item": code, "batch_size": "1", "unit": "PCE", "revision": "A", "tolerance": "0.10", "obsolete": False,
            "components": [
                {"item": "RM-BOLT-M8", "quantity": "6", "unit": "PCE", "step": "10", "backflush": True},
                {"item": "RM-BOX-S", "quantity": "1", "unit": "PCE", "step": "20", "backflush": True},
            ],
        })  # fmt: skip
        self._call("PUT", f"routings/R-{quote(code)}", {
            "name": f"Make {code}", "items": [code], "revision": "A", "obsolete": False,
            "steps": [
                {"step": "10", "text": "Assemble", "work_center": "ASSY", "setup_min": "5", "unit_min": "1.5"},
                {"step": "20", "text": "Pack", "work_center": "ASSY", "setup_min": "0", "unit_min": "0.5"},
            ],
        })  # fmt: skip
        return self.order(code, quantity)

    def order(self, item: str, quantity: str) -> dict[str, Any]:
        """Make an order for an item that has a routing."""
        return self._call("POST", "production-orders", {"item": item, "quantity": quantity})

    def change(self, order_no: str, **wish: Any) -> dict[str, Any]:
        """Change an order: ``quantity``, ``due``, ``priority``, ``note`` ..."""
        return self._call("PATCH", f"production-orders/{quote(order_no)}", wish)

    def cancel(self, order_no: str) -> dict[str, Any]:
        """Cancel an order."""
        return self._call("POST", f"production-orders/{quote(order_no)}/cancel", {})

    def orders(self) -> list[dict[str, Any]]:
        """Return all orders, the last changed last."""
        found: list[dict[str, Any]] = []
        since = 0
        while True:
            page = self._call("GET", f"production-orders?since={since}&limit=1000")
            found += page["rows"]
            if not page["more"]:
                return found
            since = page["last_change"] + 1

    def put(self, kind: str, code: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create or replace a record of master data; this ERP takes whatever is typed."""
        return self._call("PUT", f"{kind}/{quote(code)}", body)

    def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = call(method, f"{self._base}/{path}", body, token=self._token)
        return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, do it, and say what became of it."""
    parser = argparse.ArgumentParser(
        prog="python -m erp_bridge.sandbox.planner", description="Plan in the practice ERP."
    )
    parser.add_argument("--url", required=True, help="its address, as printed when it started")
    parser.add_argument("--token", default="practice")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="a new item with bill of materials, routing and a first order")
    new.add_argument("code")
    new.add_argument("--name", default="")
    new.add_argument("--quantity", default="25")
    order = commands.add_parser("order", help="an order for an item that is there")
    order.add_argument("item")
    order.add_argument("quantity")
    change = commands.add_parser("change", help="change an order")
    change.add_argument("order_no")
    change.add_argument("--quantity")
    change.add_argument("--due", help="e.g. 2026-12-01T12:00:00+00:00")
    change.add_argument("--priority", type=int)
    change.add_argument("--note")
    cancel = commands.add_parser("cancel", help="cancel an order")
    cancel.add_argument("order_no")
    commands.add_parser("list", help="the orders as they stand")
    options = parser.parse_args(arguments)
    try:
        for line in _do(Planner(options.url, options.token), options):
            print(line)
    except (OSError, ValueError) as error:
        said = error.read().decode("utf-8", "replace") if isinstance(error, urllib.error.HTTPError) else str(error)
        print(f"That did not work: {said}", file=sys.stderr)
        return 1
    return 0


def _do(planner: Planner, options: argparse.Namespace) -> list[str]:
    match options.command:
        case "new":
            return [_line(planner.new_item_with_order(options.code, name=options.name, quantity=options.quantity))]
        case "order":
            return [_line(planner.order(options.item, options.quantity))]
        case "change":
            wish = {name: getattr(options, name) for name in ("quantity", "due", "priority", "note")}
            return [_line(planner.change(options.order_no, **{n: v for n, v in wish.items() if v is not None}))]
        case "cancel":
            return [_line(planner.cancel(options.order_no))]
        case _:
            return [_line(order) for order in planner.orders()]


def _line(order: dict[str, Any]) -> str:
    return f"{order['order_no']}  {order['quantity']:>8} {order['unit']:4} {order['item']:20} {order['state']}"


if __name__ == "__main__":
    sys.exit(main())
