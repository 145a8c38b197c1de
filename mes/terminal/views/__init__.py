"""The home page, the terminals, and the doors through which a terminal reads and writes."""

from mes.terminal.views.entries import entries, entry
from mes.terminal.views.people import sign_on
from mes.terminal.views.shell import home, state, terminal, terminals

__all__ = ["entries", "entry", "home", "sign_on", "state", "terminal", "terminals"]
