"""States of work units, stops, and calls for maintenance over HTTP."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from mes.access.api import answered_once
from mes.core.api.fields import CodeField, InstantField, OutputDecimalField, TextField, UUIDField
from mes.core.api.input import ChoicesField, Filters, FlagField, Input
from mes.core.api.views import ApiView, decided_by
from mes.core.errors import InvalidInput
from mes.equipment import services
from mes.equipment.models import DowntimeRecord, MaintenanceRequest, StateChange, StopEntry, StopExplanation
from mes.equipment.rules.states import EXPLAINABLE
from mes.execution.api.inputs import fact_id, moment, person_at
from mes.masterdata.api import PersonNumberField, SignedField
from mes.masterdata.models import WorkUnit

FAR = datetime(9000, 1, 1, tzinfo=UTC)


class WorkUnitUnknownHere(InvalidInput):
    """The caller's sites have no active work unit of that code, or several do and no site is named."""

    code = "work_unit_unknown_here"


class StateOutput(serializers.Serializer):
    """A work unit's state over an interval. The next one of the unit begins where this one ends."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    work_center = serializers.CharField(source="work_unit.work_center.code")
    work_unit = serializers.CharField(source="work_unit.code")
    state = serializers.CharField()
    started_at = InstantField()
    ended_at = InstantField(allow_null=True, help_text="Null: it goes on.")
    work_order = serializers.CharField(source="operation.work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    reason = serializers.CharField(allow_null=True, help_text="Why it stood still; null where nobody has said.")


class StatesView(ApiView):
    """What work units did, and do."""

    rights = {"GET": "equipment:read"}
    ordering = ("started_at", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_center = CodeField(required=False, source="work_unit__work_center__code")
        work_unit = CodeField(required=False, source="work_unit__code")
        state = ChoicesField(StateChange.State.values, required=False, source="state__in")
        current = FlagField(required=False, source="ended_at__isnull")
        explained = FlagField(required=False, source="reason__isnull")
        started_since = InstantField(required=False, source="started_at__gte")

    @extend_schema(operation_id="work_unit_states_list", parameters=[Query], responses=StateOutput(many=True))
    def get(self, request: Any) -> Response:
        """List states. ``current=true`` leaves what goes on now; ``state=STOPPED&explained=false`` what needs a reason."""
        filters = self.filters(self.Query)
        if "reason__isnull" in filters:
            filters["reason__isnull"] = not filters["reason__isnull"]
        return self.page(self.here(_states().filter(**filters)), StateOutput)


class OfUnit(Input):
    """Which work unit, and who says so."""

    entry_id = UUIDField(required=False, default=None, help_text="Made by the caller; or send an Idempotency-Key.")
    work_unit = CodeField()
    site = CodeField(required=False, default="", max_length=32, allow_empty=True)
    person = CodeField(required=False, default="", help_text="Personnel number of who says so.", allow_empty=True)


class WithReason(OfUnit):
    """The same, with a reason."""

    reason = CodeField(required=False, default="", allow_empty=True, help_text="The code of a STOP reason.")
    note = TextField(required=False, default="", allow_blank=True)


class StopVerb(ApiView):
    """Something that is said about a work unit; the answer is the unit's state at that moment."""

    rights = {"POST": "stops:write"}

    def do(self, body: type[OfUnit], verb: Callable[..., datetime]) -> Response:
        """Read the body, call ``verb(given, entry_id=, work_unit_id=, person=, by=, now=)`` once, answer with the state."""
        given = self.body(body)
        unit = self.unit_named(given["work_unit"], given["site"])
        entry_id = fact_id(self.request, given["entry_id"], "entry_id")

        def work() -> tuple[int, Any]:
            now = timezone.now()
            who = {"person": person_at(unit.site, given["person"]), "by": decided_by(self.request), "now": now}
            at = verb(given, entry_id=entry_id, work_unit_id=unit.pk, **who)
            state = _states().filter(work_unit=unit, started_at__lte=at).order_by("-started_at").first()
            return 201, StateOutput(state).data

        return answered_once(self.request, given, work, key=str(entry_id))

    def unit_named(self, code: str, site: str) -> WorkUnit:
        """Return the active work unit of that code at the caller's sites.

        :raises WorkUnitUnknownHere: there is none, or several sites have one and none is named.
        """
        units = self.here(WorkUnit.objects.select_related("site")).filter(code=code, active=True)
        found = list((units.filter(site__code=site) if site else units)[:2])
        if len(found) != 1:
            why = (
                f"Several sites have a work unit {code}. Name the site." if found else f"There is no work unit {code}."
            )
            raise WorkUnitUnknownHere(why, field="site" if found else "work_unit")
        return found[0]


class StopsView(StopVerb):
    """Stopping a work unit."""

    class Body(WithReason):
        occurred_at = InstantField(required=False, default=None, help_text="When it happened; left out: now.")

    @extend_schema(operation_id="stops_report", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Say that a unit stands still, with a reason or without; its job goes on being its job."""

        def verb(given: dict[str, Any], *, now: datetime, **who: Any) -> datetime:
            at, _ = moment(given["occurred_at"], now)
            services.report_stop(occurred_at=at, reason=given["reason"], note=given["note"], now=now, **who)
            return at

        return self.do(self.Body, verb)


class EndView(StopVerb):
    """Running again."""

    class Body(OfUnit):
        occurred_at = InstantField(required=False, default=None, help_text="When it happened; left out: now.")

    @extend_schema(operation_id="stops_end", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Say that a unit runs again."""

        def verb(given: dict[str, Any], *, now: datetime, **who: Any) -> datetime:
            at, _ = moment(given["occurred_at"], now)
            services.end_stop(occurred_at=at, now=now, **who)
            return at + timedelta(seconds=1)

        return self.do(self.Body, verb)


class ExplainView(StopVerb):
    """Explaining a standstill."""

    class Body(WithReason):
        at = InstantField(help_text="A moment within the standstill, such as its started_at.")
        reason = CodeField(help_text="The code of a STOP reason.")

    @extend_schema(operation_id="stops_explain", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Give a standstill its reason, or another one; what was said before stays in the record."""

        def verb(given: dict[str, Any], *, entry_id: Any, work_unit_id: int, **who: Any) -> datetime:
            services.explain_stops(
                explanation_id=entry_id,
                stops=[(work_unit_id, given["at"])],
                reason=given["reason"],
                note=given["note"],
                **who,
            )
            return given["at"]

        return self.do(self.Body, verb)


class RecordView(StopVerb):
    """Entering a forgotten stop."""

    rights = {"POST": "stops:correct"}

    class Body(WithReason):
        started_at = InstantField()
        ended_at = InstantField()

    @extend_schema(operation_id="stops_record", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Enter a stop that nobody entered when it happened."""

        def verb(given: dict[str, Any], **who: Any) -> datetime:
            named = {name: given[name] for name in ("started_at", "ended_at", "reason", "note")}
            services.record_stop(**named, **who)
            return given["started_at"]

        return self.do(self.Body, verb)


class SplitView(StopVerb):
    """Cutting a standstill in two."""

    rights = {"POST": "stops:correct"}

    class Body(WithReason):
        at = InstantField(help_text="Where the second part begins.")

    @extend_schema(operation_id="stops_split", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Cut a standstill in two; ``reason`` is that of the second part."""

        def verb(given: dict[str, Any], **who: Any) -> datetime:
            services.split_stop(at=given["at"], reason=given["reason"], note=given["note"], **who)
            return given["at"]

        return self.do(self.Body, verb)


class JoinView(StopVerb):
    """Joining what was cut."""

    rights = {"POST": "stops:correct"}

    class Body(OfUnit):
        at = InstantField(help_text="Where the second part begins.")

    @extend_schema(operation_id="stops_join", request=Body, responses={201: StateOutput})
    def post(self, request: Any) -> Response:
        """Take a cut back; the whole has the reason of the first part."""

        def verb(given: dict[str, Any], **who: Any) -> datetime:
            services.join_stops(at=given["at"], **who)
            return given["at"]

        return self.do(self.Body, verb)


class EntryOutput(serializers.Serializer):
    """What somebody said about a work unit."""

    id = serializers.UUIDField()
    site = serializers.CharField(source="site.code")
    work_unit = serializers.CharField(source="work_unit.code")
    kind = serializers.CharField(help_text="STOP, RUN or CUT")
    at = InstantField()
    person = PersonNumberField()
    by = SignedField()
    recorded_at = InstantField()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)


class EntriesView(ApiView):
    """What people entered about stops."""

    rights = {"GET": "equipment:read"}
    ordering = ("recorded_at", "pk")
    no_writing = "Say it with /stops, /stops/end, /stops/record, /stops/split and /stops/join."

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_unit = CodeField(required=False, source="work_unit__code")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="stop_entries_list", parameters=[Query], responses=EntryOutput(many=True))
    def get(self, request: Any) -> Response:
        """List entries, those that take others back included."""
        return self.page(self.here(_entries().filter(**self.filters(self.Query))), EntryOutput)


class EntryReversalView(ApiView):
    """Taking an entry back."""

    rights = {"POST": "stops:correct"}

    class Body(Input):
        reversal_id = UUIDField(required=False, default=None, help_text="Made by the caller; or an Idempotency-Key.")

    @extend_schema(operation_id="stop_entries_reverse", request=Body, responses={201: EntryOutput})
    def post(self, request: Any, pk: Any) -> Response:
        """Take back what somebody entered about a stop: both entries then count for nothing."""
        self.one(_entries(), what="entry", pk=pk)
        given = self.body(self.Body, optional=True)
        reversal_id = fact_id(request, given["reversal_id"], "reversal_id")

        def work() -> tuple[int, Any]:
            services.take_back_entry(
                reversal_id=reversal_id, entry_id=pk, person=None, by=decided_by(request), now=timezone.now()
            )
            return 201, EntryOutput(_entries().get(pk=reversal_id)).data

        return answered_once(request, given, work, key=str(reversal_id))


class DowntimeOutput(serializers.Serializer):
    """A stop as it is told to others: once it has ended and has its reason."""

    id = serializers.UUIDField()
    site = serializers.CharField(source="site.code")
    work_unit = serializers.CharField(source="work_unit.code")
    started_at = InstantField()
    ended_at = InstantField()
    minutes = OutputDecimalField(help_text="0: there was no such stop after all.")
    reason = serializers.CharField(source="reason.code")
    note = serializers.CharField()
    revision = serializers.IntegerField()
    replaces = serializers.UUIDField(source="replaces_id", allow_null=True)
    recorded_at = InstantField()


class DowntimeView(ApiView):
    """Stops as they are told to ERPs."""

    rights = {"GET": "equipment:read"}
    ordering = ("recorded_at", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_unit = CodeField(required=False, source="work_unit__code")
        latest = FlagField(required=False, source="replaced_by__isnull")
        recorded_since = InstantField(required=False, source="recorded_at__gte")

    @extend_schema(operation_id="downtime_list", parameters=[Query], responses=DowntimeOutput(many=True))
    def get(self, request: Any) -> Response:
        """List downtime records; with ``latest=true`` only those that no other one replaces."""
        records = DowntimeRecord.objects.select_related("site", "work_unit", "reason")
        return self.page(self.here(records.filter(**self.filters(self.Query))), DowntimeOutput)


class RequestOutput(serializers.Serializer):
    """A call for maintenance."""

    id = serializers.UUIDField()
    site = serializers.CharField(source="site.code")
    work_unit = serializers.CharField(source="work_unit.code")
    status = serializers.CharField()
    reason = serializers.CharField(source="reason.code", allow_null=True, default=None)
    note = serializers.CharField()
    stop_started_at = InstantField(allow_null=True)
    person = PersonNumberField()
    requested_at = InstantField()
    requested_by = SignedField()
    acknowledged_at = InstantField(allow_null=True)
    acknowledged_by = SignedField()
    done_at = InstantField(allow_null=True)
    done_by = SignedField()
    outcome = serializers.CharField()


class RequestsView(StopVerb):
    """Calls for maintenance."""

    rights = {"GET": "equipment:read", "POST": "stops:write"}
    ordering = ("requested_at", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        work_unit = CodeField(required=False, source="work_unit__code")
        status = ChoicesField(MaintenanceRequest.Status.values, required=False, source="status__in")

    class Body(OfUnit):
        note = TextField(required=False, default="", allow_blank=True)

    @extend_schema(operation_id="maintenance_requests_list", parameters=[Query], responses=RequestOutput(many=True))
    def get(self, request: Any) -> Response:
        """List calls for maintenance."""
        return self.page(self.here(_requests().filter(**self.filters(self.Query))), RequestOutput)

    @extend_schema(operation_id="maintenance_requests_make", request=Body, responses={201: RequestOutput})
    def post(self, request: Any) -> Response:
        """Call maintenance to a work unit."""
        given = self.body(self.Body)
        unit = self.unit_named(given["work_unit"], given["site"])
        request_id = fact_id(request, given["entry_id"], "entry_id")

        def work() -> tuple[int, Any]:
            services.request_maintenance(
                request_id=request_id,
                work_unit_id=unit.pk,
                person=person_at(unit.site, given["person"]),
                by=decided_by(request),
                note=given["note"],
                now=timezone.now(),
            )
            return 201, RequestOutput(_requests().get(pk=request_id)).data

        return answered_once(request, given, work, key=str(request_id))


class RequestVerb(ApiView):
    """A step of a call for maintenance; the answer is the call."""

    rights = {"POST": "maintenance:write"}

    def do(self, pk: Any, body: type[Input], verb: Callable[..., Any], *, optional: bool = False) -> Response:
        """Read the body, call ``verb(request_id=, by=, now=, **body)`` once and answer with the call."""
        self.one(_requests(), what="maintenance request", pk=pk)
        given = self.body(body, optional=optional)

        def work() -> tuple[int, Any]:
            verb(request_id=pk, by=decided_by(self.request), now=timezone.now(), **given)
            return 200, RequestOutput(_requests().get(pk=pk)).data

        return answered_once(self.request, given, work)


class AcknowledgeView(RequestVerb):
    """Somebody comes."""

    class Body(Input):
        """Nothing need be said."""

    @extend_schema(operation_id="maintenance_requests_acknowledge", request=Body, responses=RequestOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Say that somebody has seen the call and comes."""
        return self.do(pk, self.Body, services.acknowledge_maintenance, optional=True)


class DoneView(RequestVerb):
    """The work is done."""

    class Body(Input):
        outcome = TextField(help_text="What was done.")

    @extend_schema(operation_id="maintenance_requests_done", request=Body, responses=RequestOutput)
    def post(self, request: Any, pk: Any) -> Response:
        """Say that the work is done, and what it was."""
        return self.do(pk, self.Body, services.finish_maintenance)


def _states() -> QuerySet[StateChange]:
    after = StateChange.objects.filter(work_unit=OuterRef("work_unit"), started_at__gt=OuterRef("started_at"))
    given = StopExplanation.objects.filter(
        work_unit=OuterRef("work_unit"), at__gte=OuterRef("started_at"), at__lt=OuterRef("until")
    )
    latest = given.order_by("-recorded_at", "-pk")
    return (
        StateChange.objects.annotate(ended_at=Subquery(after.order_by("started_at").values("started_at")[:1]))
        .annotate(until=Coalesce("ended_at", Value(FAR)))
        .annotate(reason=Case(When(state__in=EXPLAINABLE, then=Subquery(latest.values("reason__code")[:1]))))
        .select_related("site", "work_unit__work_center", "operation__work_order")
    )


def _entries() -> QuerySet[StopEntry]:
    return StopEntry.objects.select_related("site", "work_unit", "person")


def _requests() -> QuerySet[MaintenanceRequest]:
    return MaintenanceRequest.objects.select_related("site", "work_unit", "reason", "person")
