"""Move material into and out of lots and orders, and say which lots may be used.

Orders are named by number here: material knows none. What concerns an order is called by execution, which holds the
order's lock; lots are locked after it. Quantities are in the item's own unit.
"""

from mes.material.services.holds import HoldLifted, NoSerials, hold_lot, hold_serial, release_lot_hold, set_lot_status
from mes.material.services.labels import CopiesWrong, ReasonNeeded, draw_labels, print_labels, zpl_of
from mes.material.services.lots import LotBlocked, LotMissing, LotShort, LotUnknown, LotWrongItem, usable_lot
from mes.material.services.movements import (
    Kind,
    MovementIdReused,
    NothingMoved,
    ReturnOverIssued,
    Use,
    backflush,
    consumed_quantity,
    issue_material,
    note_process,
    receive_lot,
    receive_output,
    return_material,
    reverse_report_movements,
)
from mes.material.services.numbers import SerialsOneByOne, SerialTaken, output_number
from mes.material.services.replenishing import (
    PlaceMoveReversed,
    PlaceShort,
    replenish_place,
    return_to_store,
    reverse_place_movement,
)
from mes.material.services.stock import (
    MovementReversed,
    SameLot,
    put_out_byproduct,
    reverse_byproduct,
    scrap_lot,
    ship_lot,
    transfer_lot,
)

__all__ = [
    "CopiesWrong",
    "HoldLifted",
    "Kind",
    "LotBlocked",
    "LotMissing",
    "LotShort",
    "LotUnknown",
    "LotWrongItem",
    "MovementIdReused",
    "MovementReversed",
    "NoSerials",
    "NothingMoved",
    "PlaceMoveReversed",
    "PlaceShort",
    "ReasonNeeded",
    "ReturnOverIssued",
    "SameLot",
    "SerialTaken",
    "SerialsOneByOne",
    "Use",
    "backflush",
    "consumed_quantity",
    "draw_labels",
    "hold_lot",
    "hold_serial",
    "issue_material",
    "note_process",
    "output_number",
    "print_labels",
    "put_out_byproduct",
    "receive_lot",
    "receive_output",
    "release_lot_hold",
    "replenish_place",
    "return_material",
    "return_to_store",
    "reverse_byproduct",
    "reverse_place_movement",
    "reverse_report_movements",
    "scrap_lot",
    "set_lot_status",
    "ship_lot",
    "transfer_lot",
    "usable_lot",
    "zpl_of",
]
