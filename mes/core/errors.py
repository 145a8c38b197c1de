"""The refusals a person or a machine can mend, with words for both."""

from typing import Any


class DomainError(Exception):
    """A refusal: what was asked cannot be done, and ``detail`` says why and what to do instead.

    ``code`` is stable and never translated; ``status`` is the HTTP status of a doorway that speaks HTTP; ``field``
    names the input at fault, if one is; ``step_up`` the right whose holder may allow it all the same, with their PIN.
    """

    code = "refused"
    title = "This cannot be done"
    status = 409
    step_up = ""

    def __init__(self, detail: str, *, field: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.facts = facts


class InvalidInput(DomainError):
    """What was sent cannot be right, whatever the state of things."""

    code = "invalid_input"
    title = "This entry is not valid"
    status = 422


class NotFound(DomainError):
    """There is no such thing here, or it is not for this caller to see."""

    code = "not_found"
    title = "Not found"
    status = 404


class NotAllowed(DomainError):
    """The caller lacks the right; ``detail`` names it."""

    code = "not_allowed"
    title = "Not allowed"
    status = 403


class OwnedElsewhere(DomainError):
    """The field belongs to another system; ``detail`` names the owner."""

    code = "owned_elsewhere"
    title = "Another system owns this"
