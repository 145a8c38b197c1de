"""Order cost worked by hand, to the cent, and the sums that must hold for any order."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erp_bridge.costing.rules.rates import Rate, RateBook
from erp_bridge.costing.rules.rollup import MaterialFact, OrderFacts, PieceFact, Pieces, TimeFact, follow, roll_up
from erp_bridge.costing.rules.rounding import round_cells, share_out, to_cents
from erp_bridge.costing.rules.statement import Statement, state
from erp_bridge.costing.rules.variances import PlanLine, compare

D = Decimal
DAY = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def rate(kind: str, key: str, amount: str, *, since: date = date(2026, 1, 1), per: str = "") -> Rate:
    return Rate(
        kind=kind, key=key, valid_from=since, amount=D(amount), per=per or ("UNIT" if kind == "ITEM" else "HOUR"),
        currency="EUR",
    )  # fmt: skip


def issue(operation: str, item: str, quantity: str, *, at: datetime = DAY) -> MaterialFact:
    return MaterialFact(operation=operation, item=item, quantity=D(quantity), uom="pcs", at=at)


def worked(operation: str, key: str, activity: str, minutes: str, *, at: datetime = DAY) -> TimeFact:
    return TimeFact(
        operation=operation, key=key, activity=activity, minutes=D(minutes),
        started_at=at, ended_at=at + timedelta(minutes=abs(float(minutes))),
    )  # fmt: skip


def reported(operation: str, work_center: str, good: str, scrap: str = "0", rework: str = "0") -> PieceFact:
    return PieceFact(
        operation=operation, work_center=work_center, at=DAY, good=D(good), scrap=D(scrap), rework=D(rework)
    )


def plan(
    operation: str, element: str, activity: str, key: str, quantity: str, amount: str, unit: str = "min"
) -> PlanLine:
    per = "HOUR" if unit == "min" else "CYCLE" if unit == "cycles" else "UNIT"
    return PlanLine(
        operation=operation, element=element, activity=activity, key=key, quantity=D(quantity), unit=unit,
        rate=D(amount), per=per,
    )  # fmt: skip


RATES = [
    rate("ITEM", "STEEL", "2.50"),
    rate("ITEM", "STEEL", "2.60", since=date(2026, 3, 1)),
    rate("ITEM", "SCREW", "0.05"),
    rate("PERSON", "", "30.00"),
    rate("PERSON", "ANNA", "31.00"),
    rate("PERSON", "BEN", "28.00"),
    rate("WORK_CENTER", "SAW", "36.00"),
    rate("WORK_CENTER", "DRILL", "48.00"),
]
PLAN = [
    plan("10", "MATERIAL", "", "STEEL", "100", "2.50", "pcs"),
    plan("10", "LABOR", "SETUP", "", "30", "30.00"),
    plan("10", "LABOR", "RUN", "", "60", "30.00"),
    plan("10", "MACHINE", "SETUP", "SAW", "30", "36.00"),
    plan("10", "MACHINE", "RUN", "SAW", "60", "36.00"),
    plan("20", "MATERIAL", "", "SCREW", "400", "0.05", "pcs"),
    plan("20", "LABOR", "SETUP", "", "15", "30.00"),
    plan("20", "LABOR", "RUN", "", "90", "30.00"),
    plan("20", "MACHINE", "SETUP", "DRILL", "15", "48.00"),
    plan("20", "MACHINE", "RUN", "DRILL", "90", "48.00"),
]
FACTS = OrderFacts(
    operations=["10", "20"],
    material=[issue("10", "STEEL", "102"), issue("10", "STEEL", "-1"), issue("20", "SCREW", "380")],
    labor=[
        worked("10", "ANNA", "SETUP", "33"), worked("10", "ANNA", "RUN", "66"),
        worked("20", "BEN", "SETUP", "15"), worked("20", "BEN", "RUN", "95"),
    ],
    machine=[
        worked("10", "SAW", "SETUP", "33"), worked("10", "SAW", "RUN", "66"),
        worked("20", "DRILL", "SETUP", "15"), worked("20", "DRILL", "RUN", "95"),
    ],
    pieces=[reported("10", "SAW", "95", "5"), reported("20", "DRILL", "90", "5")],
)  # fmt: skip


def statement(
    facts: OrderFacts = FACTS, *, rates=RATES, lines=PLAN, quantity: str = "100", done: bool = True
) -> Statement:
    actual = roll_up(facts, RateBook(rates))
    return state(actual, compare(lines, actual, order_quantity=D(quantity), is_completed=done))


def test_the_worked_example_of_an_order_with_scrap_at_both_operations():
    """An order for 100 brackets. Operation 10 saws, 20 drills. By hand:

    Planned (100 pieces, rates at release)
        10 material   100 STEEL x 2.50                       250.00
        10 labor      setup 30 min + run 60 min at 30.00/h    15.00 + 30.00 =  45.00
        10 machine    the same minutes at 36.00/h             18.00 + 36.00 =  54.00
        20 material   400 SCREW x 0.05                        20.00
        20 labor      setup 15 + run 90 at 30.00/h             7.50 + 45.00 =  52.50
        20 machine    the same minutes at 48.00/h             12.00 + 72.00 =  84.00
        total                                                505.50

    What happened: 100 sawn, 5 of them scrap; 95 drilled, 5 of them scrap; 90 good.
    STEEL had risen to 2.60; 102 were issued, 1 came back. Anna (31.00/h) sawed, Ben (28.00/h) drilled.

    Actual
        10 material   102 x 2.60 - 1 x 2.60                  262.60
        10 labor      (33 + 66) min at 31.00/h                51.15
        10 machine    (33 + 66) min at 36.00/h                59.40      operation 10 together 373.15
        20 material   380 x 0.05                              19.00
        20 labor      (15 + 95) min at 28.00/h                51.3333
        20 machine    (15 + 95) min at 48.00/h                88.00      operation 20 together 158.3333
        total                                                531.4833 -> 531.48

    Scrap takes what was spent up to and including its operation
        at 10   5/100 of 373.15                               18.6575    passed on 354.4925
        at 20   5/95 of (354.4925 + 158.3333)                 26.9908
        together                                              45.6483 -> 45.65
        the 90 good pieces                                   485.8350 -> 485.83 (the cent that makes both 531.48)
    """
    cost = statement()
    assert {cell: figure.planned for cell, figure in cost.cells.items()} == {
        ("10", "MATERIAL"): D("250.00"), ("10", "LABOR"): D("45.00"), ("10", "MACHINE"): D("54.00"),
        ("20", "MATERIAL"): D("20.00"), ("20", "LABOR"): D("52.50"), ("20", "MACHINE"): D("84.00"),
    }  # fmt: skip
    assert {cell: figure.actual for cell, figure in cost.cells.items()} == {
        ("10", "MATERIAL"): D("262.60"), ("10", "LABOR"): D("51.15"), ("10", "MACHINE"): D("59.40"),
        ("20", "MATERIAL"): D("19.00"), ("20", "LABOR"): D("51.33"), ("20", "MACHINE"): D("88.00"),
    }  # fmt: skip
    assert cost.posting() == {
        "planned_total": D("505.50"), "material": D("281.60"), "labor": D("102.48"), "machine": D("147.40"),
        "scrap": D("45.65"), "rework": D("0.00"), "total": D("531.48"),
    }  # fmt: skip
    assert (cost.good, cost.scrap, cost.in_work) == (D("485.83"), D("45.65"), D("0.00"))


def test_the_target_is_flexed_by_good_pieces_and_setup_is_there_once():
    """90 good pieces of 100:

    10 material 250.00 x 0.9 = 225.00    labor 15.00 + 30.00 x 0.9 = 42.00    machine 18.00 + 36.00 x 0.9 = 50.40
    20 material  20.00 x 0.9 =  18.00    labor  7.50 + 45.00 x 0.9 = 48.00    machine 12.00 + 72.00 x 0.9 = 76.80
    together 460.20; actual 531.48; variance 71.28 unfavorable
    """
    cost = statement()
    assert [cost.cells["10", element].target for element in ("MATERIAL", "LABOR", "MACHINE")] == [
        D("225.00"), D("42.00"), D("50.40"),
    ]  # fmt: skip
    assert [cost.cells["20", element].target for element in ("MATERIAL", "LABOR", "MACHINE")] == [
        D("18.00"), D("48.00"), D("76.80"),
    ]  # fmt: skip
    assert cost.total.target == D("460.20")
    assert cost.total.variance == D("71.28")


def test_variances_say_why_and_lead_from_planned_to_actual():
    """Sawing, operation 10 (100 processed: 90 became good, 10 were lost here or later).

    material  volume (90 - 100) x 2.50 = -25.00   scrap 10 x 2.50 = 25.00   usage (101 - 100) x 2.50 = 2.50
              price 262.60 - 101 x 2.50 = 10.10   together 12.60 = 262.60 - 250.00
    labor     volume -6 min x 0.50 = -3.00        scrap 6 min x 0.50 = 3.00  efficiency (66 - 60) x 0.50 = 3.00
              setup (33 - 30) x 0.50 = 1.50       rate 99 min x (31 - 30)/60 = 1.65   together 6.15 = 51.15 - 45.00
    """
    cost = statement()

    def by_kind(element: str) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for one in cost.cells["10", element].variances:
            sums[one.kind] = sums.get(one.kind, D(0)) + one.amount
        return sums

    assert by_kind("MATERIAL") == {
        "VOLUME": D("-25.00"), "SCRAP": D("25.00"), "USAGE": D("2.50"), "PRICE": D("10.10"),
    }  # fmt: skip
    assert by_kind("LABOR") == {
        "VOLUME": D("-3.00"), "SCRAP": D("3.00"), "EFFICIENCY": D("3.00"), "SETUP_TIME": D("1.50"), "RATE": D("1.65"),
    }  # fmt: skip
    assert sum(one.amount for one in cost.total.variances) == D("531.48") - D("505.50")


def test_scrap_at_the_second_operation_costs_more_than_the_same_scrap_at_the_first():
    """Each operation spends 100.00 on 10 pieces; one of them is scrapped.

    at 10: 1/10 of 100.00 = 10.00; at 20: 1/10 of 200.00 = 20.00
    """

    def scrap_of(first: str, second: str) -> Fraction:
        facts = OrderFacts(
            operations=["10", "20"],
            material=[issue("10", "STEEL", "40"), issue("20", "STEEL", "40")],
            pieces=[
                reported("10", "SAW", str(10 - int(first)), first),
                reported("20", "DRILL", str(10 - int(first) - int(second)), second),
            ],
        )
        return roll_up(facts, RateBook([rate("ITEM", "STEEL", "2.50")])).scrap

    assert scrap_of("1", "0") == 10
    assert scrap_of("0", "1") == 20


def test_a_rate_that_changes_at_midnight_in_the_middle_of_the_work_cuts_it_there():
    """Ben works 23:00 to 01:30 in Berlin (21:00 to 23:30 UTC in summer time is 23:00 to 01:30 there).

        60 min at 28.00/h = 28.00, then 90 min at 29.00/h = 43.50, together 71.50
    Half of it only, because he ran two jobs at once: 30 min = 14.00, 45 min = 21.75, together 35.75
    """
    rates = [rate("PERSON", "BEN", "28.00"), rate("PERSON", "BEN", "29.00", since=date(2026, 7, 1))]
    start = datetime(2026, 6, 30, 21, 0, tzinfo=UTC)

    def cost(minutes: str) -> Decimal:
        fact = TimeFact(
            operation="10", key="BEN", activity="RUN", minutes=D(minutes),
            started_at=start, ended_at=start + timedelta(minutes=150),
        )  # fmt: skip
        actual = roll_up(OrderFacts(operations=["10"], labor=[fact]), RateBook(rates, zone="Europe/Berlin"))
        assert [line.rate.amount for line in actual.lines] == [D("28.00"), D("29.00")]
        return D(to_cents(actual.total)) / 100

    assert cost("150") == D("71.50")
    assert cost("75") == D("35.75")
    assert cost("-75") == D("-35.75")


def test_returns_can_make_the_material_of_an_operation_negative():
    """3 issued at 2.50 before the price rose, 5 returned at 2.60 after it: 7.50 - 13.00 = -5.50."""
    facts = OrderFacts(
        operations=["10"],
        material=[issue("10", "STEEL", "3", at=DAY - timedelta(days=5)), issue("10", "STEEL", "-5")],
    )
    cost = statement(facts, lines=[], done=False)
    assert cost.posting()["material"] == D("-5.50")
    assert cost.in_work == D("-5.50")


def test_passes_that_ended_in_rework_are_a_bucket_of_their_own():
    """Operation 10: 8 pieces good at once, 2 for rework; then these 2 good: 12 passes in 120 min, 8 + 2 + 2.

    Run cost 120 min x (36.00 + 31.00)/h = 134.00; 2 of 12 passes were repeated: 134.00 x 2/12 = 22.3333 -> 22.33.
    Material 10 x 2.60 = 26.00. Total 160.00; the ten good pieces cost 137.67. No piece is counted twice.
    """
    facts = OrderFacts(
        operations=["10"],
        material=[issue("10", "STEEL", "10")],
        labor=[worked("10", "ANNA", "RUN", "120")],
        machine=[worked("10", "SAW", "RUN", "120")],
        pieces=[reported("10", "SAW", "8", "0", "2"), reported("10", "SAW", "2")],
    )
    cost = statement(facts, lines=[], quantity="10")
    assert (cost.total.actual, cost.rework, cost.good, cost.scrap) == (D("160.00"), D("22.33"), D("137.67"), D("0.00"))


def test_a_work_center_with_a_rate_per_cycle_costs_by_passes_and_not_by_minutes():
    """98 good + 2 scrap at 0.35 a cycle = 35.00, whether it took one hour or ten."""
    facts = OrderFacts(
        operations=["10"], machine=[worked("10", "PRESS", "RUN", "600")], pieces=[reported("10", "PRESS", "98", "2")]
    )
    rates = [rate("WORK_CENTER", "PRESS", "0.35", per="CYCLE")]
    lines = [plan("10", "MACHINE", "RUN", "PRESS", "100", "0.35", "cycles")]
    cost = statement(facts, rates=rates, lines=lines)
    assert cost.total.actual == cost.total.planned == D("35.00")
    assert {one.kind: one.amount for one in cost.total.variances} == {"VOLUME": D("-0.70"), "SCRAP": D("0.70")}


def test_what_has_no_rate_costs_nothing_and_is_named():
    actual = roll_up(OrderFacts(operations=["10"], material=[issue("10", "GLUE", "1")]), RateBook(RATES))
    assert [line.key for line in actual.unpriced] == ["GLUE"]
    assert actual.total == 0


def test_a_person_without_a_rate_of_their_own_has_the_general_one():
    assert RateBook(RATES).on("PERSON", "CARL", date(2026, 3, 2)).amount == D("30.00")


def test_before_the_first_known_rate_that_one_holds():
    book = RateBook(
        [rate("ITEM", "STEEL", "2.60", since=date(2026, 3, 1)), rate("ITEM", "STEEL", "2.70", since=date(2026, 4, 1))]
    )
    assert book.on("ITEM", "STEEL", date(2025, 3, 2)).amount == D("2.60")
    assert book.on("ITEM", "GLUE", date(2026, 3, 2)) is None


def test_while_an_order_runs_what_no_operation_has_taken_is_in_work():
    """10 sawn for 26.00, 4 of them drilled: 4/10 went on, 6/10 wait."""
    facts = OrderFacts(
        operations=["10", "20"],
        material=[issue("10", "STEEL", "10")],
        pieces=[reported("10", "SAW", "10"), reported("20", "DRILL", "4")],
    )
    cost = statement(facts, lines=[], done=False)
    assert (cost.good, cost.in_work) == (D("10.40"), D("15.60"))


def test_an_operation_that_nobody_reports_hands_its_cost_on():
    facts = OrderFacts(
        operations=["10", "20"],
        material=[issue("10", "STEEL", "10")],
        pieces=[reported("20", "DRILL", "9", "1")],
    )
    cost = statement(facts, lines=[])
    assert (cost.good, cost.scrap) == (D("23.40"), D("2.60"))


def test_cents_that_do_not_divide_go_to_the_largest_remainder():
    assert share_out(100, [Fraction(1, 3)] * 3) == [34, 33, 33]
    assert share_out(-100, [Fraction(-1, 3)] * 3) == [-33, -33, -34]
    assert share_out(1, [Fraction(0), Fraction(1, 100)]) == [0, 1]
    assert to_cents(Fraction(5, 1000)) == 1
    assert to_cents(Fraction(-5, 1000)) == -1


amounts = st.fractions(min_value=-1000, max_value=1000, max_denominator=3600)


@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from(["M", "L"])), amounts, max_size=8))
def test_rounded_cells_add_up_to_the_rounded_total_and_stay_within_two_cents(cells):
    rounded = round_cells(cells)
    assert sum(rounded.values(), D(0)) * 100 == to_cents(sum(cells.values(), Fraction(0)))
    for key, amount in cells.items():
        assert abs(Fraction(rounded[key]) - amount) <= Fraction(2, 100)


quantities = st.integers(0, 50)
reports = st.lists(st.tuples(quantities, quantities, quantities), min_size=1, max_size=5)


@given(reports, st.lists(st.integers(0, 10_000), min_size=5, max_size=5), st.booleans())
def test_money_is_neither_made_nor_lost_on_its_way_through_the_routing(counts, spent, is_run):
    operations = [str(10 * (index + 1)) for index in range(len(counts))]
    own = {number: Fraction(spent[index], 7) for index, number in enumerate(operations)}
    pieces = {
        number: Pieces(good=D(good), scrap=D(scrap), rework=D(rework))
        for number, (good, scrap, rework) in zip(operations, counts, strict=True)
    }
    result = follow(
        operations, own=own, run_conversion=own if is_run else dict.fromkeys(own, Fraction(0)), pieces=pieces
    )
    went = sum(one.rework + one.scrap + one.in_work for one in result) + result[-1].passed_on
    assert went == sum(own.values())
    assert all(min(one.rework, one.scrap, one.in_work, one.passed_on) >= 0 for one in result)


@settings(max_examples=60)
@given(
    st.tuples(quantities, quantities, quantities),
    st.tuples(quantities, quantities, quantities),
    st.integers(-20, 200),
    st.integers(0, 30_000),
    st.integers(1, 300),
    st.booleans(),
)
def test_variances_add_up_to_the_difference_to_the_cent_whatever_happened(
    first, second, issued, seconds, quantity, done
):
    minutes = (D(seconds) / 60).quantize(D("0.000001"))
    facts = OrderFacts(
        operations=["10", "20"],
        material=[issue("10", "STEEL", str(issued)), issue("20", "PAINT", "3")],
        labor=[worked("10", "ANNA", "RUN", str(minutes))],
        machine=[worked("20", "DRILL", "SETUP", str(minutes))],
        pieces=[reported("10", "SAW", *map(str, first)), reported("20", "DRILL", *map(str, second))],
    )
    cost = statement(facts, rates=[*RATES, rate("ITEM", "PAINT", "1.333333")], quantity=str(quantity), done=done)
    for figure in [*cost.cells.values(), cost.total]:
        assert sum((one.amount for one in figure.variances), D(0)) == figure.actual - figure.planned
    assert cost.good + cost.scrap + cost.rework + cost.in_work == cost.total.actual
    assert cost.total.actual == sum(cost.posting()[element] for element in ("material", "labor", "machine"))


@pytest.mark.parametrize("seconds", [1, 59, 3600, 86_399])
def test_cut_time_adds_up_however_many_rates_held(seconds):
    book = RateBook([rate("PERSON", "BEN", str(day), since=date(2026, 3, day)) for day in range(1, 9)])
    parts = book.cut("PERSON", "BEN", started_at=DAY, ended_at=DAY + timedelta(days=3, hours=1), seconds=seconds)
    assert sum(part for _, _, part in parts) == seconds
