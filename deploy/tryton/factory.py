"""The invented factory that the seed enters: a small maker of workshop furniture, the same on every machine."""

from __future__ import annotations

from typing import NamedTuple

COMPANY = "Talbrueck Metall GmbH"
TIME_ZONE = "Europe/Berlin"


class Person(NamedTuple):
    code: str
    name: str
    #: hourly cost by the day from which it holds
    costs: tuple[tuple[str, str], ...]


class Item(NamedTuple):
    code: str
    name: str
    unit: str
    cost: str
    price: str
    #: opening stock; lots as (number, quantity) where the item is tracked by lot
    stock: float = 0
    lots: tuple[tuple[str, float], ...] = ()
    made: bool = False
    lot_tracked: bool = False


class Bom(NamedTuple):
    code: str
    item: str
    inputs: tuple[tuple[str, float], ...]
    operations: tuple[str, ...]
    tolerance: float | None = None


class WorkCenter(NamedTuple):
    name: str
    category: str
    cost_method: str
    cost: str
    hall: str = "Hall 1"


class Order(NamedTuple):
    item: str
    quantity: float
    #: planned end, in days from the day of seeding
    due_in: int
    reference: str
    hall: str = "Hall 1"


PEOPLE = (
    Person("E001", "Anna Adler", (("2025-01-01", "37.00"), ("2026-01-01", "38.50"))),
    Person("E002", "Bernd Braun", (("2025-01-01", "30.20"), ("2026-01-01", "31.00"))),
    Person("E003", "Cem Celik", (("2025-01-01", "29.00"), ("2026-04-01", "29.75"))),
    Person("E004", "Dana Dvorak", (("2025-06-01", "33.10"),)),
    Person("E005", "Emre Erdem", (("2025-01-01", "27.40"), ("2026-07-01", "28.30"))),
    Person("E006", "Franka Fuchs", (("2026-02-01", "41.00"),)),
)

ITEMS = (
    Item(
        "RM-SHEET-2",
        "Steel sheet DC01, 2 mm",
        "kg",
        "1.35",
        "2.60",
        lots=(("SH2-2609-A", 2400), ("SH2-2610-B", 3100)),
        lot_tracked=True,
    ),
    Item("RM-TUBE-30", "Square tube 30 x 30 x 2", "m", "4.20", "8.00", stock=2600),
    Item("RM-BAR-12", "Round bar 12 mm", "m", "1.95", "3.80", stock=900),
    Item(
        "RM-POWDER-7016",
        "Powder coat RAL 7016",
        "kg",
        "7.80",
        "15.00",
        lots=(("P7016-118", 160), ("P7016-121", 220)),
        lot_tracked=True,
    ),
    Item("BP-BOLT-M8", "Hexagon bolt M8 x 30", "u", "0.09", "0.25", stock=42000),
    Item("BP-NUT-M8", "Lock nut M8", "u", "0.04", "0.12", stock=45000),
    Item("BP-CASTOR-100", "Swivel castor 100 mm, with brake", "u", "6.35", "12.90", stock=1400),
    Item(
        "BP-GAS-150",
        "Gas spring 150 N",
        "u",
        "5.10",
        "11.50",
        lots=(("GS-8841", 180), ("GS-8902", 260)),
        lot_tracked=True,
    ),
    Item("BP-LABEL", "Type plate, self-adhesive", "u", "0.22", "0.60", stock=6000),
    Item("SF-FRAME", "Trolley frame, welded", "u", "0", "58.00", stock=40, made=True),
    Item("SF-PANEL", "Side panel, coated", "u", "0", "14.00", stock=90, made=True),
    Item("SF-BRACKET", "Bracket blank, bent", "u", "0", "3.10", stock=300, made=True),
    Item("FG-TROLLEY", "Workshop trolley 600", "u", "0", "189.00", made=True, lot_tracked=True),
    Item("FG-CABINET", "Wall cabinet 800", "u", "0", "149.00", made=True, lot_tracked=True),
    Item("FG-BRACKET", "Wall bracket 200, grey", "u", "0", "12.90", made=True, lot_tracked=True),
    Item("FG-HOLDER", "Tool holder, six-fold", "u", "0", "24.90", made=True),
)

WORK_CENTERS = (
    WorkCenter("SAW-01", "Sawing", "hour", "42.00"),
    WorkCenter("LASER-01", "Laser cutting", "hour", "96.00"),
    WorkCenter("BEND-01", "Bending", "hour", "58.00"),
    WorkCenter("WELD-01", "Welding", "hour", "55.00"),
    WorkCenter("COAT-01", "Powder coating", "cycle", "14.50"),
    WorkCenter("ASSY-01", "Assembly", "hour", "35.00"),
    WorkCenter("PACK-01", "Packing", "cycle", "2.20"),
    WorkCenter("ASSY-02", "Assembly", "hour", "33.00", hall="Hall 2"),
    WorkCenter("PACK-02", "Packing", "cycle", "2.40", hall="Hall 2"),
)

#: operation -> category of work center
OPERATIONS = {
    "Saw to length": "Sawing",
    "Laser cut": "Laser cutting",
    "Bend": "Bending",
    "Weld": "Welding",
    "Powder coat": "Powder coating",
    "Assemble": "Assembly",
    "Test and pack": "Packing",
}

BOMS = (
    Bom("BOM-SF-FRAME", "SF-FRAME", (("RM-TUBE-30", 5.4), ("RM-BAR-12", 1.2)), ("Saw to length", "Weld"), 0.10),
    Bom(
        "BOM-SF-PANEL",
        "SF-PANEL",
        (("RM-SHEET-2", 3.6), ("RM-POWDER-7016", 0.14)),
        ("Laser cut", "Bend", "Powder coat"),
        0.05,
    ),
    Bom("BOM-SF-BRACKET", "SF-BRACKET", (("RM-SHEET-2", 0.62),), ("Laser cut",), 0.08),
    Bom(
        "BOM-FG-TROLLEY",
        "FG-TROLLEY",
        (
            ("SF-FRAME", 1),
            ("SF-PANEL", 2),
            ("BP-CASTOR-100", 4),
            ("BP-BOLT-M8", 16),
            ("BP-NUT-M8", 16),
            ("BP-LABEL", 1),
        ),
        ("Assemble", "Test and pack"),
        0.02,
    ),
    Bom(
        "BOM-FG-CABINET",
        "FG-CABINET",
        (("RM-SHEET-2", 11.5), ("RM-POWDER-7016", 0.45), ("BP-GAS-150", 2), ("BP-BOLT-M8", 12), ("BP-LABEL", 1)),
        ("Laser cut", "Bend", "Weld", "Powder coat", "Assemble"),
        0.10,
    ),
    Bom(
        "BOM-FG-BRACKET",
        "FG-BRACKET",
        (("SF-BRACKET", 1), ("RM-POWDER-7016", 0.05), ("BP-BOLT-M8", 4)),
        ("Powder coat", "Test and pack"),
        0.10,
    ),
    Bom("BOM-FG-HOLDER", "FG-HOLDER", (("RM-BAR-12", 0.9), ("RM-SHEET-2", 0.4)), ("Bend",)),
)

ORDERS = (
    Order("FG-TROLLEY", 12, 2, "SO-2611-101"),
    Order("SF-FRAME", 30, 1, "SO-2611-101"),
    Order("SF-PANEL", 48, 1, "SO-2611-101"),
    Order("SF-BRACKET", 250, 0, "STOCK-47"),
    Order("FG-BRACKET", 120, 1, "SO-2611-104"),
    Order("FG-HOLDER", 60, 1, "SO-2611-105"),
    Order("FG-CABINET", 8, 3, "SO-2611-107"),
    Order("FG-TROLLEY", 6, 4, "SO-2611-109", hall="Hall 2"),
    Order("SF-BRACKET", 400, 2, "STOCK-48"),
    Order("FG-BRACKET", 80, 3, "SO-2611-112"),
    Order("FG-HOLDER", 25, 2, "SO-2611-113"),
    Order("SF-PANEL", 24, 4, "STOCK-48"),
    Order("SF-FRAME", 18, 5, "STOCK-48"),
    Order("FG-CABINET", 5, 7, "SO-2611-118"),
    Order("FG-HOLDER", 100, 6, "SO-2611-120"),
    Order("FG-TROLLEY", 10, 8, "SO-2611-121"),
)
