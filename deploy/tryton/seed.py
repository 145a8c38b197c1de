"""Enter a small invented factory into an empty Tryton over JSON-RPC, as its administrator would by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import factory
import planner
from rpc import Rpc

#: what each kind of seed leaves out: the minimal one has the same masters, stock and people, and no orders
SEEDS = {"demo": factory.ORDERS, "minimal": ()}
#: what the user made for Lineside may do in Tryton: book, take back, read rates; not set anything up
GROUPS = (
    "Production",
    "Stock",
    "Stock Cancellation",
    "Stock Force Assignment",
    "Quality",
    "Timesheet Administration",
    "Employee Administration",
)
UNITS = {"u": "Unit", "kg": "Kilogram", "m": "Meter"}


def plant(rpc: Rpc, kind: str, today: dt.date, password: str) -> None:
    """Enter the factory of this kind, with orders that are due from `today` on, and a user for Lineside."""
    company = enter_company(rpc)
    enter_people(rpc, company)
    enter_items(rpc)
    enter_scrap_place(rpc)
    enter_work_centers(rpc, company)
    enter_boms(rpc)
    enter_stock(rpc)
    for order in SEEDS[kind]:
        planner.make_production(
            rpc,
            order.item,
            order.quantity,
            today + dt.timedelta(days=order.due_in),
            order.reference,
            order.hall,
            release=False,
        )
    drafts = rpc.ids("production", ["state", "=", "draft"])
    if drafts:
        rpc("model.production.wait", drafts)
    enter_user(rpc, company, password)


def create(rows: Iterable[dict[str, Any]]) -> list[Any]:
    """The value of a one2many field that brings these rows."""
    return [["create", list(rows)]]


def by_key(rpc: Rpc, model: str, key: str) -> dict[Any, int]:
    """The ids of all records of a model by the text that people know them by."""
    return {row[key]: row["id"] for row in rpc.read(model, [], key)}


def enter_company(rpc: Rpc) -> int:
    """The one company, its currency and its plant time; the administrator belongs to it."""
    currency = rpc.ids("currency.currency", ["code", "=", "EUR"])
    if not currency:
        euro = {
            "name": "Euro",
            "code": "EUR",
            "symbol": "\u20ac",
            "numeric_code": "978",
            "rounding": Decimal("0.01"),
            "digits": 2,
        }
        currency = rpc.create("currency.currency", euro)
    [party] = rpc.create("party.party", {"name": factory.COMPANY, "code": "OWN"})
    [company] = rpc.create("company.company", {"party": party, "currency": currency[0], "timezone": factory.TIME_ZONE})
    rpc("model.res.user.write", [rpc.user_id], {"companies": [["add", [company]]], "company": company})
    rpc.use_preferences()
    return company


def enter_people(rpc: Rpc, company: int) -> None:
    parties = rpc.create("party.party", *({"name": person.name, "code": person.code} for person in factory.PEOPLE))
    rows = []
    for person, party in zip(factory.PEOPLE, parties, strict=True):
        costs = [{"date": dt.date.fromisoformat(day), "cost_price": Decimal(cost)} for day, cost in person.costs]
        start = dt.date.fromisoformat(person.costs[0][0])
        rows.append({"party": party, "company": company, "start_date": start, "cost_prices": create(costs)})
    rpc.create("company.employee", *rows)


def enter_items(rpc: Rpc) -> None:
    units = by_key(rpc, "product.uom", "name")
    templates = []
    for item in factory.ITEMS:
        template = planner.template_values(
            item.code, item.name, units[UNITS[item.unit]], Decimal(item.price), item.made, item.lot_tracked
        )
        templates.append(template)
    rpc.create("product.template", *templates)
    products = by_key(rpc, "product.product", "code")
    for item in factory.ITEMS:
        if Decimal(item.cost):
            rpc("model.product.product.write", [products[item.code]], {"cost_price": Decimal(item.cost)})


def enter_scrap_place(rpc: Rpc) -> None:
    """Where scrapped pieces go: without such a place Tryton takes none from a production."""
    warehouses = rpc.ids("stock.location", ["type", "=", "warehouse"])
    [scrap] = rpc.create("stock.location", {"name": "Scrap", "code": "SCRAP", "type": "lost_found"})
    rpc("model.stock.location.write", warehouses, {"waste_locations": [["add", [scrap]]]})


def enter_work_centers(rpc: Rpc, company: int) -> None:
    [warehouse] = rpc.ids("stock.location", ["type", "=", "warehouse"])
    names = list(dict.fromkeys(center.category for center in factory.WORK_CENTERS))
    categories = dict(
        zip(names, rpc.create("production.work.center.category", *({"name": name} for name in names)), strict=True)
    )
    place = {"company": company, "warehouse": warehouse}
    halls = sorted({center.hall for center in factory.WORK_CENTERS})
    hall_ids = dict(
        zip(halls, rpc.create("production.work.center", *({"name": hall} | place for hall in halls)), strict=True)
    )
    rows = []
    for center in factory.WORK_CENTERS:
        cost = {"cost_method": center.cost_method, "cost_price": Decimal(center.cost), "include_timesheet_cost": True}
        rows.append(
            {"name": center.name, "parent": hall_ids[center.hall], "category": categories[center.category]}
            | cost
            | place
        )
    rpc.create("production.work.center", *rows)
    operations = (
        {"name": name, "work_center_category": categories[category], "timesheet_available": True}
        for name, category in factory.OPERATIONS.items()
    )
    rpc.create("production.routing.operation", *operations)


def enter_boms(rpc: Rpc) -> None:
    for bom in factory.BOMS:
        planner.new_bom(rpc, bom.code, bom.item, bom.inputs, bom.operations, bom.tolerance)


def enter_stock(rpc: Rpc) -> None:
    """What lies in the store on the first morning, lot by lot where lots are tracked."""
    [storage] = rpc.ids("stock.location", ["type", "=", "storage"], ["code", "=", "STO"])
    products = by_key(rpc, "product.product", "code")
    lines = [{"product": products[item.code], "quantity": item.stock} for item in factory.ITEMS if item.stock]
    counted = [(products[item.code], number, quantity) for item in factory.ITEMS for number, quantity in item.lots]
    lots = rpc.create("stock.lot", *({"number": number, "product": product} for product, number, _ in counted))
    lines += [
        {"product": product, "lot": lot, "quantity": quantity}
        for (product, _, quantity), lot in zip(counted, lots, strict=True)
    ]
    [inventory] = rpc.create("stock.inventory", {"location": storage, "lines": create(lines)})
    rpc("model.stock.inventory.confirm", [inventory])


def enter_user(rpc: Rpc, company: int, password: str) -> None:
    """The user that Lineside signs in as, with a key for the REST interface."""
    groups = rpc.ids("res.group", ["name", "in", list(GROUPS)])
    values = {"name": "Lineside", "login": "lineside", "password": password, "groups": [["add", groups]]}
    [user] = rpc.create("res.user", values | {"companies": [["add", [company]]], "company": company})
    rpc.create("res.user.application", {"user": user, "application": "rest"})
