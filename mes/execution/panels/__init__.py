"""What execution plugs into the terminal: the state bar, the job with its pad, what comes next, material, last entries."""

from django.utils.translation import gettext_lazy as _

from mes.execution.panels.actions import ACTIONS
from mes.execution.panels.job import (
    BarPanel,
    HeldPanel,
    JobPanel,
    LastPanel,
    MaterialPanel,
    NextPanel,
    PadPanel,
    looked_at,
)
from mes.execution.panels.tapped import operation_of
from mes.terminal.panels import Command, Hotkey

COMMANDS = (
    Command(key="CGOOD1", words=_("1 good"), order=1),
    Command(key="CGOODPACK", words=_("One pack good"), order=2),
    Command(key="CGOOD", words=_("Enter good"), order=3),
    Command(key="CSCRAP", words=_("Scrap"), order=4),
    Command(key="CREWORK", words=_("Rework"), order=5),
    Command(key="CSETUP", words=_("Start setup"), order=6),
    Command(key="CRUN", words=_("Start or resume"), order=7),
    Command(key="CPAUSE", words=_("Pause"), order=8),
    Command(key="CFINISH", words=_("Finish"), order=9),
    Command(key="CUNDO", words=_("Take the last entry back"), order=10),
)
"""Where each stands: templates/execution/terminal/pad.html and last.html."""

HOTKEYS = (
    Hotkey(key="F2", words=_("1 good"), order=2),
    Hotkey(key="F3", words=_("Scrap"), order=3),
    Hotkey(key="F7", words=_("Next job"), order=7),
)

PANELS = (BarPanel, JobPanel, PadPanel, NextPanel, HeldPanel, MaterialPanel, LastPanel)

__all__ = ["ACTIONS", "COMMANDS", "HOTKEYS", "PANELS", "looked_at", "operation_of"]
