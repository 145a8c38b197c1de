"""A few lines of Tryton's JSON-RPC on the standard library, enough to seed a database and to play its planner."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit


class Refused(Exception):
    """Tryton answered, and the answer was no; the text is Tryton's own."""


class Unreachable(Exception):
    """Nothing that talks like Tryton answered at this address."""


def _encode(value: object) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, dt.datetime):
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return {"__class__": "datetime"} | {name: getattr(value, name) for name in names}
    if isinstance(value, dt.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, dt.timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    raise TypeError(f"{type(value).__name__} has no form in Tryton's JSON")


def _decode(value: dict[str, Any]) -> object:
    match value.pop("__class__", None):
        case "Decimal":
            return Decimal(value["decimal"])
        case "datetime":
            return dt.datetime(**value, tzinfo=dt.UTC)
        case "date":
            return dt.date(**value)
        case "timedelta":
            return dt.timedelta(seconds=value["seconds"])
    return value


class Rpc:
    """A session of one user in one database.

    Raises Refused with Tryton's words, and Unreachable when nothing answers.
    """

    def __init__(self, url: str, database: str, user: str, password: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
        self._path = f"/{database}/rpc/"
        self._headers = {"Content-Type": "application/json"}
        self.context: dict[str, Any] = {}
        self.user_id, token = self._post("common.db.login", [user, {"password": password}, "en"])[:2]
        session = base64.b64encode(f"{user}:{self.user_id}:{token}".encode()).decode()
        self._headers["Authorization"] = f"Session {session}"
        self.use_preferences()

    def use_preferences(self) -> None:
        """Take the company and employee of this user as context of every further call."""
        self.context = self._post("model.res.user.get_preferences", [True, {}])

    def __call__(self, method: str, *arguments: Any, **context: Any) -> Any:
        return self._post(method, [*arguments, {**self.context, **context}])

    def create(self, model: str, *rows: dict[str, Any]) -> list[int]:
        """The ids of the new records, in the order of the rows."""
        return self(f"model.{model}.create", list(rows))

    def ids(self, model: str, *domain: Any) -> list[int]:
        return self(f"model.{model}.search", list(domain), 0, None, None)

    def read(self, model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
        return self(f"model.{model}.search_read", domain, 0, None, None, list(fields))

    def close(self) -> None:
        self._connection.close()

    def _post(self, method: str, parameters: list[Any]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": parameters}, default=_encode)
        try:
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            raise Unreachable(f"Nothing answered {method}: {problem}") from problem
        if response.status != 200:
            raise Refused(f"{method} was answered with HTTP status {response.status}.")
        answer = json.loads(text, object_hook=_decode)
        if answer.get("error") is not None:
            raise Refused(f"{method}: {answer['error']}")
        return answer["result"]
