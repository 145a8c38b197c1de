"""What people ask about the bridge: how each connection and flow stands, which messages there are, what became of one."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from erp_bridge.models import Attempt, Circuit, Connection, Decision, FlowState, InboundRow, OutboundMessage
from erp_bridge.sdk.cadence import BadCadence, Cadence
from erp_bridge.sdk.flow import Flow, Push
from mes.core.attention import Attention
from mes.terminal.panels import ErpAnswer

State = OutboundMessage.State

WAITING = (State.PENDING, State.SENDING)


@dataclass
class FlowFigures:
    """One row of the table: a flow of a connection, in numbers."""

    state: FlowState
    flow: type[Flow]
    carried: bool = True
    goes_up: bool = True
    day: int = 0
    """Messages recorded, or rows created or changed, in the last 24 hours."""
    done: int = 0
    waiting: int = 0
    doubt: int = 0
    review: int = 0
    dead: int = 0
    parked: int = 0
    oldest: datetime | None = None
    last_ok: datetime | None = None
    cadence: str = ""
    silent: bool = False
    """It should have run by now, and has not."""

    @property
    def needs_someone(self) -> int:
        """Return how many messages wait for a person."""
        return self.dead + self.review + self.parked


@dataclass
class ConnectionFigures:
    """A connection and its flows."""

    connection: Connection
    circuit: Circuit | None
    health: str
    """``good``, ``warn`` or ``bad``."""
    sentence: str
    flows: list[FlowFigures] = field(default_factory=list)
    not_carried: list[type[Flow]] = field(default_factory=list)


def overview(
    *,
    connections: QuerySet[Connection],
    flows: Mapping[str, type[Flow]],
    carries: Mapping[int, set[str]],
    now: datetime,
) -> list[ConnectionFigures]:
    """Return every connection with its flows. ``carries`` says per connection which flows its kind of ERP has a place for."""
    found = []
    for connection in connections.select_related("circuit").prefetch_related("flows"):
        figures = _flow_figures(connection, flows, now)
        circuit = getattr(connection, "circuit", None)
        health, sentence = health_of(connection, circuit, figures, now)
        missing = [flow for key, flow in flows.items() if key not in carries.get(connection.pk, set())]
        found.append(ConnectionFigures(connection, circuit, health, sentence, figures, missing))
    return found


def health_of(
    connection: Connection, circuit: Circuit | None, flows: list[FlowFigures], now: datetime
) -> tuple[str, str]:
    """Return how the connection is, as a word and as a sentence that says what to do."""
    waiting = sum(each.waiting + each.doubt for each in flows)
    oldest = min((each.oldest for each in flows if each.oldest), default=None)
    queued = _("nothing waits")
    if waiting and oldest:
        queued = _("%(messages)s in the queue, the oldest for %(age)s") % {
            "messages": counted(waiting), "age": age(now - oldest),
        }  # fmt: skip
    if not connection.enabled:
        return "warn", _("Switched off: nothing is recorded for this ERP.")
    if connection.paused:
        said = {"why": connection.paused_reason or _("A person paused it."), "queued": queued}
        return "bad", _(
            "Paused: %(why)s The plant keeps working; %(queued)s. Mend the cause, test, then resume."
        ) % said
    if circuit is not None and circuit.state != Circuit.State.CLOSED:
        said = {"error": circuit.last_error, "queued": queued}
        words = _("The ERP does not answer (%(error)s). The plant keeps working; %(queued)s.") % said
        if circuit.open_until:
            words += " " + _("Next try at %(time)s.") % {"time": clock_time(circuit.open_until)}
        return "bad", words
    needing = sum(each.dead + each.review for each in flows)
    silent = [each.flow.label or each.flow.key for each in flows if each.silent]
    if needing:
        said = {"messages": counted(needing), "queued": queued}
        return "warn", _("Connected; %(messages)s for a person to decide, %(queued)s.") % said
    if silent:
        return "warn", _("Connected, but silent longer than expected: %(flows)s.") % {"flows": ", ".join(silent)}
    return "good", _("Connected; %(queued)s.") % {"queued": queued}


def messages(
    *,
    connection: str = "",
    flow: str = "",
    state: str = "",
    outcome: str = "",
    subject: str = "",
    text: str = "",
    sites: list[str] | None = None,
) -> QuerySet[OutboundMessage]:
    """Return messages, newest first. ``state`` may also be ``open`` or ``attention``; ``sites`` None is all."""
    found = OutboundMessage.objects.select_related("connection", "stream").order_by("-pk")
    if sites is not None:
        found = found.filter(connection__site__in=sites)
    if connection:
        found = found.filter(connection__name=connection)
    if flow:
        found = found.filter(flow=flow)
    if state == "attention":
        found = found.filter(state__in=[State.DEAD, State.REVIEW])
    elif state == "open":
        found = found.filter(state__in=[State.PENDING, State.SENDING, State.DOUBT, State.REVIEW, State.DEAD])
    elif state:
        found = found.filter(state=state)
    if outcome:
        found = found.filter(outcome=outcome)
    if subject:
        found = found.filter(stream__key=subject)
    if text:
        found = found.filter(Q(detail__icontains=text) | Q(code__icontains=text) | Q(reference=text) | Q(key=text))
    return found


@dataclass(frozen=True)
class Moment:
    """One line in the history of a message."""

    at: datetime
    what: str
    state: str
    words: str = ""
    who: str = ""
    attempt: Attempt | None = None


def history_of(message: OutboundMessage) -> list[Moment]:
    """Return what happened to the message, oldest first."""
    moments = [Moment(message.recorded_at, _("Recorded with the fact it tells"), State.PENDING)]
    for attempt in Attempt.objects.filter(message=message):
        moments.append(
            Moment(attempt.ended_at, attempt.get_what_display(), attempt.state_after, attempt.detail, attempt=attempt)
        )
    for decision in Decision.objects.filter(message=message).select_related("decided_by"):
        who = decision.decided_by.get_username() if decision.decided_by else _("command line")
        what = str(_DECISIONS.get(decision.what, decision.what))
        moments.append(Moment(decision.decided_at, what, decision.state_after, decision.reason, who))
    return sorted(moments, key=lambda moment: moment.at)


def rows_set_aside(*, sites: list[str] | None = None, connection: str = "", flow: str = "") -> QuerySet[InboundRow]:
    """Return rows that came down and could not take effect yet, oldest first."""
    found = InboundRow.objects.filter(state__in=[InboundRow.State.REFUSED, InboundRow.State.PARKED])
    if sites is not None:
        found = found.filter(connection__site__in=sites)
    if connection:
        found = found.filter(connection__name=connection)
    if flow:
        found = found.filter(flow=flow)
    return found.select_related("connection").order_by("pk")


@dataclass(frozen=True)
class WaitingForPeople:
    """What goes on only when a person decides."""

    refused: int
    to_review: int
    set_aside: int


def waiting_for_people(*, sites: Collection[str]) -> WaitingForPeople:
    """Return how many messages were refused or cannot be settled, and how many rows that came down are set aside."""
    mine = OutboundMessage.objects.filter(connection__site__in=list(sites), state__in=[State.DEAD, State.REVIEW])
    counts = dict(mine.values_list("state").annotate(Count("pk")))
    return WaitingForPeople(
        refused=counts.get(State.DEAD, 0), to_review=counts.get(State.REVIEW, 0),
        set_aside=rows_set_aside(sites=list(sites)).count(),
    )  # fmt: skip


def messages_about(*, site: str, subject: str) -> QuerySet[OutboundMessage]:
    """Return what each ERP was told about a work order, in the order it happened."""
    return (
        OutboundMessage.objects.filter(connection__site=site, stream__key=subject)
        .select_related("connection")
        .order_by("connection", "seq")
    )


def messages_of_events(event_ids: list[Any]) -> QuerySet[OutboundMessage]:
    """Return the messages that tell of these events, for the place where the facts are shown."""
    return OutboundMessage.objects.filter(event_id__in=event_ids).select_related("connection").order_by("pk")


def counted(number: int) -> str:
    """Return the number of messages in words."""
    return ngettext("%(n)d message", "%(n)d messages", number) % {"n": number}


def age(span: timedelta) -> str:
    """Return a duration in the words of a person in a hurry."""
    seconds = int(span.total_seconds())
    if seconds < 90:
        return _("%(n)d s") % {"n": max(seconds, 0)}
    if seconds < 5400:
        return _("%(n)d min") % {"n": seconds // 60}
    return _("%(n)d h") % {"n": seconds // 3600} if seconds < 172800 else _("%(n)d days") % {"n": seconds // 86400}


def clock_time(moment: datetime) -> str:
    """Return the time of day in the zone that the page is shown in."""
    return f"{timezone.localtime(moment):%H:%M:%S}"


def in_words(cadence: Cadence) -> str:
    """Return how often a flow runs as people say it: at once, every 10 min, daily at 02:00, at shift end, by hand."""
    if cadence.kind == "every":
        units = (("h", 3600), ("min", 60), ("s", 1))
        unit, size = next(each for each in units if cadence.seconds % each[1] == 0)
        words = {"h": _("every %(n)d h"), "min": _("every %(n)d min"), "s": _("every %(n)d s")}
        return words[unit] % {"n": cadence.seconds // size}
    if cadence.kind == "daily" and cadence.at:
        return _("daily at %(time)s") % {"time": f"{cadence.at:%H:%M}"}
    return {"immediate": _("at once"), "shift_end": _("at shift end"), "by_hand": _("by hand")}[cadence.kind]


def _flow_figures(connection: Connection, flows: Mapping[str, type[Flow]], now: datetime) -> list[FlowFigures]:
    open_counts: dict[str, dict[str, Any]] = {}
    unsettled = [State.PENDING, State.SENDING, State.DOUBT, State.REVIEW, State.DEAD]
    for group in (
        OutboundMessage.objects.filter(connection=connection, state__in=unsettled)
        .values("flow", "state")
        .annotate(number=Count("pk"), oldest=Min("recorded_at"))
    ):
        entry = open_counts.setdefault(group["flow"], {"oldest": []})
        entry[group["state"]] = group["number"]
        if group["state"] not in (State.DEAD, State.REVIEW):
            entry["oldest"].append(group["oldest"])
    day: dict[str, Mapping[str, Any]] = {
        each["flow"]: each
        for each in OutboundMessage.objects.filter(connection=connection, recorded_at__gte=now - timedelta(days=1))
        .values("flow")
        .annotate(number=Count("pk"), done=Count("pk", filter=Q(state=State.DONE)), last=Max("done_at"))
    }
    parked = {
        row["flow"]: row["number"]
        for row in rows_set_aside(connection=connection.name).order_by().values("flow").annotate(number=Count("pk"))
    }
    figures = []
    for state in connection.flows.all():
        if state.flow not in flows:
            continue
        flow = flows[state.flow]
        counts, today = open_counts.get(state.flow, {"oldest": []}), day.get(state.flow, {})
        goes_up = issubclass(flow, Push)
        row = FlowFigures(
            state=state, flow=flow, goes_up=goes_up, day=today.get("number", 0), done=today.get("done", 0),
            waiting=sum(counts.get(each, 0) for each in WAITING), doubt=counts.get(State.DOUBT, 0),
            review=counts.get(State.REVIEW, 0), dead=counts.get(State.DEAD, 0), parked=parked.get(state.flow, 0),
            oldest=min(counts["oldest"], default=None), last_ok=today.get("last") if goes_up else state.last_ok_at,
        )  # fmt: skip
        row.cadence, row.silent = _cadence(state, flow, goes_up, now)
        figures.append(row)
    places = {key: place for place, key in enumerate(flows)}
    return sorted(figures, key=lambda row: (row.goes_up, places[row.state.flow]))


def _cadence(state: FlowState, flow: type[Flow], goes_up: bool, now: datetime) -> tuple[str, bool]:
    try:
        cadence = state.cadence_of(flow.cadence)
    except BadCadence:
        return _("%(text)s (not understood)") % {"text": state.cadence}, True
    overdue = state.due_at is not None and state.due_at < now - timedelta(seconds=max(120, 2 * cadence.seconds))
    return in_words(cadence), state.enabled and not goes_up and overdue


def needs_attention(*, sites: Collection[str], now: datetime) -> list[Attention]:
    """Return what the bridge cannot do without a person, for the board and the home page."""
    found = []
    for connection in Connection.objects.filter(site__in=list(sites), paused=True, enabled=True):
        found.append(
            Attention(
                key=f"connection-{connection.pk}", what=_("The connection to %s is paused") % connection,
                how=connection.paused_reason, url=reverse("bridge:overview"), since=connection.paused_at,
            )
        )  # fmt: skip
    waiting = (
        OutboundMessage.objects.filter(connection__site__in=list(sites), state__in=[State.DEAD, State.REVIEW])
        .values("connection__name", "flow")
        .annotate(number=Count("pk"), since=Min("recorded_at"))
    )
    for row in waiting:
        url = f"{reverse('bridge:messages')}?state=attention&connection={row['connection__name']}&flow={row['flow']}"
        what = _("%(count)s (%(flow)s) to %(connection)s for a person to decide") % {
            "count": counted(row["number"]), "flow": row["flow"], "connection": row["connection__name"],
        }  # fmt: skip
        found.append(
            Attention(
                key=f"messages-{row['connection__name']}-{row['flow']}", what=what,
                how=_("Read what the ERP said, then send again, correct or dismiss."), url=url, since=row["since"],
            )
        )  # fmt: skip
    return found


def erp_answers(ids: Iterable[UUID]) -> dict[UUID, list[ErpAnswer]]:
    """Return what each ERP says about these facts: one answer per fact and connection, the worst where there are several."""
    answers: dict[UUID, dict[str, tuple[int, ErpAnswer]]] = {}
    for message in messages_of_events(list(ids)).exclude(state=State.SUPERSEDED):
        if message.state == State.DONE and message.outcome == "NOTHING":
            continue
        rank, state = _ANSWERS[message.state]
        mine = answers.setdefault(message.event_id, {})
        known = mine.get(message.connection.name)
        if known is None or rank > known[0] or (rank == known[0] and not known[1].reference):
            words = message.detail if state in ("rejected", "doubt") else ""
            url = reverse("bridge:message", args=[message.pk])
            answer = ErpAnswer(
                system=str(message.connection), state=state, reference=message.reference, words=words[:200], url=url
            )
            mine[message.connection.name] = (rank, answer)
    return {fact: [answer for _rank, answer in found.values()] for fact, found in answers.items()}


def last_change() -> object:
    """Return what changes when the bridge did anything: for pages that ask again."""
    return (
        OutboundMessage.objects.aggregate(at=Max("pk"))["at"],
        Attempt.objects.aggregate(at=Max("pk"))["at"],
        Decision.objects.aggregate(at=Max("pk"))["at"],
        FlowState.objects.aggregate(at=Max("last_run_at"))["at"],
        Connection.history.aggregate(at=Max("history_id"))["at"],
    )


_ANSWERS: dict[str, tuple[int, str]] = {
    State.DONE: (0, "booked"),
    State.DISCARDED: (1, "rejected"),
    State.PENDING: (2, "waiting"),
    State.SENDING: (3, "sent"),
    State.DOUBT: (4, "doubt"),
    State.REVIEW: (5, "doubt"),
    State.DEAD: (6, "rejected"),
}

_DECISIONS = {
    "RETRY": gettext_lazy("Send again"),
    "DISMISS": gettext_lazy("Dismissed"),
    "POSTED": gettext_lazy("Found to be booked"),
    "NOT_POSTED": gettext_lazy("Found not to be booked"),
    "CORRECT": gettext_lazy("Replaced by a corrected copy"),
    "CORRECTED_COPY": gettext_lazy("Made as a corrected copy"),
}
