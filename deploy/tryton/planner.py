#!/usr/bin/env python3
"""What the ERP's planner does, by hand: new items, new orders, changed orders, cancelled orders.

    python3 deploy/tryton/planner.py --server '{"url": ...}' make FG-HOLDER 40 2026-12-01 SO-77

`--server` takes the line of JSON that server.py printed. Each command prints one line of JSON: the record it made or changed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from rpc import Refused, Rpc, Unreachable

Lines = Iterable[tuple[str, float]]


def template_values(code: str, name: str, unit: int, price: Decimal, made: bool, lot_tracked: bool) -> dict[str, Any]:
    """A template of goods with its one product."""
    return {
        "name": name,
        "code": code,
        "type": "goods",
        "default_uom": unit,
        "list_price": price,
        "cost_price_method": "average",
        "producible": made,
        "lot_required": ["storage"] if lot_tracked else [],
        "products": [["create", [{}]]],
    }


def product(rpc: Rpc, code: str) -> dict[str, Any]:
    """The product with this code: its id and its default unit."""
    found = rpc.read("product.product", [["code", "=", code]], "default_uom", "rec_name")
    if not found:
        raise Refused(f"There is no product {code}.")
    return found[0]


def new_item(rpc: Rpc, code: str, name: str, inputs: Lines, operations: Iterable[str]) -> int:
    """A new product that is made from these inputs by these operations; answers its id."""
    [unit] = rpc.ids("product.uom", ["name", "=", "Unit"])
    rpc.create("product.template", template_values(code, name, unit, Decimal("9.90"), made=True, lot_tracked=False))
    new_bom(rpc, f"BOM-{code}", code, inputs, operations, 0.1)
    return product(rpc, code)["id"]


def new_bom(rpc: Rpc, code: str, item: str, inputs: Lines, operations: Iterable[str], tolerance: float | None) -> int:
    """A bill of materials for one piece with its routing, set as what the product is made by; answers the bill's id."""
    made = product(rpc, item)
    rows = []
    for part, quantity in inputs:
        used = product(rpc, part)
        rows.append({"product": used["id"], "quantity": quantity, "unit": used["default_uom"]})
    output = {"product": made["id"], "quantity": 1, "unit": made["default_uom"]}
    values = {"name": made["rec_name"], "code": code, "tolerance": tolerance}
    [bom] = rpc.create("production.bom", values | {"inputs": [["create", rows]], "outputs": [["create", [output]]]})
    known = {row["name"]: row["id"] for row in rpc.read("production.routing.operation", [], "name")}
    steps = [{"sequence": (place + 1) * 10, "operation": known[name]} for place, name in enumerate(operations)]
    routing_values = {"name": f"Routing {item}", "boms": [["add", [bom]]], "steps": [["create", steps]]}
    [routing] = rpc.create("production.routing", routing_values)
    rpc("model.product.product.write", [made["id"]], {"boms": [["create", [{"bom": bom, "routing": routing}]]]})
    return bom


def make_production(
    rpc: Rpc, item: str, quantity: float, due: dt.date, reference: str, hall: str = "Hall 1", *, release: bool = True
) -> int:
    """A production of this item, waiting when released and a draft otherwise; answers its id."""
    made = product(rpc, item)
    link = rpc.read("product.product-production.bom", [["product", "=", made["id"]]], "bom", "routing")[0]
    place = _place(rpc)
    values = {
        "product": made["id"],
        "bom": link["bom"],
        "routing": link["routing"],
        "quantity": quantity,
        "unit": made["default_uom"],
        "reference": reference,
        "planned_date": due,
        "planned_start_date": due,
        "company": place["company"],
        "warehouse": place["warehouse"],
        "location": place["floor"],
        "work_center": rpc.ids("production.work.center", ["name", "=", hall])[0],
    }
    inputs, outputs = _moves(rpc, link["bom"], quantity, place)
    [production] = rpc.create("production", values | {"inputs": [["create", inputs]], "outputs": [["create", outputs]]})
    if release:
        rpc("model.production.wait", [production])
    return production


def change_production(rpc: Rpc, production: int, *, quantity: float | None = None, due: dt.date | None = None) -> None:
    """Another quantity or due date; what was posted already stays, and what is planned is the rest."""
    rpc("model.production.draft", [production])
    row = rpc.read("production", [["id", "=", production]], "bom", "inputs", "outputs")[0]
    values: dict[str, Any] = {}
    if due is not None:
        values |= {"planned_date": due, "planned_start_date": due}
    if quantity is not None:
        inputs, outputs = _moves(rpc, row["bom"], quantity, _place(rpc))
        values["quantity"] = quantity
        values["inputs"] = _planned_anew(rpc, row["inputs"], inputs)
        values["outputs"] = _planned_anew(rpc, row["outputs"], outputs)
    rpc("model.production.write", [production], values)
    rpc("model.production.wait", [production])


def _planned_anew(rpc: Rpc, moves: list[int], wanted: list[dict[str, Any]]) -> list[Any]:
    """The writes that replace the planned moves by what is wanted, less what was posted of it."""
    known = rpc.read("stock.move", [["id", "in", moves]], "state", "product", "quantity")
    rest = []
    for line in wanted:
        posted = [move for move in known if move["state"] == "done" and move["product"] == line["product"]]
        left = round(line["quantity"] - sum(move["quantity"] for move in posted), 6)
        if left > 0:
            rest.append(line | {"quantity": left})
    return [["delete", [move["id"] for move in known if move["state"] == "draft"]], ["create", rest]]


def cancel_production(rpc: Rpc, production: int) -> None:
    rpc("model.production.cancel", [production])


def _place(rpc: Rpc) -> dict[str, int]:
    """Where everything happens: the company, its warehouse, its store and its floor."""
    fields = ("storage_location", "production_location")
    warehouse = rpc.read("stock.location", [["type", "=", "warehouse"]], *fields)[0]
    company = rpc.read("company.company", [], "currency")[0]
    return {
        "company": company["id"],
        "currency": company["currency"],
        "warehouse": warehouse["id"],
        "store": warehouse["storage_location"],
        "floor": warehouse["production_location"],
    }


def _moves(
    rpc: Rpc, bom: int, quantity: float, place: dict[str, int]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a bill of materials for one piece means for this many, as planned stock moves in and out."""

    def lines(model: str) -> list[dict[str, Any]]:
        rows = rpc.read(model, [["bom", "=", bom]], "product", "unit", "quantity")
        rows.sort(key=lambda row: row["id"])
        return [
            {
                "product": row["product"],
                "unit": row["unit"],
                "quantity": round(row["quantity"] * quantity, 6),
                "company": place["company"],
            }
            for row in rows
        ]

    into = {"from_location": place["store"], "to_location": place["floor"]}
    out = {
        "from_location": place["floor"],
        "to_location": place["store"],
        "unit_price": Decimal(0),
        "currency": place["currency"],
    }
    return [line | into for line in lines("production.bom.input")], [
        line | out for line in lines("production.bom.output")
    ]


def main() -> int:
    options = _options()
    server = json.loads(options.server)
    try:
        rpc = Rpc(server["url"], server["database"], server["admin_user"], server["admin_password"])
        print(json.dumps({"id": _obey(rpc, options)}))
        rpc.close()
    except (Refused, Unreachable) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    item = commands.add_parser("new-item", help="a product with a bill of one input and a routing of one operation")
    for name in ("code", "name", "input", "operation"):
        item.add_argument(name)
    make = commands.add_parser("make", help="a released production")
    make.add_argument("item")
    make.add_argument("quantity", type=float)
    make.add_argument("due", type=dt.date.fromisoformat)
    make.add_argument("reference")
    change = commands.add_parser("change", help="another quantity or due date")
    change.add_argument("production", type=int)
    change.add_argument("--quantity", type=float)
    change.add_argument("--due", type=dt.date.fromisoformat)
    commands.add_parser("cancel").add_argument("production", type=int)
    return parser.parse_args()


def _obey(rpc: Rpc, options: argparse.Namespace) -> int:
    match options.command:
        case "new-item":
            return new_item(rpc, options.code, options.name, [(options.input, 1)], [options.operation])
        case "make":
            return make_production(rpc, options.item, options.quantity, options.due, options.reference)
        case "change":
            change_production(rpc, options.production, quantity=options.quantity, due=options.due)
            return options.production
    cancel_production(rpc, options.production)
    return options.production


if __name__ == "__main__":
    sys.exit(main())
