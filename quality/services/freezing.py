"""Plans: their revision, and the copy that an order keeps from its release on."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q

from mes.core.errors import InvalidInput
from mes.core.tongues import Translations, set_translations
from mes.execution.models import Operation, WorkOrder
from quality.models import Characteristic, CharacteristicBase, InspectionPlan, OrderCharacteristic, OrderCheck


class CharacteristicUnknown(InvalidInput):
    """A plan has no characteristic of that code."""

    code = "characteristic_unknown"


_COPIED = [field.name for field in CharacteristicBase._meta.get_fields()]


def freeze_plans(order: WorkOrder) -> set[int]:
    """Copy the active plans of the item, and of each work center, onto the operations of an order whose snapshot was just taken.

    Of an item the plan for an operation's number counts before the one for every operation. Returns the ids of the operations with a
    check that has to pass first.
    """
    centers = order.operations.values("work_center")
    found = list(InspectionPlan.objects.filter(Q(item_id=order.item_id) | Q(work_center__in=centers), active=True))
    if not found:
        return set()
    of_item = {plan.operation: plan for plan in found if plan.item_id}
    of_center = {plan.work_center_id: plan for plan in found if plan.work_center_id}
    for operation in order.operations.order_by("position"):
        for plan in (of_item.get(operation.number) or of_item.get(""), of_center.get(operation.work_center_id)):
            if plan is not None:
                _freeze(plan, operation)
    blocking = OrderCheck.objects.filter(operation__work_order=order, blocks=True)
    return set(blocking.values_list("operation_id", flat=True))


def _freeze(plan: InspectionPlan, operation: Operation) -> None:
    copies: dict[int, OrderCharacteristic] = {}
    for one in plan.characteristics.order_by("position", "pk"):
        copies[one.pk] = OrderCharacteristic.objects.create(operation=operation, plan=plan, **_copied(one))
    for planned in plan.checks.prefetch_related("characteristics").order_by("pk"):
        chosen = [copies[one.pk] for one in planned.characteristics.all()] or list(copies.values())
        if not chosen:
            continue
        check = OrderCheck.objects.create(
            operation=operation, plan=plan, revision=plan.revision, trigger=planned.trigger, every=planned.every,
            blocks=planned.blocks, grace=planned.grace,
        )  # fmt: skip
        check.characteristics.set(chosen)


def _copied(one: Characteristic) -> dict[str, object]:
    return {name: getattr(one, name) for name in _COPIED}


@transaction.atomic
def translate_plan(*, plan_id: int, translations: Mapping[str, Translations]) -> InspectionPlan:
    """Make these all translations of the named characteristics, by code; where anything changed, it is a new revision.

    :raises CharacteristicUnknown: the plan has none of that code; nothing was changed.
    :raises mes.core.errors.InvalidInput: a text that cannot be.
    """
    plan = InspectionPlan.objects.select_for_update(of=["self"]).get(pk=plan_id)
    known = {one.code: one for one in plan.characteristics.all()}
    for code in translations:
        if code not in known:
            raise CharacteristicUnknown(
                f"{plan} has no characteristic {code}. It has: {', '.join(known) or 'none'}.", field="characteristics"
            )
    changed = [set_translations(row=known[code], translations=words) for code, words in translations.items()]
    return revise_plan(plan_id=plan_id) if any(changed) else plan


@transaction.atomic
def revise_plan(*, plan_id: int) -> InspectionPlan:
    """Say that a plan, its characteristics or its checks were changed: its revision rises. Released orders keep theirs."""
    plan = InspectionPlan.objects.select_for_update(of=["self"]).get(pk=plan_id)
    plan.revision += 1
    plan.save(update_fields=["revision"])
    return plan
