"""What happens to taps from terminals, booked or refused and decided on, and to the devices that they come from.

``now`` is the doorway's clock; ``by`` the user name of who decided at a desk.
"""

from mes.terminal.services.devices import (
    CODE_LIFE,
    CodeNotGood,
    DeviceNameTaken,
    DeviceRevoked,
    enroll,
    make_code,
    note_heartbeat,
    revoke,
)
from mes.terminal.services.entries import (
    Arrival,
    EntryDecided,
    EntryMismatch,
    EntryOld,
    EntryTooOld,
    NoteMissing,
    Outcome,
    accept_entry,
    book_entry,
    dismiss_entry,
)

__all__ = [
    "CODE_LIFE",
    "Arrival",
    "CodeNotGood",
    "DeviceNameTaken",
    "DeviceRevoked",
    "EntryDecided",
    "EntryMismatch",
    "EntryOld",
    "EntryTooOld",
    "NoteMissing",
    "Outcome",
    "accept_entry",
    "book_entry",
    "dismiss_entry",
    "enroll",
    "make_code",
    "note_heartbeat",
    "revoke",
]
