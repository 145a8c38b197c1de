"""The only module that opens a socket to an ERP: deadlines, size limits, and errors named for what happens next."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from erp_bridge.sdk import errors

TIMEOUTS = httpx.Timeout(connect=3.0, pool=2.0, write=10.0, read=30.0)
TOTAL_SECONDS = 45.0
"""httpx limits each read, not the whole: an ERP that drips bytes would hold a worker for ever."""
MAX_BODY = 8 * 1024 * 1024
_KEPT = 4096
_SECRET_WORDS = ("authorization", "password", "token", "secret", "key", "cookie", "session")


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """Return the body as JSON, numbers with a point as Decimal-safe strings left to the caller.

        :raises erp_bridge.sdk.errors.BrokenContract: the body is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise errors.BrokenContract(f"The answer ({self.status}) is not JSON: {self.body[:200]!r}") from error


class Transport:
    """HTTP to one address. ``exchanges`` receives a redacted note of every call.

    No redirects, no retries; a fresh connection after any error. ``headers`` go with every call.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        exchanges: list[dict[str, Any]] | None = None,
        total_seconds: float = TOTAL_SECONDS,
        verify: bool | str = True,
        client: httpx.Client | None = None,
    ) -> None:
        timeouts = httpx.Timeout(connect=3.0, pool=2.0, write=10.0, read=min(TIMEOUTS.read or 30.0, total_seconds))
        self._client = client or httpx.Client(
            base_url=base_url.rstrip("/"), timeout=timeouts, follow_redirects=False, verify=verify, trust_env=False
        )
        self._headers = dict(headers or {})
        self._total_seconds = total_seconds
        self.exchanges = exchanges if exchanges is not None else []

    def close(self) -> None:
        self._client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | str | None = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call and return the whole answer, whatever its status.

        :raises erp_bridge.sdk.errors.NotSent: nothing left this machine.
        :raises erp_bridge.sdk.errors.Misconfigured: the certificate or the address is wrong.
        :raises erp_bridge.sdk.errors.OutcomeUnknown: bytes left, and no complete answer came within the deadline.
        """
        started = time.monotonic()
        note: dict[str, Any] = {"request": f"{method} {path}", "sent": _redacted(content)}
        self.exchanges.append(note)
        try:
            answer = self._exchange(method, path, content, params, headers, started)
        except errors.CallFailed as error:
            note["error"] = f"{type(error).__name__}: {error}"
            raise
        finally:
            note["seconds"] = round(time.monotonic() - started, 3)
        note["status"] = answer.status
        note["answer"] = _redacted(answer.body)
        note["date"] = answer.headers.get("date", "")
        return answer

    def _exchange(
        self, method: str, path: str, content: Any, params: Any, headers: Mapping[str, str] | None, started: float
    ) -> Answer:
        try:
            with self._client.stream(
                method, path, content=content, params=params, headers={**self._headers, **(headers or {})}
            ) as response:
                body = self._read(response, started)
                return Answer(response.status_code, response.headers, body, time.monotonic() - started)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise errors.Misconfigured(f"The address cannot be used: {error}") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error).upper() or "SSL" in str(error).upper():
                raise errors.Misconfigured(f"The certificate was not accepted: {error}") from error
            raise errors.NotSent(f"No connection: {error}") from error
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise errors.NotSent(f"No connection in time: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise errors.OutcomeUnknown(f"No complete answer: {type(error).__name__} {error}") from error

    def _read(self, response: httpx.Response, started: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                raise errors.OutcomeUnknown(f"The answer is larger than {MAX_BODY} bytes.")
            if time.monotonic() - started > self._total_seconds:
                raise errors.OutcomeUnknown(f"The answer took longer than {self._total_seconds:.0f} s.")
        return bytes(body)


def _redacted(content: bytes | str | None) -> str:
    """Return at most 4 kB of what was said, with the values of secret-looking JSON keys blanked."""
    if content is None:
        return ""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    try:
        text = json.dumps(_blank(json.loads(text)), ensure_ascii=False)
    except ValueError:
        return text[:_KEPT]
    return text[:_KEPT]


def _blank(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "***"
            if any(word in name.lower() for word in _SECRET_WORDS) and isinstance(inner, str)
            else _blank(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_blank(inner) for inner in value]
    return value
