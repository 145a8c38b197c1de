"""The engine's times and counts in one place; a plant changes them by ``LINESIDE_BRIDGE`` in the settings."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings


@dataclass(frozen=True)
class Limits:
    """Seconds, unless the name says otherwise."""

    lease: float = 120.0
    """How long a worker owns a stream. At least twice the call limit."""
    call: float = 45.0
    """How long one call may take in all. What is left of the lease must cover it, or the call is not begun."""
    absent_gap: float = 5.0
    """Pause between the two look-ups that must both miss before a message is sent again."""
    backoff_base: float = 2.0
    backoff_cap: float = 300.0
    breaker_pause: float = 30.0
    breaker_cap: float = 600.0
    breaker_failures: int = 5
    retry_after_cap: float = 3600.0
    link_recheck: float = 900.0
    """A message that waits for a link looks again after this long, should the news of it have been lost."""
    crashes: int = 3
    sweep_budget: float = 50.0
    """How long one sweep keeps draining before it lets the next one take over."""
    sweep_claims: int = 16
    wiring: float = 1.0
    """How long a process may act on its copy of the table connections × flows."""
    job_lease: float = 600.0


@lru_cache(maxsize=1)
def _from_settings(values: tuple[tuple[str, float], ...]) -> Limits:
    return Limits(**dict(values))  # type: ignore[arg-type]


def limits() -> Limits:
    """Return the limits in force."""
    return _from_settings(tuple(sorted(getattr(settings, "LINESIDE_BRIDGE", {}).items())))
