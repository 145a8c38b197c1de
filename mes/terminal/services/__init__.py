"""What happens when a tap arrives from a terminal, and when a supervisor decides on one that was refused."""

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
    "Arrival",
    "EntryDecided",
    "EntryMismatch",
    "EntryOld",
    "EntryTooOld",
    "NoteMissing",
    "Outcome",
    "accept_entry",
    "book_entry",
    "dismiss_entry",
]
