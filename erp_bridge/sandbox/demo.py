"""A small factory to start with: a maker of wall brackets and tool holders."""

from typing import Any

from erp_bridge.sandbox.planning import create_order, put_record
from erp_bridge.sandbox.store import Store

_UNITS = (
    ("PCE", "Piece", "pcs", "piece", "1", 0), ("KG", "Kilogram", "kg", "mass", "1", 3), ("G", "Gram", "g", "mass", "1000", 1),
    ("M", "Meter", "m", "length", "1", 3), ("MM", "Millimeter", "mm", "length", "1000", 1),
    ("BX", "Box", "box", "box", "1", 0),
)  # fmt: skip
_ITEMS: tuple[tuple[str, str, str, bool, str], ...] = (
    ("RM-STEEL-8", "Steel bar 8 mm", "KG", True, "2.10"),
    ("RM-BOLT-M8", "Bolt M8x40", "PCE", False, "0.12"),
    ("RM-PAINT-R", "Paint red RAL 3020", "KG", False, "6.40"),
    ("RM-BOX-S", "Carton, small", "PCE", False, "0.35"),
    ("SF-FRAME", "Bracket frame, raw", "PCE", False, "3.80"),
    ("FG-BRACKET", "Wall bracket, red", "PCE", True, "7.90"),
    ("FG-HOLDER", "Tool holder", "PCE", False, "9.40"),
)
_WORK_CENTERS = (
    ("SAW", "Sawing", "Hall 1", ["SAW-01", "SAW-02"], "42.00"),
    ("WELD", "Welding", "Hall 1", ["WELD-01"], "55.00"),
    ("PAINT", "Painting", "Hall 2", ["PAINT-01"], "48.00"),
    ("ASSY", "Assembly and packing", "Hall 2", ["ASSY-01", "ASSY-02"], "35.00"),
)
_EMPLOYEES = (
    ("E001", "Anna Adler", "38.50"), ("E002", "Bernd Braun", "31.00"), ("E003", "Cem Celik", "29.75"),
    ("E004", "Dana Dvorak", "30.40"), ("E005", "Emil Eriksen", "27.90"),
)  # fmt: skip


def _line(item: str, quantity: str, unit: str, step: str, *, backflush: bool = True) -> dict[str, Any]:
    return {"item": item, "quantity": quantity, "unit": unit, "step": step, "backflush": backflush}


_BOMS = (
    ("BOM-FRAME", "SF-FRAME", "10", [_line("RM-STEEL-8", "12.5", "KG", "10", backflush=False)]),
    (
        "BOM-BRACKET", "FG-BRACKET", "1",
        [_line("SF-FRAME", "1", "PCE", "10"), _line("RM-PAINT-R", "0.08", "KG", "10"),
         _line("RM-BOLT-M8", "4", "PCE", "20"), _line("RM-BOX-S", "1", "PCE", "20")],
    ),
    ("BOM-HOLDER", "FG-HOLDER", "1", [_line("RM-BOLT-M8", "2", "PCE", "30"), _line("RM-PAINT-R", "0.05", "KG", "20")]),
)  # fmt: skip


def _step(number: str, text: str, work_center: str, setup: str, run: str) -> dict[str, str]:
    return {"step": number, "text": text, "work_center": work_center, "setup_min": setup, "unit_min": run}


_ROUTINGS = (
    ("R-FRAME", "Cut and weld", ["SF-FRAME"],
     [_step("10", "Cut bar", "SAW", "10", "0.8"), _step("20", "Weld frame", "WELD", "15", "2.5")]),
    ("R-BRACKET", "Paint and pack", ["FG-BRACKET"],
     [_step("10", "Paint", "PAINT", "20", "0.6"), _step("20", "Assemble and pack", "ASSY", "5", "1.2")]),
    ("R-HOLDER", "Cut, paint, pack", ["FG-HOLDER"],
     [_step("10", "Cut bar", "SAW", "10", "0.5"), _step("20", "Paint", "PAINT", "20", "0.6"),
      _step("30", "Assemble and pack", "ASSY", "5", "1.5")]),
)  # fmt: skip


def seed(store: Store, *, orders: int = 12) -> None:
    """Fill an empty ERP with the factory and its first orders; do nothing where there are items already."""
    if store.all("items"):
        return
    with store.transaction():
        for code, name, symbol, dimension, per_base, decimals in _UNITS:
            put_record(store, "units", code, {
                "name": name, "symbol": symbol, "dimension": dimension, "per_base_unit": per_base, "decimals": decimals,
                "obsolete": False,
            })  # fmt: skip
        for code, description, unit, batches, cost in _ITEMS:
            put_record(store, "items", code, {
                "description": description, "unit": unit, "batch_managed": batches, "blocked": False,
                "alternative_units": [{"unit": "BX", "numerator": "100", "denominator": "1"}] if code == "RM-BOLT-M8" else [],
            })  # fmt: skip
            _rate(store, f"I-{code}", "ITEM", code, cost, "UNIT")
        for code, name, hall, machines, rate in _WORK_CENTERS:
            put_record(store, "work-centers", code, {
                "name": name, "department": hall, "machines": machines, "closed": False,
            })  # fmt: skip
            _rate(store, f"W-{code}", "WORK_CENTER", code, rate, "HOUR")
        for number, name, rate in _EMPLOYEES:
            put_record(store, "employees", number, {"name": name, "left": False})
            _rate(store, f"E-{number}", "PERSON", number, rate, "HOUR")
        for number, item, size, lines in _BOMS:
            put_record(store, "boms", number, {
                "item": item, "batch_size": size, "unit": "PCE", "components": lines, "revision": "A",
                "tolerance": "0.10", "obsolete": False,
            })  # fmt: skip
        for number, name, items, steps in _ROUTINGS:
            put_record(store, "routings", number, {
                "name": name, "items": items, "steps": steps, "revision": "A", "obsolete": False,
            })  # fmt: skip
        for index in range(orders):
            item = ("FG-BRACKET", "SF-FRAME", "FG-HOLDER")[index % 3]
            create_order(store, {"item": item, "quantity": str(20 + 10 * (index % 4)), "priority": 50 - index % 5})


def _rate(store: Store, number: str, kind: str, code: str, amount: str, per: str) -> None:
    put_record(store, "cost-rates", number, {
        "kind": kind, "code": code, "valid_from": "2026-01-01", "amount": amount, "per": per, "currency": "EUR",
    })  # fmt: skip
