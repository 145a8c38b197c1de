"""What went wrong with a call to an ERP, named for what happens next."""


class CallFailed(Exception):
    """A call that did not end in an acknowledgement. ``code`` is the ERP's own code where it gave one."""

    def __init__(self, message: str, *, code: str = "", retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after


class NotSent(CallFailed):
    """Nothing left this machine (no name, refused, no connection in time): try later."""


class Busy(CallFailed):
    """The ERP said *not now* (429, 503, locked by a user): try later, as long as it takes."""


class NotReady(Busy):
    """The one record is not ready (its planner has it in hand), the ERP itself is well: try later, and go on with others."""


class OutcomeUnknown(CallFailed):
    """Bytes were sent and no clear answer came back: in doubt; look before sending again."""


class BrokenContract(OutcomeUnknown):
    """An answer came in a shape we do not know: in doubt, and someone must look at the mapping."""


class Rejected(CallFailed):
    """The ERP understood and refused: a person must decide. Never repeated by itself."""


class AlreadyBooked(CallFailed):
    """The ERP says it has this booking: a success that looks like an error. ``reference`` may name it."""

    def __init__(self, message: str, *, code: str = "", reference: str = "") -> None:
        super().__init__(message, code=code)
        self.reference = reference


class Misconfigured(CallFailed):
    """Credentials, certificate, address or rights are wrong: pause the connection, leave the messages alone."""


class NotLinked(CallFailed):
    """The document speaks of something that has no counterpart in this ERP yet: wait until it is linked."""
