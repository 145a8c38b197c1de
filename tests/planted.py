"""A person planted wherever the database can name one: a row of every model, an entry of the journal of every event."""

import dataclasses
import types
import typing
import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import NOT_PROVIDED

from erp_bridge.engine import codec, outbox, registry
from erp_bridge.models import Connection, OutboundMessage
from mes.core import persons
from mes.core.event import Event
from mes.execution.events import ProductionReported
from mes.journal import services as journal
from mes.masterdata.models import Person
from tests import factories

NAME, NUMBER = "Zora Planted", "90417-ZP"
THEN = factories.NOW

SET_BY_HAND: dict[str, dict[str, Any]] = {
    "labor.LaborSegment": {"crew_size": 1, "activity": "RUN", "ended_at": THEN + timedelta(hours=1), "minutes": 60},
    "labor.AttendanceSegment": {"ended_at": THEN + timedelta(hours=1)},
    "execution.MachineInterval": {"ended_at": THEN + timedelta(hours=1)},
    "terminal.TerminalEntry": {"state": "DISMISSED", "decision_note": "Twice"},
    "andon.Call": {"status": "RESOLVED", "acknowledged_at": THEN, "resolved_at": THEN},
    "andon.Handover": {"accepted_at": THEN},
    "performance.LossAction": {"done_at": THEN},
    "equipment.MaintenanceRequest": {"status": "DONE", "acknowledged_at": THEN, "done_at": THEN},
    "execution.ChangeProposal": {"status": "REJECTED", "decided_at": THEN},
    "execution.OrderHold": {"operation": None},
    "execution.Operation": {"position": 99, "status": "COMPLETED", "started_at": THEN, "completed_at": THEN},
    "documents.DocumentRevision": {
        "steps": "Clamp it.",
        "status": "WITHDRAWN",
        "released_at": THEN,
        "withdrawn_at": THEN,
    },
}
"""What a row of a model takes beside what can be guessed from its fields."""


class Planted:
    """The person, and one row of every model that names persons, all of them naming this one."""

    def __init__(self, world: Any) -> None:
        self.world, self.rows = world, {}
        self.person = Person.objects.create(site=world.site, number=NUMBER, name=NAME)
        for named in persons.all_named():
            if not hasattr(named.model, "instance_type"):  # a history writes itself
                self.rows[named.model._meta.label] = self._plant(named)
        self.message = self._tell_an_erp()
        for kind in registry_of_events():
            journal.record(self._event(kind))
        journal.seal()

    def _plant(self, named: persons.Named) -> models.Model:
        row = self._row(named.model)
        for name in named.persons:
            setattr(row, name, self.person)
        for name in named.texts:
            if not row._meta.get_field(name).choices:
                setattr(row, name, NUMBER)
        row.save()
        return row

    def _row(self, model: type[models.Model]) -> models.Model:
        values = {}
        for field in model._meta.concrete_fields:
            if field.primary_key and not isinstance(field, models.UUIDField):
                continue
            known = field.has_default() or field.null or getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
            if not known or field.name == "operation":
                values[field.name] = self._value(field)
        return model(**values | SET_BY_HAND.get(model._meta.label, {}))

    def _value(self, field: Any) -> Any:
        if field.is_relation:
            held = self.world.things.get(field.related_model)
            if held is not None:
                return held
            known = field.related_model._default_manager.first()
            if known is not None:
                return known
            made = self._row(field.related_model)
            made.save()
            return made
        if field.choices:
            return field.choices[0][0]
        kinds = {
            models.DateTimeField: THEN, models.DateField: THEN.date(), models.UUIDField: uuid.uuid4(),
            models.DecimalField: Decimal(1), models.IntegerField: 1, models.BooleanField: False, models.JSONField: {},
        }  # fmt: skip
        found = next((value for kind, value in kinds.items() if isinstance(field, kind)), None)
        return uuid.uuid4().hex[: min(12, field.max_length or 12)] if found is None else found

    def _tell_an_erp(self) -> OutboundMessage:
        from erp_bridge.models import Stream  # noqa: PLC0415

        connection = self.world.things[Connection]
        event = self._event(ProductionReported)
        stream = Stream.objects.create(connection=connection, key=event.subject)
        told = outbox.told(event)
        flow = next(flow.key for flow in registry.pushes_of(ProductionReported))
        return OutboundMessage.objects.create(
            connection=connection, stream=stream, seq=1, flow=flow, key="planted", kind=event.kind(),
            event_id=event.event_id, event=told, sha256=codec.digest(told), occurred_at=THEN, recorded_at=THEN,
        )  # fmt: skip

    def _event(self, kind: type[Event]) -> Event:
        hints = typing.get_type_hints(kind)
        given = {field.name: self._said(field.name, hints[field.name]) for field in dataclasses.fields(kind)}
        given |= {"site": self.world.site.code, "subject": NUMBER if kind.about_a_person else self.world.order.number}
        return kind(**given)

    def _said(self, name: str, hint: Any) -> Any:
        if persons._SIGNS.fullmatch(name):
            return NUMBER
        if typing.get_origin(hint) in (typing.Union, types.UnionType):
            return None
        if typing.get_origin(hint) is tuple:
            return ()
        plain = {
            str: "x", int: 1, bool: False, Decimal: Decimal(1), datetime: THEN, date: THEN.date(), uuid.UUID: uuid.uuid4(),
        }  # fmt: skip
        return plain[hint]


def registry_of_events() -> list[type[Event]]:
    """Return every event of the product that names a person."""
    found = [kind for kind in Event.__subclasses__() if kind.__module__.split(".")[0] in ("mes", "labor", "quality")]
    named = [kind for kind in found if any(persons._SIGNS.fullmatch(field.name) for field in dataclasses.fields(kind))]
    return sorted({*named, *(kind for kind in found if kind.about_a_person)}, key=lambda kind: kind.__name__)


def found_in(text: str) -> list[str]:
    """Return what of the planted person is in a text."""
    return [one for one in (NAME, NUMBER, NAME.split()[0]) if one in text]
