"""What happens to the production as a whole: its status, its completion, its cost."""

from typing import Any

from erp_bridge.connectors.tryton import notes, order, times
from erp_bridge.connectors.tryton.answers import Warned
from erp_bridge.connectors.tryton.bookings import Job, require_open, told_by_note
from erp_bridge.sdk.connector import Ack
from erp_bridge.sdk.documents import OrderCompletion, OrderCost, OrderStatus
from erp_bridge.sdk.errors import OutcomeUnknown, Rejected

_SENTENCES = {
    "RELEASED": "Released to the floor.",
    "RUNNING": "Work has begun.",
    "CANCELLED": "Cancelled at the floor: {reason}",
}
_MOST_WARNINGS = 50


def book_status(job: Job, document: OrderStatus) -> Ack:
    """Write the start date when work begins, cancel what the floor cancelled, and tell all else as a note."""
    if document.status == "CANCELLED" and job.order.state != "cancelled":
        _require_untouched(job)
    if document.status == "RUNNING" and job.order.started_on is None and job.order.state in ("waiting", "assigned"):
        order.guarded_write(job.client, job.order, {"effective_start_date": job.order.day(document.occurred_at)})
    if document.status == "CANCELLED" and job.order.state != "cancelled":
        job.client.call("model.production.cancel", [job.order.id])
    # The note comes last: it is what tells that all of this was done, and doing it twice changes nothing.
    told = _SENTENCES.get(document.status, document.status).format(reason=document.reason or "no reason given")
    return told_by_note(job, f"{told} Work order {document.work_order}.")


def _require_untouched(job: Job) -> None:
    require_open(job.order)
    if any(move.state == "done" for move in job.order.moves) or job.order.cycles:
        raise Rejected(
            f"Production {job.order.number} has bookings in Tryton: its planner decides what becomes of them.",
            code="CANCEL_WITH_BOOKINGS",
        )


def book_cost(job: Job, document: OrderCost) -> Ack:
    """Write the cost roll-up as a note: Tryton values the production itself, from the same bookings."""
    return told_by_note(job, notes.cost_sentence(document))


def book_completion(job: Job, document: OrderCompletion) -> Ack:
    """Remove what was planned and did not happen, finish the works, and take the production to its end."""
    if job.order.state == "done":
        return _completed(job)
    require_open(job.order)
    job = job.announced(
        f"Work order {document.work_order} complete: {document.good_quantity} {document.uom} good, "
        f"{document.scrap_quantity} {document.uom} scrapped."
    )
    _remove_planned(job)
    _finish_works(job)
    if job.order.state == "waiting":
        job.client.call("model.production.assign_try", [job.order.id])
    accepted = _push(job, "run") if job.order.state != "running" else []
    accepted += _push(job, "do")
    job = job.reloaded()
    if job.order.state != "done":
        raise OutcomeUnknown(
            f"Tryton took the completion and shows the production as {job.order.state}.", code="NOT_DONE"
        )
    return _completed(job, accepted)


def _completed(job: Job, accepted: list[str] | None = None) -> Ack:
    cost = f"cost in Tryton {job.order.cost}"
    return Ack(f"production,{job.order.id}", note="; ".join([cost, *(accepted or [])]))


def _remove_planned(job: Job) -> None:
    if not any(move.state in ("draft", "assigned") for move in job.order.moves):
        return
    if job.order.state != "waiting":
        job.client.call("model.production.wait", [job.order.id])
        job = job.reloaded()
    leftovers: dict[str, Any] = {}
    for side, moves in (("inputs", job.order.inputs), ("outputs", job.order.outputs)):
        planned = [move.id for move in moves if move.state == "draft"]
        if planned:
            leftovers[side] = [["delete", planned]]
    order.guarded_write(job.client, job.order, leftovers)


def _finish_works(job: Job) -> None:
    """Give each work that nobody reported time on a cycle of no time, for Tryton completes only what was worked on."""
    for work in job.order.works:
        for cycle in work.cycles:
            times.finish(job.client, cycle, times.codec.minutes(cycle.duration))
        if not any(cycle.state != "cancelled" for cycle in work.cycles):
            cycle_id = job.client.create("production.work.cycle", {"work": work.id})
            times.finish(job.client, order.Cycle(cycle_id, "draft", None, ours=True), times.codec.minutes(None))


def _push(job: Job, step: str) -> list[str]:
    """Take the production one step on, and return the warnings that were accepted on the way.

    :raises erp_bridge.sdk.errors.Rejected: Tryton warns and the connection says not to accept that, or Tryton refuses.
    """
    accepted: list[str] = []
    has_returns = any(move.item != job.order.item for move in job.order.outputs)
    for _ in range(_MOST_WARNINGS):
        try:
            job.client.call(f"model.production.{step}", [job.order.id])
        except Warned as warning:
            expected = has_returns and warning.name.endswith(".unexpected_product")
            if job.options.get("warnings") == "refuse" and not expected:
                raise
            accepted.append(str(warning))
            job.client.call("model.res.user.warning.skip", warning.name, False)
        else:
            return accepted
    raise Rejected(f"Tryton keeps asking about production {job.order.number}: {accepted[-1]}", code="WARNINGS")
