"""Notes on a production (or on a lot): what we are about to book, written before, so that each booking can be found by our key.

Most of Tryton's records have no field for a foreign reference. A note says, before a booking, what it will be and the
last records that stood there. What came after that, by our user, up to the next note, is this booking. Notes cannot be
changed once written, and only one message of an order is under way at a time, so the order of the notes is the order
of the bookings.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from erp_bridge.connectors.tryton.client import Client
from erp_bridge.sdk.documents import COST_AMOUNTS, OrderCost

_LINE = re.compile(r"^Lineside booking (\S+)(?: after moves (\d+) cycles (\d+))?(?: cancels (\d+))?$", re.MULTILINE)

_COST = re.compile(
    r"^Cost by Lineside, version (?P<version>\d+): (?P<total>\S+) \w+ \(material (?P<material>\S+), labor (?P<labor>\S+), "
    r"machine (?P<machine>\S+), scrap (?P<scrap>\S+), rework (?P<rework>\S+); planned (?P<planned_total>\S+)\)\."
)


@dataclass(frozen=True)
class Note:
    """One note: ``moves`` and ``cycles`` are the last ids before the booking; ``cancels`` a move that it takes back."""

    id: int
    key: str
    moves: int = 0
    cycles: int = 0
    cancels: int = 0


def parse(note_id: int, message: str) -> Note | None:
    """Return what a note says to us, or None when it is someone else's."""
    found = _LINE.search(message)
    if not found:
        return None
    key, *numbers = found.groups()
    return Note(note_id, key, *(int(number or 0) for number in numbers))


def line(note: Note) -> str:
    """Return the line by which :func:`parse` knows the note again."""
    text = f"Lineside booking {note.key} after moves {note.moves} cycles {note.cycles}"
    return f"{text} cancels {note.cancels}" if note.cancels else text


def read(client: Client, resource: str) -> list[Note]:
    """Return our notes on a record, such as ``production,7``, oldest first."""
    domain = [["resource", "=", resource], ["message", "like", "%Lineside booking %"]]
    rows = client.read("ir.note", domain, ["message"])
    found = (parse(row["id"], row["message"]) for row in sorted(rows, key=lambda row: row["id"]))
    return [note for note in found if note]


def write(client: Client, resource: str, sentence: str, note: Note) -> Note:
    """Write a note on a record with a sentence for people, and return it with its id."""
    values = {"resource": resource, "message": f"{sentence}\n{line(note)}"}
    return Note(client.create("ir.note", values), note.key, note.moves, note.cycles, note.cancels)


def cost_sentence(document: OrderCost) -> str:
    """Return what a note says of the cost of an order; :func:`posted_cost` reads it back."""
    parts = ("material", "labor", "machine", "scrap", "rework")
    told = ", ".join(f"{part} {getattr(document, part)}" for part in parts)
    return (
        f"Cost by Lineside, version {document.version}: {document.total} {document.currency} "
        f"({told}; planned {document.planned_total})."
    )


def posted_cost(client: Client, production: int) -> dict[str, Decimal]:
    """Return the amounts of the last version of the cost that a production's notes tell; empty: none does."""
    domain = [["resource", "=", f"production,{production}"], ["message", "like", "Cost by Lineside, version %"]]
    found = [_COST.match(row["message"]) for row in client.read("ir.note", domain, ["message"])]
    versions = {int(each["version"]): each for each in found if each}
    if not versions:
        return {}
    last = versions[max(versions)]
    return {name: Decimal(last[name]) for name in COST_AMOUNTS}


def of_key(notes: Sequence[Note], key: str) -> list[Note]:
    return [note for note in notes if note.key == key]


def is_open(notes: Sequence[Note], key: str) -> bool:
    """Return whether the newest note is this key's: only then may its booking still be made under it."""
    return bool(notes) and notes[-1].key == key


def window(notes: Sequence[Note], key: str, records: Sequence[int], kind: str) -> list[int]:
    """Return which of these records (ids of our own moves or cycles, as ``kind`` says) were booked under the key."""
    ordered = sorted(notes, key=lambda note: (getattr(note, kind), note.id))
    found: list[int] = []
    for place, note in enumerate(ordered):
        if note.key == key:
            low = getattr(note, kind)
            high = getattr(ordered[place + 1], kind) if place + 1 < len(ordered) else None
            found += [each for each in records if each > low and (high is None or each <= high)]
    return sorted(set(found))
