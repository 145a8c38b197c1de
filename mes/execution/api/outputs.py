"""How orders, operations and reports are told."""

from rest_framework import serializers

from mes.core.api.fields import InstantField, OutputDecimalField, decimal_text
from mes.execution.models import CounterReading, Operation
from mes.masterdata.api import PersonNumberField, SignedField
from mes.masterdata.models import Provenance


class Quantities(serializers.Serializer):
    """What was made so far."""

    good_quantity = OutputDecimalField()
    scrap_quantity = OutputDecimalField()
    rework_quantity = OutputDecimalField(help_text="In rework now.")


class OrderSummary(Quantities):
    """A work order in a list."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    item = serializers.CharField(source="item.number")
    item_name = serializers.CharField(source="item.name")
    order_quantity = OutputDecimalField()
    uom = serializers.CharField(source="uom.code")
    status = serializers.CharField()
    held = serializers.BooleanField()
    priority = serializers.IntegerField()
    due_at = InstantField(allow_null=True)
    planned_start_at = InstantField(allow_null=True)
    owner = serializers.CharField(help_text="The ERP connection that owns the order; empty: made by hand.")
    external_ids = serializers.DictField(child=serializers.CharField())
    reference = serializers.CharField()
    created_at = InstantField()
    released_at = InstantField(allow_null=True)
    started_at = InstantField(allow_null=True)
    completed_at = InstantField(allow_null=True)


class OperationOutput(Quantities):
    """An operation."""

    id = serializers.CharField()
    site = serializers.CharField(source="work_order.site.code")
    work_order = serializers.CharField(source="work_order.number")
    work_order_id = serializers.CharField()
    item = serializers.CharField(source="work_order.item.number")
    number = serializers.CharField()
    name = serializers.CharField()
    work_center = serializers.CharField(source="work_center.code")
    work_unit = serializers.CharField(source="work_unit.code", allow_null=True, default=None)
    status = serializers.CharField()
    held = serializers.SerializerMethodField(help_text="The order or this operation is on hold.")
    is_output = serializers.BooleanField()
    order_quantity = OutputDecimalField(source="work_order.order_quantity")
    uom = serializers.CharField(source="work_order.uom.code")
    priority = serializers.IntegerField(source="work_order.priority")
    due_at = InstantField(source="work_order.due_at", allow_null=True)
    planned_setup_time = OutputDecimalField(help_text="Minutes.")
    planned_run_time_per_unit = OutputDecimalField(help_text="Minutes.")
    actual_setup_time = OutputDecimalField(help_text="Minutes.")
    actual_run_time = OutputDecimalField(help_text="Minutes.")
    started_at = InstantField(allow_null=True)
    completed_at = InstantField(allow_null=True)

    def get_held(self, operation: Operation) -> bool:
        return operation.held or operation.work_order.held


class HoldOutput(serializers.Serializer):
    """A hold on an order, or on one of its operations."""

    id = serializers.CharField()
    operation = serializers.CharField(source="operation.number", allow_null=True, default=None)
    reason = serializers.CharField(source="reason.code", allow_null=True, default=None)
    note = serializers.CharField()
    source = serializers.CharField()
    placed_at = InstantField()
    placed_by = SignedField()
    released_at = InstantField(allow_null=True)
    released_by = SignedField()


class ProposalOutput(serializers.Serializer):
    """A change that an ERP wants of a running order."""

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="work_order.number")
    kind = serializers.CharField()
    status = serializers.CharField()
    owner = serializers.CharField()
    changes = serializers.JSONField(help_text="A field's name to [ours, theirs].")
    created_at = InstantField()
    decided_at = InstantField(allow_null=True)
    decided_by = SignedField()
    note = serializers.CharField()


class OrderDetail(OrderSummary):
    """A work order with what belongs to it."""

    class Component(serializers.Serializer):
        item = serializers.CharField(source="item.number")
        operation = serializers.CharField(source="operation.number")
        required_quantity = OutputDecimalField()
        issued_quantity = OutputDecimalField()
        uom = serializers.CharField(source="uom.code")
        backflush = serializers.BooleanField()
        at_completion = serializers.BooleanField()
        unplanned = serializers.BooleanField(help_text="The bill does not have it; why says why it was used.")
        why = serializers.CharField()

    over_delivery_percent = OutputDecimalField()
    under_delivery_percent = OutputDecimalField()
    bom = serializers.CharField()
    routing = serializers.CharField()
    operations = OperationOutput(many=True)
    components = Component(many=True)
    holds = HoldOutput(many=True)
    proposals = ProposalOutput(many=True)
    owned_fields = serializers.SerializerMethodField(help_text="What only the owner may change.")

    def get_owned_fields(self, order: Provenance) -> list[str]:
        return list(order.OWNED_FIELDS) if order.owner else []


class ReportOutput(Quantities):
    """A report: a fact. A reversal is a second report with negative quantities that names the first."""

    class Scrap(serializers.Serializer):
        quantity = OutputDecimalField()
        reason = serializers.CharField(source="reason.code")

    report_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="work_order.number")
    operation = serializers.CharField(source="operation.number")
    operation_id = serializers.CharField()
    work_unit = serializers.CharField(source="work_unit.code", allow_null=True, default=None)
    from_rework = serializers.BooleanField()
    scrap = Scrap(source="scrap_lines", many=True)
    lot = serializers.CharField()
    person = PersonNumberField()
    note = serializers.CharField()
    occurred_at = InstantField()
    recorded_at = InstantField()
    reverses = serializers.UUIDField(source="reverses_id", allow_null=True)


class ReportAnswer(ReportOutput):
    """A report as it was booked, with what was odd about it."""

    warnings = serializers.ListField(child=serializers.CharField(), default=list, help_text="clock_ahead, late")


class CounterReadingOutput(serializers.Serializer):
    """What a machine's counter showed: a fact. It is taken back by taking back the report that it made."""

    reading_id = serializers.UUIDField(source="pk")
    site = serializers.CharField(source="site.code")
    work_order = serializers.CharField(source="operation.work_order.number")
    operation = serializers.CharField(source="operation.number")
    operation_id = serializers.CharField()
    work_unit = serializers.CharField(source="work_unit.code", allow_null=True, default=None)
    value = OutputDecimalField()
    counted = OutputDecimalField(help_text="Since the reading before; 0 where counting starts.")
    began_anew = serializers.CharField(help_text="RESET, ROLLED, or empty: it shows no less than before.")
    good_quantity = serializers.SerializerMethodField(help_text="What was reported from it.")
    report_id = serializers.UUIDField(
        allow_null=True, help_text="The report with that quantity; null: nothing was left."
    )
    taken_back = serializers.SerializerMethodField(help_text="Its report was, so the next reading counts past it.")
    occurred_at = InstantField()
    recorded_at = InstantField()

    def get_good_quantity(self, reading: CounterReading) -> str:
        return decimal_text(reading.report.good_quantity) if reading.report else "0"

    def get_taken_back(self, reading: CounterReading) -> bool:
        return reading.report is not None and hasattr(reading.report, "reversed_by")


class CounterReadingAnswer(CounterReadingOutput):
    """A reading as it was stored, with what was odd about it."""

    warnings = serializers.ListField(child=serializers.CharField(), default=list, help_text="clock_ahead, late")
