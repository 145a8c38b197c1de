"""Master data comes in pages: only what differs is written, and what cannot stand yet is parked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from mes.masterdata import services
from mes.masterdata.models import BillOfMaterials, Item, Person, ReasonCode, Routing, Shift, Uom, WorkCenter
from mes.masterdata.records import (
    BillOfMaterialsRecord,
    BomLineRecord,
    ItemRecord,
    PersonRecord,
    ReasonRecord,
    RoutingRecord,
    RoutingStepRecord,
    ShiftRecord,
    UomConversion,
    UomRecord,
    WorkCenterRecord,
)
from tests.factories import NOW, make_item, make_person, make_site, make_uom, make_work_center

pytestmark = pytest.mark.django_db


def item_record(number="A-1", **given):
    return ItemRecord(**{"site": "P1", "number": number, "name": "Bracket", "uom": "pcs", "external_id": "17"} | given)


@pytest.fixture
def plant():
    make_uom()
    return make_site()


def test_new_items_are_created_with_their_owner_and_their_id_there(plant):
    applied = services.apply_items([item_record()], owner="erp", now=NOW)
    item = Item.objects.get(number="A-1")
    assert (applied.created, applied.changed, applied.unchanged) == (1, 0, 0)
    assert (item.owner, item.external_ids, item.synced_at) == ("erp", {"erp": "17"}, NOW)
    assert item.history.get().history_type == "+"


def test_the_same_page_again_changes_nothing_and_costs_few_queries(plant, django_assert_max_num_queries):
    page = [item_record(f"A-{n}") for n in range(50)]
    services.apply_items(page, owner="erp", now=NOW)
    with django_assert_max_num_queries(8):
        applied = services.apply_items(page, owner="erp", now=NOW)
    assert (applied.created, applied.changed, applied.unchanged) == (0, 0, 50)
    assert Item.history.count() == 50


def test_only_what_differs_is_written_and_remembered_in_history(plant):
    services.apply_items([item_record("A-1"), item_record("A-2")], owner="erp", now=NOW)
    applied = services.apply_items([item_record("A-1"), item_record("A-2", name="Plate")], owner="erp", now=NOW)
    assert (applied.changed, applied.unchanged) == (1, 1)
    item = Item.objects.get(number="A-2")
    assert item.name == "Plate"
    assert [entry.name for entry in item.history.order_by("history_id")] == ["Bracket", "Plate"]


def test_a_pack_stays_as_it_is_until_somebody_who_knows_it_says_so(plant):
    services.apply_items([item_record("A-1"), item_record("A-2", pack_quantity=Decimal(48))], owner="erp", now=NOW)
    Item.objects.filter(number="A-1").update(pack_quantity=24)

    def packs():
        return list(Item.objects.order_by("number").values_list("name", "pack_quantity"))

    page = [item_record("A-1", name="Plate"), item_record("A-2", name="Lid", pack_quantity=Decimal(50))]
    services.apply_items(page, owner="erp", now=NOW)
    assert packs() == [("Plate", 24), ("Lid", 50)]
    # History tells the whole row, what the sender did not say included.
    assert Item.objects.get(number="A-1").history.first().pack_quantity == 24
    page = [item_record("A-1", name="Plate 2", pack_quantity=Decimal(0)), item_record("A-2", name="Lid 2")]
    services.apply_items(page, owner="erp", now=NOW)
    assert packs() == [("Plate 2", None), ("Lid 2", 50)]


def test_an_item_of_an_unknown_unit_is_parked_and_the_rest_goes_on(plant):
    applied = services.apply_items([item_record("A-1", uom="kg"), item_record("A-2")], owner="erp", now=NOW)
    assert applied.created == 1
    assert applied.parked == [("A-1", "uom:kg")]


def test_an_item_of_an_unknown_site_is_parked():
    make_uom()
    assert services.apply_items([item_record()], owner="erp", now=NOW).parked == [("A-1", "site:P1")]


def test_an_item_of_ours_becomes_the_erp_s_and_keeps_its_row(plant):
    ours = make_item(number="A-1", name="Old")
    services.apply_items([item_record()], owner="erp", now=NOW)
    ours.refresh_from_db()
    assert (ours.owner, ours.name) == ("erp", "Bracket")


def test_a_second_erp_only_leaves_its_id(plant):
    services.apply_items([item_record()], owner="erp", now=NOW)
    services.apply_items([item_record(name="Something else", external_id="99")], owner="other", now=NOW)
    item = Item.objects.get(number="A-1")
    assert (item.owner, item.name, item.external_ids) == ("erp", "Bracket", {"erp": "17", "other": "99"})


def test_unit_conversions_follow_their_item(plant):
    make_uom(code="kg", name="Kilogram", symbol="kg", dimension="mass", decimals=3)
    conversion = UomConversion(uom="kg", numerator=Decimal(4), denominator=Decimal(1))
    services.apply_items([item_record(conversions=(conversion,))], owner="erp", now=NOW)
    assert Item.objects.get().conversions.get().numerator == 4
    services.apply_items([item_record()], owner="erp", now=NOW)
    assert not Item.objects.get().conversions.exists()


def test_units_keep_their_factor_exactly():
    services.apply_uoms(
        [
            UomRecord(
                code="in",
                name="Inch",
                symbol="in",
                dimension="length",
                numerator=Decimal(5000),
                denominator=Decimal(127),
            )
        ],
        owner="erp",
        now=NOW,
    )
    uom = Uom.objects.get()
    assert (uom.numerator, uom.denominator) == (5000, 127)


def test_what_vanished_becomes_inactive_and_comes_back_when_it_returns(plant):
    page = [item_record("A-1"), item_record("A-2")]
    services.apply_items(page, owner="erp", now=NOW)
    assert services.vanish_items(["A-1"], owner="erp", now=NOW) == 1
    assert not Item.objects.get(number="A-2").active
    assert services.vanish_items(["A-1"], owner="erp", now=NOW) == 0
    services.apply_items(page, owner="erp", now=NOW)
    assert Item.objects.get(number="A-2").active
    assert [e.active for e in Item.history.filter(number="A-2").order_by("history_id")] == [True, False, True]


def test_a_mass_of_vanished_rows_is_a_fault_there_and_nothing_is_changed(plant):
    services.apply_items([item_record(f"A-{n}") for n in range(20)], owner="erp", now=NOW)
    with pytest.raises(services.TooManyVanished, match="20 of 20"):
        services.vanish_items([], owner="erp", now=NOW)
    assert Item.objects.filter(active=True).count() == 20


def test_what_is_ours_never_vanishes(plant):
    make_item()
    assert services.vanish_items([], owner="erp", now=NOW) == 0


def bom_record(*lines, **given):
    return BillOfMaterialsRecord(
        **{"site": "P1", "number": "B-1", "item": "A-1", "base_quantity": Decimal(1), "uom": "pcs", "lines": lines}
        | given
    )


def test_a_bill_whose_lines_change_is_changed_in_place(plant):
    make_item(number="A-1")
    make_item(number="C-1")
    line = BomLineRecord(item="C-1", quantity=Decimal("2"), uom="pcs")
    services.apply_boms([bom_record(line)], owner="erp", now=NOW)
    bom = BillOfMaterials.objects.get()
    services.apply_boms([bom_record(BomLineRecord(item="C-1", quantity=Decimal("3"), uom="pcs"))], owner="erp", now=NOW)
    assert BillOfMaterials.objects.get().pk == bom.pk
    assert bom.lines.get().quantity == 3


def test_a_bill_that_names_an_unknown_component_is_parked_for_it(plant):
    make_item(number="A-1")
    line = BomLineRecord(item="C-1", quantity=Decimal("2"), uom="pcs")
    assert services.apply_boms([bom_record(line)], owner="erp", now=NOW).parked == [("B-1", "item:C-1")]
    assert not BillOfMaterials.objects.exists()


def test_a_routing_brings_its_steps_in_order_and_the_items_made_that_way(plant):
    make_item(number="A-1")
    make_work_center(code="SAW")
    steps = (
        RoutingStepRecord(
            number="10", name="Saw", work_center="SAW", setup_time=Decimal(5), run_time_per_unit=Decimal("0.5")
        ),
        RoutingStepRecord(number="20", name="Deburr", work_center="SAW"),
    )
    record = RoutingRecord(site="P1", number="R-1", name="Bracket", steps=steps, items=("A-1",))
    services.apply_routings([record], owner="erp", now=NOW)
    routing = Routing.objects.get()
    assert [step.number for step in routing.steps.all()] == ["10", "20"]
    assert [item.number for item in routing.items.all()] == ["A-1"]
    assert services.apply_routings([record], owner="erp", now=NOW).unchanged == 1


def test_a_work_center_has_a_work_unit_of_its_own_code_unless_machines_are_named(plant):
    services.apply_work_centers(
        [WorkCenterRecord(site="P1", code="SAW", name="Saws", area="Hall 1")], owner="erp", now=NOW
    )
    center = WorkCenter.objects.get()
    assert [unit.code for unit in center.work_units.all()] == ["SAW"]
    assert center.area.code == "Hall 1"
    services.apply_work_centers(
        [WorkCenterRecord(site="P1", code="SAW", name="Saws", work_units=("S1", "S2"))], owner="erp", now=NOW
    )
    assert [unit.code for unit in center.work_units.filter(active=True)] == ["S1", "S2"]


def test_people_keep_badge_and_pin_when_the_erp_renames_them(plant):
    services.apply_people([PersonRecord(site="P1", number="7", name="A. Kim")], owner="erp", now=NOW)
    person = Person.objects.get()
    services.set_badge(person_id=person.pk, badge="B-7")
    services.set_pin(person_id=person.pk, pin="1234")
    services.apply_people([PersonRecord(site="P1", number="7", name="A. Kim-Lee")], owner="erp", now=NOW)
    assert services.find_by_badge(badge="B-7").name == "A. Kim-Lee"
    services.check_pin(person_id=person.pk, pin="1234")


def test_history_keeps_a_person_s_language_when_the_erp_renames_them(plant):
    record = PersonRecord(site="P1", number="7", name="Anna")
    services.apply_people([record], owner="erp", now=NOW)
    Person.objects.update(language="de")
    services.apply_people([replace(record, name="Anna K")], owner="erp", now=NOW)
    assert [(each.name, each.language) for each in Person.objects.get().history.all()][0] == ("Anna K", "de")


def test_reasons_find_their_parent_in_the_same_page_in_any_order(plant):
    records = [
        ReasonRecord(site="P1", kind="SCRAP", code="BURR", name="Burr", parent="SURFACE"),
        ReasonRecord(site="P1", kind="SCRAP", code="SURFACE", name="Surface"),
        ReasonRecord(site="P1", kind="SCRAP", code="CRACK", name="Crack", parent="NOWHERE"),
    ]
    applied = services.apply_reasons(records, owner="", now=NOW)
    assert (applied.created, applied.parked) == (2, [("CRACK", "reason:NOWHERE")])
    assert ReasonCode.objects.get(code="BURR").parent.code == "SURFACE"


def test_a_reason_keeps_its_translations_until_the_erp_calls_it_something_else(plant):
    records = [ReasonRecord(site="P1", kind="SCRAP", code=code, name=code.title()) for code in ("BURR", "DENT")]
    services.apply_reasons(records, owner="erp", now=NOW)
    ReasonCode.objects.filter(code="BURR").update(translations={"name": {"de": "Grat"}})
    group = replace(records[1], code="EDGE", name="Edge")
    services.apply_reasons([group, replace(records[0], parent="EDGE")], owner="erp", now=NOW)
    burr = ReasonCode.objects.get(code="BURR")
    assert (burr.parent.code, burr.translations) == ("EDGE", {"name": {"de": "Grat"}})
    assert burr.history.first().translations == burr.translations
    services.apply_reasons(
        [replace(records[0], name="Sharp edge"), replace(records[1], name="Ding")], owner="erp", now=NOW
    )
    assert list(ReasonCode.objects.order_by("code").values_list("name", "translations")) == [
        ("Sharp edge", {}), ("Ding", {}), ("Edge", {}),
    ]  # fmt: skip


def test_shifts_are_read_from_local_times(plant):
    services.apply_shifts(
        [ShiftRecord(site="P1", code="N", name="Night", starts_at="22:00", ends_at="06:00")], owner="", now=NOW
    )
    assert str(Shift.objects.get()) == "Night 22:00-06:00"


def test_an_unknown_and_a_revoked_badge_get_the_same_words(plant):
    person = make_person()
    services.set_badge(person_id=person.pk, badge="B-1")
    services.revoke_badge(person_id=person.pk, now=NOW)
    words = []
    for badge in ("B-1", "never seen"):
        with pytest.raises(services.people.BadgeUnknown) as refusal:
            services.find_by_badge(badge=badge)
        words.append(refusal.value.detail)
    assert words == ["This badge is not known here. Ask your supervisor."] * 2


def test_a_badge_belongs_to_one_person(plant):
    services.set_badge(person_id=make_person().pk, badge="B-1")
    with pytest.raises(services.people.BadgeTaken):
        services.set_badge(person_id=make_person().pk, badge="B-1")


def test_after_five_wrong_pins_even_the_right_one_is_refused(plant):
    person = make_person()
    services.set_pin(person_id=person.pk, pin="4711")
    for left in ("4 tries", "3 tries", "2 tries", "1 try"):
        with pytest.raises(services.people.PinWrong, match=left):
            services.check_pin(person_id=person.pk, pin="0000")
    with pytest.raises(services.PersonLocked):
        services.check_pin(person_id=person.pk, pin="0000")
    with pytest.raises(services.PersonLocked):
        services.check_pin(person_id=person.pk, pin="4711")
    services.unlock_pin(person_id=person.pk)
    services.check_pin(person_id=person.pk, pin="4711")
