"""Faults on demand, drawn from a seeded generator; and the command that sets them: ``python -m erp_bridge.sandbox.faults``."""

import argparse
import json
import random
import sys
import threading
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import sha256
from typing import Any

BOOKING_FAULTS = {
    "drop_before": "hangs up without booking",
    "drop_after_commit": "books, then hangs up without an answer",
    "never_answers": "never answers and books nothing",
    "hang_after_commit": "books, and never answers",
    "late_commit": "never answers, and books after the caller has given up",
    "duplicate": "gets the same call twice from something in between",
    "error_before": "answers with a server error, having booked nothing",
    "error_after": "books, and answers with a server error",
    "garbled": "books, and answers with a page of HTML",
    "busy": "answers that it is busy",
    "rejects": "refuses for a business reason, every time for the same booking",
}
"""What can go wrong with a booking, at a rate or once."""
READ_FAULTS = {
    "lookup_error": "fails to look a reference up",
    "read_error": "fails to answer a read",
}
FAULTS = BOOKING_FAULTS | READ_FAULTS


class BadFault(ValueError):
    """A fault was described in a way that cannot be understood; the message is for people."""


@dataclass(frozen=True)
class Settings:
    """How much goes wrong. ``rates`` maps a fault to the share of calls it hits (0 to 1)."""

    seed: int = 1
    rates: dict[str, float] = field(default_factory=dict)
    latency_ms: tuple[float, float] = (0, 0)
    """Every call takes a time between these two."""
    late_seconds: float = 3.0
    """How long after the call a late commit happens."""
    hang_seconds: float = 120.0
    """The longest that a hanging call is kept open."""
    error_status: int = 500
    busy_status: int = 503
    retry_after: float | None = 1.0
    reject_code: str = "PERIOD_CLOSED"
    skew_seconds: float = 0.0
    """How far the clock in the Date header is off."""
    rename: dict[str, str] = field(default_factory=dict)
    """``items.unit`` to the name under which that field goes out instead; ``*.document`` in answers to bookings."""


def merged(settings: Settings, changes: dict[str, Any]) -> Settings:
    """Return the settings with some changed; rates and renames are merged, a rate of 0 takes the fault away.

    :raises BadFault: naming what is not understood.
    """
    known = {each.name for each in fields(Settings)}
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name in FAULTS:
            values.setdefault("rates", {})[name] = value
        elif name == "rates" and isinstance(value, dict):
            values["rates"] = {**values.get("rates", {}), **value}
        elif name in known:
            values[name] = value
        else:
            raise BadFault(f"{name!r} is no fault. There are: {', '.join([*FAULTS, *sorted(known)])}.")
    try:
        return replace(settings, **_typed(settings, values))
    except (TypeError, ValueError, AttributeError) as error:
        raise BadFault(f"A value is not understood: {error}") from error


def _typed(settings: Settings, values: dict[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for name, value in values.items():
        if name == "rates":
            rates = {**settings.rates, **{fault: float(rate) for fault, rate in value.items()}}
            unknown = [fault for fault in rates if fault not in FAULTS]
            if unknown or any(not 0 <= rate <= 1 for rate in rates.values()):
                raise ValueError(f"rates go from 0 to 1, and belong to {', '.join(FAULTS)}")
            typed[name] = {fault: rate for fault, rate in rates.items() if rate}
        elif name == "rename":
            typed[name] = {old: new for old, new in {**settings.rename, **value}.items() if new}
        elif name == "latency_ms":
            low, high = (float(each) for each in value)
            if not 0 <= low <= high <= 600_000:
                raise ValueError("latency_ms is a pair: lowest, highest")
            typed[name] = (low, high)
        elif name in ("seed", "error_status", "busy_status"):
            typed[name] = int(value)
        elif name == "reject_code":
            typed[name] = str(value)
        else:
            typed[name] = None if value is None and name == "retry_after" else float(value)
    return typed


class Faults:
    """Decides, call by call, what goes wrong. Safe to ask from many threads."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.Lock()
        self._once: deque[str] = deque()
        self.settings = settings or Settings()
        self._random = random.Random(self.settings.seed)  # noqa: S311  not for secrets

    def change(self, changes: dict[str, Any]) -> None:
        """Change some settings; a seed starts the generator afresh.

        :raises BadFault: naming what is not understood; nothing is changed.
        """
        settings = merged(self.settings, changes)
        with self._lock:
            self.settings = settings
            if "seed" in changes:
                self._random = random.Random(settings.seed)  # noqa: S311  not for secrets

    def clear(self) -> None:
        """Let everything work again."""
        with self._lock:
            self.settings = Settings(seed=self.settings.seed)
            self._once.clear()

    def once(self, fault: str, times: int = 1) -> None:
        """Play a fault on the next call that it can hit, so many times, before any rate is asked.

        :raises BadFault: there is no such fault.
        """
        if fault not in FAULTS:
            raise BadFault(f"{fault!r} is no fault. There are: {', '.join(FAULTS)}.")
        with self._lock:
            self._once.extend([fault] * max(1, min(times, 10_000)))

    def latency(self) -> float:
        """Return how many seconds this call is to take."""
        low, high = self.settings.latency_ms
        with self._lock:
            return self._random.uniform(low, high) / 1000 if high else 0.0

    def pick(self, kinds: Sequence[str], reference: str) -> str:
        """Return the fault among ``kinds`` that hits this call, or "".

        Rejections are a property of the reference and the seed, so that the same booking is refused every time.
        """
        with self._lock:
            for fault in self._once:
                if fault in kinds:
                    self._once.remove(fault)
                    return fault
            rates = self.settings.rates
            if "rejects" in kinds and _share(self.settings.seed, reference) < rates.get("rejects", 0):
                return "rejects"
            draw = self._random.random()
            for fault in kinds:
                rate = 0 if fault == "rejects" else rates.get(fault, 0)
                if draw < rate:
                    return fault
                draw -= rate
        return ""

    def state(self) -> dict[str, Any]:
        """Return the settings in force and what is still to be played once."""
        with self._lock:
            return {**asdict(self.settings), "once": list(self._once)}

    def renamed(self, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        """Return the row with the fields renamed that someone at the ERP thought should be called otherwise."""
        rename = self.settings.rename
        if not rename:
            return row
        return {rename.get(f"{kind}.{name}", name): value for name, value in row.items()}


def _share(seed: int, reference: str) -> float:
    return int.from_bytes(sha256(f"{seed}/{reference}".encode()).digest()[:6], "big") / 2**48


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, talk to the practice ERP, and print what it says."""
    parser = argparse.ArgumentParser(prog="python -m erp_bridge.sandbox.faults", description="Break the practice ERP.")
    parser.add_argument("--url", required=True, help="its admin address, as printed when it started")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("show", help="what goes wrong now")
    commands.add_parser("clear", help="let everything work again")
    commands.add_parser("list", help="which faults there are")
    change = commands.add_parser("set", help="e.g. set drop_after_commit=0.02 latency_ms=50,200 seed=7")
    change.add_argument("values", nargs="+", metavar="NAME=VALUE")
    once = commands.add_parser("once", help="play one fault on the next booking")
    once.add_argument("fault", choices=list(FAULTS))
    once.add_argument("--times", type=int, default=1)
    offline = commands.add_parser("offline", help="close the door for so many seconds (0: open it again)")
    offline.add_argument("seconds", type=float)
    options = parser.parse_args(arguments)
    if options.command == "list":
        for name, meaning in FAULTS.items():
            print(f"{name:18} the ERP {meaning}")
        return 0
    try:
        answer = _talk(options)
    except (OSError, ValueError) as error:
        print(f"That did not work: {_reason(error)}", file=sys.stderr)
        return 1
    print(json.dumps(answer, indent=2))
    return 0


def _talk(options: argparse.Namespace) -> Any:
    base = options.url.rstrip("/")
    match options.command:
        case "show":
            return call("GET", f"{base}/admin/faults")
        case "clear":
            return call("POST", f"{base}/admin/faults/clear", {})
        case "once":
            return call("POST", f"{base}/admin/faults/once", {"fault": options.fault, "times": options.times})
        case "offline":
            return call("POST", f"{base}/admin/offline", {"seconds": options.seconds})
        case _:
            return call("POST", f"{base}/admin/faults", dict(_pair(text) for text in options.values))


def _pair(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name == "latency_ms":
        low, _, high = value.partition(",")
        return name, [low, high or low]
    if name.startswith("rename."):
        return "rename", {name.removeprefix("rename."): value}
    return name, value


def call(method: str, url: str, body: Any = None, *, token: str = "", seconds: float = 10) -> Any:
    """Make one call of the tools beside this ERP and return the JSON of the answer.

    :raises OSError: no answer, or one that is an error.
    """
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)  # noqa: S310  people give the address
    with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
        return json.loads(response.read())


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return error.read().decode("utf-8", "replace")
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
