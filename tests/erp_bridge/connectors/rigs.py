"""What a connector brings to be held to the shared contract: a real ERP, something to book there, and its error table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from erp_bridge.sdk.connector import Connector
from erp_bridge.sdk.documents import Document
from erp_bridge.sdk.errors import CallFailed


@dataclass(frozen=True)
class ErrorRow:
    """One row of an error table: an answer of the ERP, and the exception it must become."""

    status: int
    body: bytes
    becomes: type[CallFailed]
    headers: tuple[tuple[str, str], ...] = ()

    def answer(self) -> httpx.Response:
        """Return it as an answer."""
        return httpx.Response(self.status, content=self.body, headers=dict(self.headers))


class Rig:
    """A connector's ERP. Subclass it beside the connector's tests, and give it out by a fixture ``<key>_rig``."""

    connector: type[Connector]
    wrong: Mapping[str, Any]
    """Settings with which nobody may come in."""

    def settings(self) -> dict[str, Any]:
        """Return settings that work."""
        raise NotImplementedError

    def open(self, **changes: Any) -> Connector:
        """Return the connector with these settings, some changed."""
        return self.connector({**self.settings(), **changes})

    def new_order(self) -> str:
        """Make a released order in the ERP and return the number or id under which it knows it."""
        raise NotImplementedError

    def documents(self, order: str) -> Sequence[Document]:
        """Return a document of every kind that the connector writes, in an order in which the ERP takes them."""
        raise NotImplementedError

    def booked(self, order: str) -> int:
        """Count what the ERP has booked on the order, by its own books and not by the connector."""
        raise NotImplementedError

    def spoil_a_row(self) -> type | None:
        """Make the ERP hold a row that cannot be read among good ones; return its record, or None if it cannot."""
        return None

    def mend_the_row(self) -> None:
        """Take the spoiled row away again."""

    def error_rows(self) -> Sequence[ErrorRow]:
        """Return answers of this ERP and what they must become."""
        raise NotImplementedError

    def failure(self, row: ErrorRow) -> CallFailed | None:
        """Return what the connector makes of such an answer."""
        raise NotImplementedError
