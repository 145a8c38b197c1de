"""One user's calls to one Tryton database over JSON-RPC; every byte goes through the bridge's transport."""

import base64
import datetime as dt
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from erp_bridge.connectors.tryton import answers, codec
from erp_bridge.sdk.errors import BrokenContract, Misconfigured, OutcomeUnknown
from erp_bridge.sdk.transport import Answer, Transport

_sessions: dict[tuple[str, str, str, str], tuple[str, dict[str, Any], int]] = {}
"""Session, context and user id by address, database, user and password: signing in costs Tryton as much as ten calls."""
_lock = threading.Lock()

PAGE = 200
"""Records in one answer."""
MESSAGE_SECONDS = 40.0
"""A booking takes several calls; together they may take about as long as one call of other ERPs."""


class Client:
    """Calls methods of Tryton's models.

    :raises erp_bridge.sdk.errors.CallFailed: from every call, by the table in ``answers``.
    """

    def __init__(self, settings: Mapping[str, Any], exchanges: list[dict[str, Any]]) -> None:
        self._url = str(settings["url"]).rstrip("/")
        self._database = str(settings["database"])
        self._user = str(settings["user"])
        self._password = str(settings["password"])
        self._transport = Transport(self._url, exchanges=exchanges)
        self._server_time: dt.datetime | None = None
        self._deadline = float("inf")
        self.remembered: dict[tuple[str, str], Any] = {}
        """What was looked up by name; it lives as long as this client, which is one delivery of one order's messages."""

    @contextmanager
    def one_message(self) -> Iterator[None]:
        """Limit the time that the calls inside may take together; a call after that is not made."""
        self._deadline = time.monotonic() + MESSAGE_SECONDS
        try:
            yield
        finally:
            self._deadline = float("inf")

    def call(self, method: str, *arguments: Any, context: Mapping[str, Any] | None = None) -> Any:
        """Return the result of a method such as ``model.production.do``.

        A session that has ended is begun again, once: Tryton refuses such a call before it does anything.
        """
        for fresh in (False, True):
            session, base, _ = self._session(fresh=fresh)
            answer = self._post(method, [*arguments, {**base, **(context or {})}], session)
            if answer.status != 401:
                break
        return answers.result_of(method, answer)

    @property
    def user_id(self) -> int:
        return self._session(fresh=False)[2]

    @property
    def company(self) -> int:
        """The company that this user works in.

        :raises erp_bridge.sdk.errors.Misconfigured: it has none.
        """
        company = self._session(fresh=False)[1].get("company")
        if not company:
            raise Misconfigured("The user has no company in Tryton: set one in its preferences.")
        return int(company)

    @property
    def server_time(self) -> dt.datetime:
        """Tryton's own clock at its last answer, in whole seconds."""
        if self._server_time is None:
            raise BrokenContract("Tryton's answers carry no date.")
        return self._server_time

    def read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        order: Sequence[Any] | None = None,
        limit: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Return records; a field such as ``product.code`` arrives as ``row["product."]["code"]``."""
        rows = self.call(f"model.{model}.search_read", list(domain), 0, limit, order, list(fields), context=context)
        if not isinstance(rows, list):
            raise BrokenContract(f"Reading {model} did not give a list.")
        return rows

    def pages(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        *,
        after: int = 0,
        context: Mapping[str, Any] | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield records in pages by id, behind the id ``after``; the last page is shorter than the others, or empty."""
        last = after
        while True:
            beyond = [["id", ">", last], *domain]
            rows = self.read(model, beyond, fields, order=[["id", "ASC"]], limit=PAGE, context=context)
            yield rows
            if len(rows) < PAGE:
                return
            last = rows[-1]["id"]

    def create(self, model: str, values: Mapping[str, Any]) -> int:
        [new] = self.call(f"model.{model}.create", [dict(values)])
        return int(new)

    def close(self) -> None:
        self._transport.close()

    def _session(self, *, fresh: bool) -> tuple[str, dict[str, Any], int]:
        key = (self._url, self._database, self._user, self._password)
        with _lock:
            if not fresh and key in _sessions:
                return _sessions[key]
            _sessions[key] = self._sign_in()
            return _sessions[key]

    def _sign_in(self) -> tuple[str, dict[str, Any], int]:
        answer = self._post("common.db.login", [self._user, {"password": self._password}, "en"], "")
        self._transport.exchanges[-1]["answer"] = "***"
        result = answers.result_of("common.db.login", answer)
        if not isinstance(result, list) or len(result) < 2:
            raise BrokenContract("Tryton's answer to signing in has no known shape.")
        user_id, token = int(result[0]), result[1]
        session = base64.b64encode(f"{self._user}:{user_id}:{token}".encode()).decode()
        preferences = "model.res.user.get_preferences"
        context = answers.result_of(preferences, self._post(preferences, [True, {}], session))
        # Texts are kept with the messages: one language, whatever the user's own is.
        return session, {**context, "language": "en"}, user_id

    def _post(self, method: str, parameters: list[Any], session: str) -> Answer:
        if time.monotonic() > self._deadline:
            raise OutcomeUnknown(
                f"Tryton is slow: {MESSAGE_SECONDS:.0f} s were not enough for all calls of this message."
            )
        headers = {"Content-Type": "application/json"}
        if session:
            headers["Authorization"] = f"Session {session}"
        body = codec.dumps({"id": 1, "method": method, "params": parameters})
        answer = self._transport.request("POST", f"/{self._database}/rpc/", content=body, headers=headers)
        if "date" in answer.headers:
            self._server_time = parsedate_to_datetime(answer.headers["date"])
        return answer
