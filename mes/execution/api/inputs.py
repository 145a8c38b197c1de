"""What the endpoints of execution share: who acts, when it happened, and which order is meant."""

import uuid
from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from mes.access.api import idempotency_key
from mes.core.api.fields import CodeField, InstantField
from mes.core.api.input import Input
from mes.core.api.problems import Refusal
from mes.core.clocks import CLOCK_AHEAD, CLOCK_BEHIND
from mes.core.errors import InvalidInput, NotAllowed
from mes.core.routes import row_key
from mes.execution.models import Operation, WorkOrder
from mes.masterdata.models import Person, Site

_IDS = uuid.UUID("3f0f3c5e-6a0e-4d0a-9a57-5f1f6ed0a7c1")


class PersonUnknown(InvalidInput):
    """No active person of that number works at the site."""

    code = "person_unknown"


class WorkOrderUnknown(InvalidInput):
    """There is no order of that number at the caller's sites."""

    code = "wo_unknown"


class OperationUnknown(InvalidInput):
    """The order has no operation of that number."""

    code = "operation_unknown"


class Acting(Input):
    """Who did it and when; both may be left out: nobody in particular, and now."""

    person = CodeField(required=False, default="", help_text="Personnel number of who did it.", allow_empty=True)
    occurred_at = InstantField(required=False, default=None, help_text="When it happened; left out: now.")


class OperationNamed(Input):
    """The fields that name an operation, in a body that says something of one."""

    operation_id = CodeField(required=False, default="", max_length=18, help_text="Or work_order and operation.")
    site = CodeField(required=False, default="", max_length=32, allow_empty=True)
    work_order = CodeField(required=False, default="")
    operation = CodeField(required=False, default="", max_length=16)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["operation_id"] and not (attrs["work_order"] and attrs["operation"]):
            message = serializers.ErrorDetail(
                "Name the operation: operation_id, or work_order and operation.", "required"
            )
            raise serializers.ValidationError({"operation": [message]})
        return attrs


class OfOperation(Acting, OperationNamed):
    """What is said of an operation, which is named by its id, or by its order and number."""


class Empty(Input):
    """A body in which nothing need be said."""


class Noted(Input):
    """A body with a note."""

    note = CodeField(required=False, default="", max_length=4000, allow_empty=True)


class Done(serializers.Serializer):
    """What hint goes with a fact that was stored."""

    warnings = serializers.ListField(child=serializers.CharField(), help_text="clock_ahead, late")


def person_at(site: Site, number: str, *, field: str = "person") -> Person | None:
    """Return the person of that number, or None for "".

    :raises PersonUnknown: nobody active has that number at the site.
    """
    if not number:
        return None
    person = Person.objects.filter(site=site, number=number, active=True).first()
    if person is None:
        raise PersonUnknown(f"Nobody with the personnel number {number} works at {site.code}.", field=field)
    return person


def approver_at(request: Request, site: Site, number: str) -> Person | None:
    """Return who allows more than the tolerance, or None for "".

    :raises NotAllowed: the caller has no right to say so.
    """
    if number and not request.auth.at(site.code, "reports:over"):
        raise NotAllowed("To name an approver takes the right reports:over.", field="approved_by")
    return person_at(site, number, field="approved_by")


def moment(claimed: datetime | None, now: datetime) -> tuple[datetime, list[str]]:
    """Return when it counts as having happened, and what is odd about the claim.

    A clock that runs ahead is not believed: nothing happens before it is reported. An old claim is marked;
    whether it is believed is the service's to say.
    """
    if claimed is None:
        return now, []
    if claimed > now + CLOCK_AHEAD:
        return now, ["clock_ahead"]
    return min(claimed, now), ["late"] if claimed < now - CLOCK_BEHIND else []


def fact_id(request: Request, given: uuid.UUID | None, name: str) -> uuid.UUID:
    """Return the id of the fact to be made: the one in the body, or the one that its idempotency key stands for.

    :raises mes.core.api.problems.Refusal: neither is there, or they contradict each other.
    """
    key = idempotency_key(request, required=given is None)
    if not key:
        assert given is not None
        return given
    try:
        of_key = uuid.UUID(key)
    except ValueError:
        of_key = uuid.uuid5(_IDS, f"{request.auth.actor}/{key}")
    if given is not None and given != of_key:
        raise Refusal(
            "idempotency_key_format", f"Idempotency-Key and {name} name two different facts. Send one of them."
        )
    return of_key


def order_named(view: Any, number: str, site: str) -> WorkOrder:
    """Return the order of that number at the caller's sites.

    :raises WorkOrderUnknown: there is none, or the number is used at several sites and none is named.
    """
    orders = view.here(WorkOrder.objects.select_related("site")).filter(number=number)
    if site:
        orders = orders.filter(site__code=site)
    found = list(orders[:2])
    if not found:
        raise WorkOrderUnknown(
            f"There is no work order {number} at your sites. Check the number; one of the ERP is here once it has come down.",
            field="work_order",
        )
    if len(found) > 1:
        raise WorkOrderUnknown(f"Several sites have a work order {number}. Name the site.", field="site")
    return found[0]


def operation_named(order: WorkOrder, number: str) -> Operation:
    """Return the order's operation.

    :raises OperationUnknown: there is none of that number.
    """
    operation = Operation.objects.filter(work_order=order, number=number).first()
    if operation is None:
        raise OperationUnknown(f"The order {order.number} has no operation {number}.", field="operation")
    return operation


def operation_meant(view: Any, given: dict[str, Any]) -> Operation:
    """Return the operation that the fields of ``OperationNamed`` name, with its order and site.

    :raises mes.core.errors.NotFound: the caller's sites have none with that id.
    Also what ``order_named`` and ``operation_named`` refuse.
    """
    named = given["operation_id"]
    if named:
        operations = Operation.objects.select_related("work_order__site")
        found: Operation = view.one(operations, site="work_order__site__code", what="operation", pk=row_key(named))
        return found
    order = order_named(view, given["work_order"], given["site"])
    operation = operation_named(order, given["operation"])
    operation.work_order = order
    return operation
