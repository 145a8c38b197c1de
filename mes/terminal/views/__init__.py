"""The home page, the terminals with the doors through which they read and write, and the devices they run on."""

from mes.terminal.views.common import csrf_failure
from mes.terminal.views.enrolling import enroll
from mes.terminal.views.entries import entries, entry, fates, waiting
from mes.terminal.views.office import devices, new_code, revoke
from mes.terminal.views.people import scan, sign_on, step_up, unlock
from mes.terminal.views.sheets import badges, command_sheet, reason_sheet, scan_test
from mes.terminal.views.shell import home, state, terminal, terminals
from mes.terminal.views.worker import worker

__all__ = [
    "badges",
    "command_sheet",
    "csrf_failure",
    "devices",
    "enroll",
    "entries",
    "entry",
    "fates",
    "home",
    "new_code",
    "reason_sheet",
    "revoke",
    "scan",
    "scan_test",
    "sign_on",
    "state",
    "step_up",
    "terminal",
    "terminals",
    "unlock",
    "waiting",
    "worker",
]
