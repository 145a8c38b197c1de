"""The refusals a person or a machine can mend, with words for both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class _Language:
    translate: Callable[[str], str] = staticmethod(str)


def tell_language(translate: Callable[[str], str]) -> None:
    """Let sentences be said in the language of whoever reads them. From ``ready`` only."""
    _Language.translate = staticmethod(translate)


@dataclass(frozen=True)
class Words:
    """A sentence of a rule, which knows no language: ``text`` is translated when it is read, then ``facts`` filled in."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return _Language.translate(self.text) % self.facts


class DomainError(Exception):
    """A refusal: what was asked cannot be done, and ``detail`` says why and what to do instead.

    ``code`` is stable and never translated; ``status`` is the HTTP status of a doorway that speaks HTTP; ``field``
    names the input at fault, if one is; ``step_up`` the right whose holder may allow it all the same, with their PIN.
    """

    code = "refused"
    title: Any = "This cannot be done"
    """A text, or one that Django translates when it is read."""
    status = 409
    step_up = ""

    def __init__(self, detail: str | Words, *, field: str = "", **facts: Any) -> None:
        super().__init__(str(detail))
        self.detail = str(detail)
        self.field = field
        self.facts = facts


class InvalidInput(DomainError):
    """What was sent cannot be right, whatever the state of things."""

    code = "invalid_input"
    title: Any = "This entry is not valid"
    status = 422


class NotFound(DomainError):
    """There is no such thing here, or it is not for this caller to see."""

    code = "not_found"
    title: Any = "Not found"
    status = 404


class NotAllowed(DomainError):
    """The caller lacks the right; ``detail`` names it."""

    code = "not_allowed"
    title: Any = "Not allowed"
    status = 403
