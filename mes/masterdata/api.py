"""Master data over HTTP, to read: what is written here comes from its owner (an ERP, the admin, an upload)."""

from typing import Any

from django.db.models import Prefetch
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from mes.core import persons
from mes.core.api.fields import CodeField, InstantField, OutputDecimalField
from mes.core.api.input import ChoiceField, ChoicesField, Filters, FlagField, Input
from mes.core.api.translations import ToldTranslations, translations_of
from mes.core.api.views import ApiView, decided_by
from mes.core.tongues import set_translations
from mes.masterdata.models import (
    BillOfMaterials,
    Item,
    Person,
    ReasonCode,
    Routing,
    Site,
    SplitPolicy,
    Uom,
    WorkCenter,
)
from mes.masterdata.services import set_split_policy

OWNED = "Master data is written by its owner: in the ERP, through /api/v1/erp/<connection>/items, or in the admin."


class Owned(serializers.Serializer):
    """Where a row comes from."""

    owner = serializers.CharField(help_text="The ERP connection whose word counts; empty: our own.")
    external_ids = serializers.DictField(child=serializers.CharField())
    synced_at = InstantField(allow_null=True)


@extend_schema_field(serializers.CharField(allow_null=True))
class PersonNumberField(serializers.Field):
    """The number of the person that a row's field of this name holds; of a site in privacy mode a pseudonym."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, row: Any) -> str | None:
        person = getattr(row, str(self.field_name))
        return None if person is None else str(person.told_number)


@extend_schema_field(serializers.CharField())
class SignedField(serializers.Field):
    """Who signed a row: an account, or a personnel number, which of a site in privacy mode is a pseudonym."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, row: Any) -> str:
        return persons.told_sign(row, str(self.field_name))


class SitesView(ApiView):
    """The plants that the caller may see."""

    rights = {"GET": "masterdata:read"}
    ordering = ("code", "pk")

    class Query(Filters):
        code = CodeField(required=False)

    class Output(serializers.Serializer):
        code = serializers.CharField()
        name = serializers.CharField()
        time_zone = serializers.CharField()
        currency = serializers.CharField()
        active = serializers.BooleanField()

    @extend_schema(operation_id="sites_list", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List the sites."""
        return self.page(self.here(Site.objects.filter(**self.filters(self.Query)), site="code"), self.Output)


class UomsView(ApiView):
    """Units of measure."""

    rights = {"GET": "masterdata:read"}
    ordering = ("code", "pk")
    no_writing = OWNED

    class Query(Filters):
        code = CodeField(required=False)
        dimension = CodeField(required=False)

    class Output(Owned):
        code = serializers.CharField()
        name = serializers.CharField()
        symbol = serializers.CharField()
        dimension = serializers.CharField()
        numerator = OutputDecimalField()
        denominator = OutputDecimalField()
        decimals = serializers.IntegerField()
        active = serializers.BooleanField()

    @extend_schema(operation_id="uoms_list", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List the units of measure, which all sites share."""
        return self.page(Uom.objects.filter(**self.filters(self.Query)), self.Output)


class NumberedQuery(Filters):
    """The filters that all numbered master data has."""

    site = CodeField(required=False, source="site__code")
    number = CodeField(required=False)
    active = FlagField(required=False)


class ItemOutput(Owned):
    """An item."""

    class Conversion(serializers.Serializer):
        uom = serializers.CharField(source="uom.code")
        numerator = OutputDecimalField()
        denominator = OutputDecimalField()

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    name = serializers.CharField()
    uom = serializers.CharField(source="uom.code")
    lot_tracked = serializers.BooleanField()
    pack_quantity = OutputDecimalField(allow_null=True, help_text="In the item's own unit; null: there are no packs.")
    active = serializers.BooleanField()
    conversions = Conversion(many=True)


class ItemsView(ApiView):
    """Items."""

    rights = {"GET": "masterdata:read"}
    ordering = ("number", "pk")
    no_writing = OWNED

    @extend_schema(operation_id="items_list", parameters=[NumberedQuery], responses=ItemOutput(many=True))
    def get(self, request: Any) -> Response:
        """List the items of the caller's sites."""
        return self.page(self.here(_items().filter(**self.filters(NumberedQuery))), ItemOutput)


class ItemView(ApiView):
    """One item."""

    rights = {"GET": "masterdata:read"}
    no_writing = OWNED

    @extend_schema(operation_id="items_get", responses=ItemOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return one item."""
        self.no_filters()
        return Response(ItemOutput(self.one(_items(), what="item", pk=pk)).data)


class BomOutput(Owned):
    """A bill of materials: ``quantity`` of each line goes into ``base_quantity`` of the item."""

    class Line(serializers.Serializer):
        position = serializers.IntegerField()
        item = serializers.CharField(source="item.number")
        quantity = OutputDecimalField()
        uom = serializers.CharField(source="uom.code")
        operation = serializers.CharField()
        backflush = serializers.BooleanField()

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    item = serializers.CharField(source="item.number")
    base_quantity = OutputDecimalField()
    uom = serializers.CharField(source="uom.code")
    revision = serializers.CharField()
    active = serializers.BooleanField()
    lines = Line(many=True)


class BomsView(ApiView):
    """Bills of materials."""

    rights = {"GET": "masterdata:read"}
    ordering = ("number", "pk")
    no_writing = OWNED

    class Query(NumberedQuery):
        item = CodeField(required=False, source="item__number")

    @extend_schema(operation_id="boms_list", parameters=[Query], responses=BomOutput(many=True))
    def get(self, request: Any) -> Response:
        """List the bills of materials of the caller's sites."""
        return self.page(self.here(_boms().filter(**self.filters(self.Query))), BomOutput)


class BomView(ApiView):
    """One bill of materials."""

    rights = {"GET": "masterdata:read"}
    no_writing = OWNED

    @extend_schema(operation_id="boms_get", responses=BomOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return one bill of materials."""
        self.no_filters()
        return Response(BomOutput(self.one(_boms(), what="bill of materials", pk=pk)).data)


class RoutingOutput(Owned):
    """A routing: times in minutes, setup once per order, run per unit of the product."""

    class Step(serializers.Serializer):
        number = serializers.CharField()
        name = serializers.CharField()
        work_center = serializers.CharField(source="work_center.code")
        setup_time = OutputDecimalField()
        run_time_per_unit = OutputDecimalField()

    id = serializers.CharField()
    site = serializers.CharField(source="site.code")
    number = serializers.CharField()
    name = serializers.CharField()
    revision = serializers.CharField()
    active = serializers.BooleanField()
    items = serializers.SerializerMethodField(help_text="The numbers of what is made this way.")
    steps = Step(many=True)

    def get_items(self, routing: Routing) -> list[str]:
        return [item.number for item in routing.items.all()]


class RoutingsView(ApiView):
    """Routings."""

    rights = {"GET": "masterdata:read"}
    ordering = ("number", "pk")
    no_writing = OWNED

    @extend_schema(operation_id="routings_list", parameters=[NumberedQuery], responses=RoutingOutput(many=True))
    def get(self, request: Any) -> Response:
        """List the routings of the caller's sites."""
        return self.page(self.here(_routings().filter(**self.filters(NumberedQuery))), RoutingOutput)


class RoutingView(ApiView):
    """One routing."""

    rights = {"GET": "masterdata:read"}
    no_writing = OWNED

    @extend_schema(operation_id="routings_get", responses=RoutingOutput)
    def get(self, request: Any, pk: int) -> Response:
        """Return one routing."""
        self.no_filters()
        return Response(RoutingOutput(self.one(_routings(), what="routing", pk=pk)).data)


class WorkCentersView(ApiView):
    """Work centers with their work units."""

    rights = {"GET": "masterdata:read"}
    ordering = ("code", "pk")
    no_writing = OWNED

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        code = CodeField(required=False)
        area = CodeField(required=False, source="area__code")
        active = FlagField(required=False)

    class Output(Owned):
        class Unit(serializers.Serializer):
            code = serializers.CharField()
            name = serializers.CharField()
            sharing = serializers.CharField(
                help_text="EXCLUSIVE: one job at a time; SPLIT: its time is divided between jobs; FULL: each gets all."
            )
            active = serializers.BooleanField()

        id = serializers.CharField()
        site = serializers.CharField(source="site.code")
        code = serializers.CharField()
        name = serializers.CharField()
        area = serializers.CharField(source="area.code", allow_null=True, default=None)
        active = serializers.BooleanField()
        work_units = Unit(many=True)

    @extend_schema(operation_id="work_centers_list", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List the work centers of the caller's sites."""
        centers = WorkCenter.objects.select_related("site", "area").prefetch_related("work_units")
        return self.page(self.here(centers.filter(**self.filters(self.Query))), self.Output)


class SplitPoliciesView(ApiView):
    """How sites divide time in which several jobs went on at once."""

    rights = {"GET": "masterdata:read", "POST": "masterdata:write"}
    ordering = ("site__code", "valid_from", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")

    class Body(Input):
        site = CodeField(max_length=32)
        policy = ChoiceField(SplitPolicy.Policy.values)
        valid_from = InstantField(required=False, default=None, help_text="Not in the past; left out: from now on.")

    class Output(serializers.Serializer):
        site = serializers.CharField(source="site.code")
        policy = serializers.CharField(
            help_text="EQUAL, STANDARD (planned time), QUANTITY (pieces), MACHINE (jobs get machine time only)."
        )
        valid_from = InstantField()
        set_by = SignedField()

    @extend_schema(operation_id="split_policies_list", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List every policy there was; at a moment the last one holds that began before. Without one: EQUAL."""
        rows = SplitPolicy.objects.select_related("site").filter(**self.filters(self.Query))
        return self.page(self.here(rows), self.Output)

    @extend_schema(operation_id="split_policies_set", request=Body, responses={201: Output})
    def post(self, request: Any) -> Response:
        """Divide by another policy from a moment on; what was booked stays."""
        given = self.body(self.Body)
        site = self.one(Site.objects.all(), site="code", what="site", code=given["site"])
        now = timezone.now()
        made = set_split_policy(
            site=site,
            policy=given["policy"],
            valid_from=given["valid_from"] or now,
            by=decided_by(request),
            now=now,
        )
        return Response(self.Output(made).data, status=201)


class PeopleView(ApiView):
    """People, by personnel number."""

    rights = {"GET": "people:read"}
    ordering = ("number", "pk")
    no_writing = OWNED

    class Output(Owned):
        id = serializers.CharField()
        site = serializers.CharField(source="site.code")
        number = serializers.CharField()
        name = serializers.CharField()
        active = serializers.BooleanField()

    @extend_schema(operation_id="people_list", parameters=[NumberedQuery], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List the people of the caller's sites."""
        people = Person.objects.select_related("site").filter(**self.filters(NumberedQuery))
        return self.page(self.here(people), self.Output)


class ReasonsView(ApiView):
    """Reasons for scrap, rework, stops, holds, returns and indirect work."""

    rights = {"GET": "masterdata:read"}
    ordering = ("kind", "code", "pk")

    class Query(Filters):
        site = CodeField(required=False, source="site__code")
        kind = ChoicesField(ReasonCode.Kind.values, required=False, source="kind__in")
        active = FlagField(required=False)

    class Output(Owned):
        id = serializers.CharField()
        site = serializers.CharField(source="site.code")
        kind = serializers.CharField()
        code = serializers.CharField()
        name = serializers.CharField()
        parent = serializers.CharField(source="parent.code", allow_null=True, default=None)
        active = serializers.BooleanField()
        translations = ToldTranslations()

    @extend_schema(operation_id="reasons_list", parameters=[Query], responses=Output(many=True))
    def get(self, request: Any) -> Response:
        """List the reasons of the caller's sites."""
        reasons = ReasonCode.objects.select_related("site", "parent").filter(**self.filters(self.Query))
        return self.page(self.here(reasons), self.Output)


class ReasonTranslationsView(ApiView):
    """What a reason is called in other languages: ours, also where an ERP owns the reason."""

    rights = {"PUT": "masterdata:write"}
    Body = translations_of(ReasonCode)

    @extend_schema(operation_id="reasons_translate", request=Body, responses=ReasonsView.Output)
    def put(self, request: Any, pk: int) -> Response:
        """Say what the reason is called in the languages of terminals; a language that is left out has no word any more."""
        reason = self.one(ReasonCode.objects.select_related("site", "parent"), what="reason", pk=pk)
        set_translations(row=reason, translations=self.body(self.Body))
        return Response(ReasonsView.Output(reason).data)


def _items() -> Any:
    return Item.objects.select_related("site", "uom").prefetch_related("conversions__uom")


def _boms() -> Any:
    return BillOfMaterials.objects.select_related("site", "item", "uom").prefetch_related("lines__item", "lines__uom")


def _routings() -> Any:
    items = Prefetch("items", Item.objects.only("number").order_by("number"))
    return Routing.objects.select_related("site").prefetch_related(items, "steps__work_center")
