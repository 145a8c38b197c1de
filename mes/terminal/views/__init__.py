"""The home page, the terminals, and the doors through which a terminal reads and writes."""

from mes.terminal.views.common import csrf_failure
from mes.terminal.views.entries import entries, entry, fates, waiting
from mes.terminal.views.people import sign_on
from mes.terminal.views.shell import home, state, terminal, terminals

__all__ = ["csrf_failure", "entries", "entry", "fates", "home", "sign_on", "state", "terminal", "terminals", "waiting"]
