"""What execution plugs into the terminal: the state bar, the job with its pad, what comes next, material, last entries."""

from mes.execution.panels.actions import ACTIONS
from mes.execution.panels.job import BarPanel, JobPanel, LastPanel, MaterialPanel, NextPanel, PadPanel, looked_at

PANELS = (BarPanel, JobPanel, PadPanel, NextPanel, MaterialPanel, LastPanel)

__all__ = ["ACTIONS", "PANELS", "looked_at"]
