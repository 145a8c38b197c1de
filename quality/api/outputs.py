"""How what quality knows is written in answers."""

from rest_framework import serializers

from mes.core.api.fields import (
    InstantField,
    OutputDecimalField,
)
from mes.core.api.translations import ToldTranslations
from mes.masterdata.api import PersonNumberField, SignedField
from quality import queries
from quality.models import (
    InspectionResult,
    Nonconformance,
)
from quality.queries import CheckState

FACT = "This is a fact and never changes. Measure again, or decide anew about what is left."
DECIDE = "quality:decide"


class CharacteristicOutput(serializers.Serializer):
    """What is measured, or looked at."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    nominal = OutputDecimalField(allow_null=True)
    lower = OutputDecimalField(allow_null=True)
    upper = OutputDecimalField(allow_null=True)
    uom = serializers.CharField(source="uom.code", allow_null=True, default=None)
    decimals = serializers.IntegerField()
    sample_size = serializers.IntegerField()
    choices = serializers.DictField(
        source="answers", child=serializers.BooleanField(), help_text="What can be chosen: true where it conforms."
    )
    instruction = serializers.CharField()
    reaction = serializers.CharField()
    translations = ToldTranslations()


class PlanOutput(serializers.Serializer):
    """An inspection plan as it is now; orders keep it as it was at their release."""

    class Check(serializers.Serializer):
        trigger = serializers.CharField()
        every = OutputDecimalField(allow_null=True)
        blocks = serializers.BooleanField()
        grace = serializers.IntegerField(help_text="Minutes.")

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    item = serializers.CharField(source="item.number", allow_null=True, default=None)
    operation = serializers.CharField(help_text="Empty: every operation.")
    work_center = serializers.CharField(
        source="work_center.code",
        allow_null=True,
        default=None,
        help_text="Instead of an item: whatever is made there.",
    )
    name = serializers.CharField()
    revision = serializers.IntegerField()
    active = serializers.BooleanField()
    characteristics = CharacteristicOutput(many=True)
    checks = Check(many=True)


class CheckOutput(serializers.Serializer):
    """A check of an operation, as it was frozen at the order's release, and where it stands now."""

    id = serializers.CharField(source="check.pk")
    site = serializers.CharField(source="check.operation.work_order.site.code")
    work_order = serializers.CharField(source="check.operation.work_order.number")
    operation = serializers.CharField(source="check.operation.number")
    operation_id = serializers.CharField(source="check.operation_id")
    plan = serializers.CharField(source="check.plan.name")
    revision = serializers.IntegerField(source="check.revision")
    trigger = serializers.CharField(source="check.trigger")
    every = OutputDecimalField(source="check.every", allow_null=True)
    blocks = serializers.BooleanField(source="check.blocks")
    characteristics = CharacteristicOutput(many=True)
    occurrence = serializers.SerializerMethodField(help_text="What can be inspected now; null: nothing yet.")
    due_at = serializers.SerializerMethodField()
    is_open = serializers.BooleanField(help_text="Something is to be done now.")
    verdict = serializers.CharField(source="result.verdict", allow_null=True, default=None)
    missed = serializers.IntegerField(help_text="Earlier times that nobody inspected.")

    def get_occurrence(self, state: CheckState) -> str | None:
        return state.latest.key if state.latest else None

    def get_due_at(self, state: CheckState) -> str | None:
        return InstantField().to_representation(state.latest.due_at) if state.latest else None


class ReadingOutput(serializers.Serializer):
    """A value of one piece: a fact."""

    reading_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="operation.work_order.number")
    operation = serializers.CharField(source="operation.number")
    check_id = serializers.CharField(source="order_check_id")
    trigger = serializers.CharField(source="order_check.trigger")
    occurrence = serializers.CharField()
    characteristic = serializers.CharField(source="characteristic.code")
    piece = serializers.IntegerField()
    value = OutputDecimalField(allow_null=True)
    uom = serializers.CharField(source="characteristic.uom.code", allow_null=True, default=None)
    text = serializers.CharField(source="words", help_text="What was written or chosen, where that is the answer.")
    passed = serializers.BooleanField()
    gauge = serializers.CharField()
    person = PersonNumberField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    remeasures = serializers.UUIDField(source="remeasures_id", allow_null=True)


class ResultOutput(serializers.Serializer):
    """The judgment of a sample: a fact. The one with the highest ``number`` stands."""

    result_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="operation.work_order.number")
    operation = serializers.CharField(source="operation.number")
    check_id = serializers.CharField(source="order_check_id")
    trigger = serializers.CharField(source="order_check.trigger")
    occurrence = serializers.CharField()
    sample_id = serializers.SerializerMethodField(help_text="By which photos of the sample name it.")
    number = serializers.IntegerField()
    verdict = serializers.CharField()
    note = serializers.CharField()
    person = PersonNumberField()
    by = SignedField()
    occurred_at = InstantField()
    recorded_at = InstantField()

    def get_sample_id(self, row: InspectionResult) -> str:
        return str(queries.sample_id(row.order_check, row.occurrence))


class DispositionOutput(serializers.Serializer):
    """What became of a part: a fact."""

    disposition_id = serializers.UUIDField(source="pk")
    kind = serializers.CharField()
    quantity = OutputDecimalField()
    note = serializers.CharField()
    person = PersonNumberField()
    by = SignedField()
    report_id = serializers.UUIDField(allow_null=True)
    movement_id = serializers.UUIDField(allow_null=True)
    recorded_at = InstantField()


class NonconformanceOutput(serializers.Serializer):
    """Pieces, or some of a lot, that are not as they should be."""

    id = serializers.CharField()
    nonconformance_id = serializers.UUIDField(source="reported_as")
    number = serializers.CharField()
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="work_order.number", allow_null=True, default=None)
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    lot = serializers.CharField(source="lot.number", allow_null=True, default=None)
    item = serializers.CharField(source="item.number")
    quantity = OutputDecimalField()
    open_quantity = serializers.SerializerMethodField(help_text="What nobody has decided about yet.")
    uom = serializers.CharField(source="uom.code")
    reason = serializers.CharField(source="reason.code")
    note = serializers.CharField()
    person = PersonNumberField()
    by = SignedField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    closed_at = InstantField(allow_null=True)
    dispositions = DispositionOutput(many=True)

    def get_open_quantity(self, row: Nonconformance) -> str:
        return str(OutputDecimalField().to_representation(queries.left_of(row)))
