"""The shape of a row: its number in the list of hostile inputs, what it is, and what shows that it is so."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mes.terminal.models import TerminalEntry


@dataclass(frozen=True)
class Row:
    """``act`` does what the row says on its stage and asserts what is read and what is booked."""

    number: int
    what: str
    act: Callable[[Any], None]
    stage: str = "floor"
    """The fixture that it is played on: ``floor``, ``shared_floor`` (several at once) or ``page`` (a real browser)."""

    def __str__(self) -> str:
        return f"W{self.number} {self.what}"


def refused(number, what, act, status, code, words, *, kept=True):
    """Return the row of a tap that is refused: ``words`` are read, and what was entered is ``kept`` for the supervisor.

    Not kept is what nobody entered yet (who cannot sign on), or what cannot be stored: the terminal holds on to it.
    """

    def check(floor):
        answer = act(floor)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code)
        assert words in problem["detail"]
        assert problem.get("kept") is kept
        entries = TerminalEntry.objects.filter(state="REFUSED")
        assert entries.exists() is kept
        if kept:
            assert problem["detail"].endswith(f"Your entry is kept for the supervisor (ref {problem['ref']}).")
            assert problem["detail"].startswith(entries.get().said)

    return Row(number, what, check)
