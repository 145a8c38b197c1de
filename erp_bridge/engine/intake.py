"""What an ERP sends down: stored as it came, then applied a page at a time; the cursor moves only with its page."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from erp_bridge.engine import clock, codec, registry
from erp_bridge.models import Connection, FlowState, InboundPage, InboundRow
from erp_bridge.sdk.connector import Connector, Page, Refused
from erp_bridge.sdk.flow import Pull
from mes.core.errors import DomainError, InvalidInput, NotFound
from mes.masterdata.records import Applied

logger = logging.getLogger(__name__)

ROUNDS_FOR_PARKED = 10
"""Chains of things that wait for each other are taken up one link a round."""


@dataclass
class Intake:
    """What came of a pull or of a message: the counts of :class:`Applied`, and rows that could not be read or applied."""

    applied: Applied = field(default_factory=Applied)
    pages: int = 0
    refused: int = 0
    released: int = 0
    """Rows that had been parked and could be applied now."""

    def counts(self) -> dict[str, int]:
        """Return the counts as they are stored and shown."""
        return {
            "created": self.applied.created, "changed": self.applied.changed, "unchanged": self.applied.unchanged,
            "parked": len(self.applied.parked), "proposed": self.applied.proposed, "stale": self.applied.stale,
            "refused": self.refused,
        }  # fmt: skip


class SameIdOtherContent(DomainError):
    """An ERP sent another message under an id that it has used before."""

    code = "message_id_reused"
    title = "This message id was used for something else"
    status = 422


def pull(state: FlowState, flow: type[Pull], connector: Connector, *, still_mine: Callable[[], None]) -> Intake:
    """Take in every page since the cursor. ``still_mine`` raises when the run has passed to another worker.

    :raises erp_bridge.sdk.errors.CallFailed: the ERP could not be read; the pages before that are in.
    """
    done = Intake()
    for page in connector.fetch(flow.record, cursor=state.cursor):
        still_mine()
        taken = take_page(state, flow, page)
        done.applied = done.applied + taken.applied
        done.refused += taken.refused
        done.pages += 1
    if done.applied.created or done.applied.changed:
        done.released = release_parked(state.connection)
    return done


def take_page(state: FlowState, flow: type[Pull], page: Page) -> Intake:
    """Store the page as it came, then apply it and move the cursor in one transaction.

    A record that the MES refuses is set aside with its reason, and the rest of the page goes on. A page that is the
    same as the last one (cursors compare with ≥, so its last rows come twice) only moves the cursor.
    """
    raw = codec.canonical([codec.dump(record) for record in page.records])
    sha256 = codec.digest([raw, [each.external_id + each.reason for each in page.refused]])
    last = (
        InboundPage.objects.filter(connection=state.connection, flow=flow.key, message_id=None).order_by("-pk").first()
    )
    if last is not None and last.sha256 == sha256 and last.state == InboundPage.State.APPLIED:
        _move_cursor(state, page.cursor)
        return Intake(applied=Applied(unchanged=len(page.records)))
    stored = InboundPage.objects.create(
        connection=state.connection, flow=flow.key, sha256=sha256, raw=raw, cursor=page.cursor, received_at=clock.now()
    )
    with transaction.atomic():
        taken = _take(stored, flow, page.records, page.refused)
        _move_cursor(state, page.cursor)
    return taken


def receive(
    connection: Connection, flow_key: str, records: Sequence[Any], *, message_id: str, refused: Sequence[Refused] = ()
) -> tuple[dict[str, Any], bool]:
    """Take in what an ERP pushes; return the answer, and whether this message had been answered before.

    ``message_id`` is the sender's own: the same again has one effect and gets the same answer.

    :raises mes.core.errors.NotFound: no such flow comes down.
    :raises SameIdOtherContent: the id was used for something else.
    """
    flow = pull_flow(flow_key)
    raw = codec.canonical([codec.dump(record) for record in records])
    sha256 = codec.digest([flow_key, raw])
    with transaction.atomic():
        stored, is_new = InboundPage.objects.get_or_create(
            connection=connection,
            message_id=message_id,
            defaults={"flow": flow_key, "sha256": sha256, "raw": raw, "received_at": clock.now()},
        )
    if not is_new and stored.sha256 != sha256:
        raise SameIdOtherContent(
            f"Message {message_id!r} was received at {stored.received_at:%Y-%m-%d %H:%M} with other content. "
            "Give every message an id of its own, and repeat one only unchanged.",
            field="message_id",
        )
    with transaction.atomic():
        stored = InboundPage.objects.select_for_update().get(pk=stored.pk)
        if stored.state == InboundPage.State.APPLIED:
            return stored.answer, True
        taken = _take(stored, flow, records, refused)
        InboundPage.objects.filter(pk=stored.pk).update(answer=taken.counts())
    if taken.applied.created or taken.applied.changed:
        release_parked(connection)
    return taken.counts(), False


def release_parked(connection: Connection) -> int:
    """Try again what waits for something that may have arrived; return how many rows could be applied."""
    released = 0
    for _ in range(ROUNDS_FOR_PARKED):
        before = released
        for flow in registry.pulls():
            released += _release(connection, flow)
        if released == before:
            break
    return released


def retry_row(*, row_id: int) -> InboundRow:
    """Try one row again that was set aside or is parked; it stays, with a fresh reason, if it still cannot be applied.

    :raises mes.core.errors.NotFound: there is no such row.
    :raises mes.core.errors.InvalidInput: it never became a record, so only the ERP can send it again.
    """
    row = InboundRow.objects.select_related("connection").filter(pk=row_id).first()
    if row is None:
        raise NotFound("There is no such row.")
    if row.record is None:
        raise InvalidInput("This row could not be read as a record. Mend it in the ERP; it comes again by itself.")
    _apply_rows(row.connection, pull_flow(row.flow), [row])
    row.refresh_from_db()
    return row


def dismiss_row(*, row_id: int, reason: str, now: datetime) -> None:
    """Give a row up, for a reason.

    :raises mes.core.errors.InvalidInput: without a reason.
    """
    if not reason.strip():
        raise InvalidInput("Say why; whoever looks at this next year will want to know.", field="reason")
    row = InboundRow.objects.filter(pk=row_id).first()
    if row is None:
        raise NotFound("There is no such row.")
    words = f"{row.reason}\nDismissed: {reason.strip()}"
    open_rows = InboundRow.objects.filter(pk=row_id, state__in=[InboundRow.State.REFUSED, InboundRow.State.PARKED])
    open_rows.update(state=InboundRow.State.DISMISSED, reason=words, settled_at=now)


def compare(state: FlowState, flow: type[Pull], connector: Connector) -> int:
    """Make inactive what the ERP no longer has, by its full list of keys; return how many.

    :raises mes.core.errors.DomainError: too many would vanish at once, which is more likely a half-read list.
    """
    if flow.vanish is None:
        return 0
    present = set(connector.fetch_keys(flow.record))
    return flow.vanish(present, owner=state.connection.name)


def key_of(record: Any) -> str:
    """Return the key by which people know the record: its number, or its code."""
    for name in ("number", "code", "key", "external_id"):
        if value := getattr(record, name, ""):
            return str(value)
    return ""


def pull_flow(key: str) -> type[Pull]:
    """Return the flow.

    :raises mes.core.errors.NotFound: no such flow comes down.
    """
    flow = registry.flows[key] if key in registry.flows else None
    if flow is None or not issubclass(flow, Pull):
        known = ", ".join(each.key for each in registry.pulls())
        raise NotFound(f"No flow that comes down is called {key!r}; known are: {known}.")
    return flow


def _take(stored: InboundPage, flow: type[Pull], records: Sequence[Any], refused: Sequence[Refused]) -> Intake:
    applied, failed = _apply(flow, records, owner=stored.connection.name)
    keys = [key_of(record) for record in records]
    _replace_older(stored, flow, [*keys, *(each.external_id for each in refused)])
    waits = dict(applied.parked)
    now = clock.now()
    common: dict[str, Any] = {"page": stored, "connection": stored.connection, "flow": flow.key, "received_at": now}
    rows = [
        InboundRow(
            **common,
            key=each.external_id[:128],
            state=InboundRow.State.REFUSED,
            reason=each.reason,
            raw=each.raw[:8192],
        )
        for each in refused
    ]
    for record, key in zip(records, keys, strict=True):
        if key in waits:
            rows.append(
                InboundRow(
                    **common,
                    key=key[:128],
                    record=codec.dump(record),
                    state=InboundRow.State.PARKED,
                    waits_for=waits[key][:160],
                    reason=f"Waits for {waits[key].replace(':', ' ', 1)}, which is not here yet.",
                )  # fmt: skip
            )
    for record, why in failed:
        rows.append(
            InboundRow(
                **common,
                key=key_of(record)[:128],
                record=codec.dump(record),
                state=InboundRow.State.REFUSED,
                reason=why,
            )
        )
    InboundRow.objects.bulk_create(rows)
    taken = Intake(applied=applied, refused=len(refused) + len(failed))
    InboundPage.objects.filter(pk=stored.pk).update(
        state=InboundPage.State.APPLIED, applied_at=now, counts=taken.counts()
    )
    return taken


def _apply(flow: type[Pull], records: Sequence[Any], *, owner: str) -> tuple[Applied, list[tuple[Any, str]]]:
    """Apply the records together, or, where one is refused, in halves until it stands alone."""
    if not records:
        return Applied(), []
    try:
        with transaction.atomic():
            return flow.apply(records, owner=owner), []
    except DomainError as error:
        reason = error.detail
    except Exception as error:
        # One record that nobody thought of must not stop the master data of a plant.
        logger.exception("Records of %s could not be applied", flow.key)
        reason = f"Our own fault: {type(error).__name__}: {error}"
    if len(records) == 1:
        return Applied(), [(records[0], reason)]
    half = len(records) // 2
    first, failed_first = _apply(flow, records[:half], owner=owner)
    second, failed_second = _apply(flow, records[half:], owner=owner)
    return first + second, failed_first + failed_second


def _release(connection: Connection, flow: type[Pull]) -> int:
    parked = InboundRow.objects.filter(connection=connection, flow=flow.key, state=InboundRow.State.PARKED)
    rows = list(parked.order_by("pk")[:2000])
    return _apply_rows(connection, flow, rows) if rows else 0


def _apply_rows(connection: Connection, flow: type[Pull], rows: Sequence[InboundRow]) -> int:
    records = []
    for row in rows:
        try:
            records.append(codec.load(flow.record, row.record or {}))
        except codec.Unreadable as error:
            InboundRow.objects.filter(pk=row.pk).update(state=InboundRow.State.REFUSED, reason=str(error))
    by_key = {row.key: row for row in rows}
    with transaction.atomic():
        applied, failed = _apply(flow, records, owner=connection.name)
        waits = dict(applied.parked)
        refused = {key_of(record): why for record, why in failed}
        now = clock.now()
        done: list[int] = []
        for record in records:
            key = key_of(record)
            row = by_key[key[:128]]
            if key in waits:
                InboundRow.objects.filter(pk=row.pk).update(state=InboundRow.State.PARKED, waits_for=waits[key][:160])
            elif key in refused:
                InboundRow.objects.filter(pk=row.pk).update(state=InboundRow.State.REFUSED, reason=refused[key])
            else:
                done.append(row.pk)
        InboundRow.objects.filter(pk__in=done).update(state=InboundRow.State.APPLIED, settled_at=now)
    return len(done)


def _replace_older(stored: InboundPage, flow: type[Pull], keys: Iterable[str]) -> None:
    still_open = InboundRow.objects.filter(
        connection=stored.connection, flow=flow.key, state__in=[InboundRow.State.REFUSED, InboundRow.State.PARKED]
    )
    if not still_open.exists():
        return
    wanted = [key[:128] for key in keys]
    for start in range(0, len(wanted), 500):
        still_open.filter(key__in=wanted[start : start + 500]).update(
            state=InboundRow.State.REPLACED, settled_at=clock.now()
        )


def _move_cursor(state: FlowState, cursor: str) -> None:
    if cursor != state.cursor:
        FlowState.objects.filter(pk=state.pk).update(cursor=cursor)
        state.cursor = cursor
