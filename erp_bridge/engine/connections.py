"""Opens connections: settings and secrets together, the address checked; pauses and resumes them."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from erp_bridge.engine import addresses, circuit, registry, vault, wiring
from erp_bridge.models import Circuit, Connection
from erp_bridge.sdk.connector import Connector
from erp_bridge.sdk.errors import Misconfigured
from mes.core.errors import InvalidInput

logger = logging.getLogger(__name__)

KEPT_BYTES = 8192


def connector_type(connection: Connection) -> type[Connector]:
    """Return the kind of ERP behind the connection.

    :raises erp_bridge.sdk.errors.Misconfigured: no such connector is installed.
    """
    if connection.connector not in registry.connectors:
        raise Misconfigured(f"No connector is called {connection.connector!r} here; install it, or choose another.")
    return registry.connectors[connection.connector]


def open_connector(connection: Connection) -> Connector:
    """Return a connector ready to speak to this ERP. The caller ends with :func:`close_connector`.

    :raises erp_bridge.sdk.errors.Misconfigured: its secrets cannot be opened, or its address is not allowed.
    """
    kind = connector_type(connection)
    try:
        secrets = vault.unseal(connection.secrets, owner=connection.name)
    except vault.CannotOpen as error:
        raise Misconfigured(str(error)) from error
    defaults = {setting.name: setting.default for setting in kind.settings_form}
    values = defaults | dict(connection.settings) | secrets | {"site": connection.site}
    for name, value in values.items():
        if isinstance(value, str) and (name.endswith("url") or "://" in value) and value:
            addresses.check(value)
    return kind(values)


def close_connector(connector: Connector) -> None:
    """Let go of what the connector holds open, if it holds anything."""
    close = getattr(connector, "close", None)
    if callable(close):
        close()


def save_settings(connection: Connection, values: Mapping[str, Any]) -> None:
    """Put what a person filled in where it belongs, secrets sealed; an empty secret leaves the stored one. Not saved yet.

    :raises mes.core.errors.InvalidInput: a required setting is missing.
    """
    kind = registry.connectors[connection.connector]
    plain = dict(connection.settings)
    secrets = vault.unseal(connection.secrets, owner=connection.name) if connection.secrets else {}
    for setting in kind.settings_form:
        value = values.get(setting.name)
        if setting.secret:
            secrets |= {setting.name: str(value)} if value else {}
            plain.pop(setting.name, None)
        elif value is not None:
            plain[setting.name] = value
        known = secrets if setting.secret else plain
        if setting.required and not (known.get(setting.name) or setting.default):
            raise InvalidInput(
                f"{setting.label} is missing; this ERP cannot be reached without it.", field=setting.name
            )
    connection.settings = plain
    connection.secrets = vault.seal(secrets, owner=connection.name)


def create(*, name: str, site: str, connector: str, values: Mapping[str, Any], label: str = "") -> Connection:
    """Create or change the connection of this name, with its settings, and enroll every flow its ERP can carry.

    :raises mes.core.errors.InvalidInput: no such connector, or a required setting is missing.
    """
    if connector not in registry.connectors:
        known = ", ".join(sorted(registry.connectors.keys()))
        raise InvalidInput(f"No connector is called {connector!r}; known are: {known}.", field="connector")
    with transaction.atomic():
        connection = Connection.objects.filter(name=name).first() or Connection(name=name)
        connection.site, connection.connector, connection.label = site, connector, label or connection.label
        save_settings(connection, values)
        connection.save()
        Circuit.objects.get_or_create(connection=connection)
        wiring.enroll(connection)
    return connection


def pause(connection: Connection, *, reason: str) -> Connection:
    """Stop speaking to this ERP; what is to be said is kept. A person resumes it when the cause is mended."""
    connection.refresh_from_db()
    if connection.paused:
        return connection
    connection.paused, connection.paused_reason, connection.paused_at = True, reason[:2000], timezone.now()
    connection.save(update_fields=["paused", "paused_reason", "paused_at", "changed_at"])
    logger.error("Connection %s is paused: %s", connection.name, reason)
    return connection


def resume(connection: Connection) -> Connection:
    """Speak to this ERP again, at once."""
    connection.refresh_from_db()
    connection.paused, connection.paused_reason, connection.paused_at = False, "", None
    connection.save(update_fields=["paused", "paused_reason", "paused_at", "changed_at"])
    circuit.close(connection.pk)
    return connection


def test(connection: Connection) -> str:
    """Ask the ERP who it is, and return its answer as one sentence.

    :raises erp_bridge.sdk.errors.CallFailed: saying what is wrong.
    """
    connector = open_connector(connection)
    try:
        sentence = connector.check()
    finally:
        close_connector(connector)
    circuit.close(connection.pk)
    Circuit.objects.filter(connection=connection).update(last_ok_at=timezone.now())
    return sentence


def settle_time(connection: Connection) -> timedelta:
    """Return how long a call that we gave up on may still be booked in this ERP."""
    if connection.settle_seconds is not None:
        return timedelta(seconds=connection.settle_seconds)
    return connector_type(connection).settle


def recorded(connector: Connector) -> str:
    """Return what was said and answered as JSON of at most 8 kB, without the values of this connection's secrets."""
    if not connector.exchanges:
        return ""
    secrets = [
        secret
        for setting in connector.settings_form
        if setting.secret and len(secret := str(connector.settings.get(setting.name) or "")) >= 4
    ]
    exchanges = [_plain(each, secrets) for each in connector.exchanges]
    text = json.dumps(exchanges, ensure_ascii=False)
    return text if len(text.encode()) <= KEPT_BYTES else _shortened(exchanges)


def _plain(note: Mapping[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, int | float | None) else _struck(str(value), secrets)
        for key, value in note.items()
    }


def _struck(text: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        # As it is, and as it stands inside JSON.
        text = text.replace(secret, "***").replace(json.dumps(secret, ensure_ascii=False)[1:-1], "***")
    return text


def _shortened(exchanges: list[dict[str, Any]]) -> str:
    # The last exchange is what decided; earlier ones are kept as far as there is room.
    kept: list[dict[str, Any]] = []
    for share in (2000, 600, 200, 80):
        kept = [
            {
                key: value[:share] + "…" if isinstance(value, str) and len(value) > share else value
                for key, value in each.items()
            }
            for each in exchanges[-12:]
        ]
        text = json.dumps(kept, ensure_ascii=False)
        if len(text.encode()) <= KEPT_BYTES:
            return text
    return json.dumps(kept[-1:], ensure_ascii=False)[:KEPT_BYTES]
