"""The table of Tryton's answers and what each means for a message of ours."""

from typing import Any, NoReturn

from erp_bridge.connectors.tryton import codec
from erp_bridge.sdk.errors import BrokenContract, Busy, CallFailed, Misconfigured, OutcomeUnknown, Rejected
from erp_bridge.sdk.transport import Answer

_ELSEWHERE = (Misconfigured, "Tryton is not at this address: it points elsewhere.")
STATUSES: dict[int, tuple[type[CallFailed], str]] = {
    **dict.fromkeys((301, 302, 303, 307, 308), _ELSEWHERE),
    401: (Misconfigured, "Tryton does not accept this user and password."),
    403: (
        Misconfigured,
        "Tryton does not let this user call {method}: give the user the groups that the manual names.",
    ),
    404: (Misconfigured, "Tryton has no such database at this address."),
    408: (OutcomeUnknown, "Tryton gave up waiting for {method}."),
    413: (Rejected, "Tryton finds {method} too large."),
    429: (Busy, "Tryton has had too many calls from here."),
    500: (OutcomeUnknown, "Tryton failed inside {method}."),
    502: (OutcomeUnknown, "What stands before Tryton lost the answer to {method}."),
    # An operational error of its database: the whole call was rolled back.
    503: (Busy, "Tryton's database is not ready for {method}."),
    504: (OutcomeUnknown, "What stands before Tryton lost the answer to {method}."),
}
"""HTTP status to class and sentence; a status that is not here leaves the outcome unknown."""


class Warned(Rejected):
    """Tryton asks before it goes on; ``name`` is what it wants to hear back as *yes*."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text, code=f"WARNING.{name.rpartition('.')[2]}")
        self.name = name


def result_of(method: str, answer: Answer) -> Any:
    """Return the result of a call.

    :raises erp_bridge.sdk.errors.CallFailed: by the table above and the error in the body.
    """
    if answer.status != 200:
        kind, sentence = STATUSES.get(
            answer.status, (OutcomeUnknown, "Tryton answered {method} in no way that is known.")
        )
        raise kind(sentence.format(method=method), code=f"HTTP {answer.status}", retry_after=_retry_after(answer))
    try:
        body = codec.loads(answer.body)
        error, result = body.get("error"), body.get("result")
    except (ValueError, AttributeError) as problem:
        raise BrokenContract(f"The answer to {method} is not JSON-RPC: {answer.body[:200]!r}") from problem
    if error is not None:
        _raise(method, error)
    if isinstance(result, dict) and str(result.get("type", "")).startswith("ir.action"):
        # Tryton did nothing and would open a dialog now.
        wizard = result.get("wiz_name") or result.get("type")
        raise Rejected(
            f"Tryton did not do this: it first wants a decision in its dialog {wizard!r}.", code=f"DIALOG.{wizard}"
        )
    return result


def _raise(method: str, error: Any) -> NoReturn:
    match error:
        case ["UserError", [str(message), *rest]]:
            raise Rejected(_joined(message, *rest[:1]), code="UserError")
        case ["UserWarning", [str(name), str(message), *rest]]:
            raise Warned(name, _joined(message, *rest[:1]))
        case ["ConcurrencyException", *_]:
            raise Busy("Someone changed this order in Tryton at the same moment.", code="ConcurrencyException")
        case ["TimeOutException", *_] | ["RateLimitException", *_]:
            raise Busy(f"Tryton has no time for {method} now.", code=str(error[0]))
        case ["LoginException", *_]:
            raise Misconfigured("Tryton asks for more than a password of this user.", code="LoginException")
        case [kind, *_]:
            # Anything else is an exception inside Tryton: rolled back, and no better the next time.
            raise Rejected(f"Tryton failed inside {method}: {kind}", code="EXCEPTION")
    raise BrokenContract(f"The error of {method} has no known shape: {error!r}")


def _joined(*texts: Any) -> str:
    return " ".join(str(text).replace("\u202f", " ").replace("\xa0", " ") for text in texts if text)


def _retry_after(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isdigit() else None
