"""What looks odd and is taken rightly, and what comes several times at once and is taken once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

from django.db import connection
from django.template import engines
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.execution import services as execution
from mes.execution.models import ProductionReport
from mes.masterdata.models import Person
from mes.material.models import MaterialMovement
from mes.terminal.models import TerminalEntry
from tests.factories import make_bom, make_item, make_routing, make_work_order
from tests.words.refused import closed_order
from tests.words.table import Row

GUESSES = 40


def double_tap(floor):
    floor.run()
    tap = floor.tap("report-good", quantity="3")
    first, second = floor.post("entries", tap), floor.post("entries", tap)
    assert first.json()["said"] == second.json()["said"] == "saved"
    assert ProductionReport.objects.get().good_quantity == 3


def german_comma(floor):
    kilo = floor.order.uom
    kilo.decimals = 3
    kilo.save()
    floor.run()
    said = floor.post("entries", floor.tap("report-good", quantity="1,5"), **{"Accept-Language": "de"}).json()["said"]
    assert (said, ProductionReport.objects.get().good_quantity) == ("gespeichert", Decimal("1.5"))


def supplier_labels(floor):
    """With FNC1, with brackets and as a link; the page reads them so too, and a lot that is typed stays what it is."""
    steel = make_item(site=floor.order.site, number="STEEL", name="Steel", lot_tracked=True)
    lots = [floor.lot(number, item=steel) for number in ("L-7", "L/8", "S9", "(Z)10")]
    labels = (
        "]C101095060001343521799123110L-7\x1d3712\x1d",
        "https://id.example.com/01/09506000134352/10/L%2F8?17=991231",
        "(01)09506000134352(21)S9",
        "(Z)10",
    )
    read = [floor.post("scan", {"text": label}).json() for label in labels[:3]]
    assert [one["lot"] for one in read] == ["L-7", "L/8", "S9"]
    assert read[1]["said"] == "Label read: lot L/8 · use by 31 Dec 1999"
    assert [one["said"] for one in read[2:]] == ["Label read: lot S9"]
    answers = [
        floor.issue(labels[2], needed=steel),
        *(floor.do("issue", quantity="5", lot=labels[3]) for _ in range(1)),
    ]
    assert [answer.json()["said"] for answer in answers] == ["saved", "saved"]
    assert [one.lot for one in MaterialMovement.objects.order_by("recorded_at")] == lots[2:]


def note_of_tags(floor):
    floor.good("1")
    note = "<script>alert(1)</script> {{7*7}} =cmd|'/c calc'!A1"
    assert floor.do("undo", report=str(ProductionReport.objects.get().pk), note=note).status_code == 200
    shown = engines["django"].from_string("{{ note }}").render({"note": note})
    assert "<script>" not in shown and "{{7*7}}" in shown
    assert ProductionReport.objects.get(reverses__isnull=False).note == note


def clock_ahead(floor):
    """Three hours, whether the terminal has noticed it (offset) or not."""
    floor.run()
    now, ahead = timezone.now(), timedelta(hours=3)
    claimed = (now + ahead).isoformat()
    for known, flag in ((None, "clock_unknown"), (-ahead // timedelta(milliseconds=1), "clock_ahead")):
        sent = {"occurred_at": claimed if known is None else now.isoformat(), "sent_at": claimed, "clock_offset": known}
        tap = floor.tap("report-good", quantity="1") | sent
        assert floor.post("entries", tap).status_code == 200
        entry = TerminalEntry.objects.get(pk=tap["id"])
        assert abs(entry.occurred_at - now) < timedelta(minutes=5)
        assert entry.clock_flag == flag
    assert ProductionReport.objects.count() == 2


def summer_time_ends(floor):
    """02:30 comes twice on the last Sunday of October: both are stored apart, and shown apart."""
    shown = []
    with timezone.override("Europe/Berlin"):
        for hour in (0, 1):
            moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            text = engines["django"].from_string("{% load lineside %}{{ moment|clock }}")
            shown.append(text.render({"moment": moment}))
    assert shown == ["02:30:00 (first)", "02:30:00 (second)"]


def replayed_after_closing(floor):
    closed_order(floor)
    entry = TerminalEntry.objects.get(state="REFUSED")
    assert entry.payload["quantity"] == "3" and "Nothing can be booked on it" in entry.said
    assert not ProductionReport.objects.exists()
    listed = floor.client.get(reverse("terminal:waiting")).content.decode()
    assert "WO-1042 was closed 21 Nov 13:55" in listed


def started_by_the_old_bill(floor):
    """It was started without network, and meanwhile the bill changed: what was released is what counts."""
    steel, brass = (
        make_item(site=floor.order.site, number=number, name=number.title()) for number in ("STEEL", "BRASS")
    )
    make_bom(item=floor.order.item, lines=[(steel, Decimal(1))], revision="A")
    order = make_work_order(item=floor.order.item, number="WO-2000", status="PLANNED", operations=0, released_at=None)
    make_routing(item=floor.order.item, steps=1)
    execution.release_work_order(work_order_id=order.pk, by="planner", now=timezone.now())
    operation = order.operations.get()
    operation.work_center = floor.center
    operation.save()
    tap = floor.tap("start", activity="RUN", operation=operation.pk)
    make_bom(item=floor.order.item, lines=[(brass, Decimal(1))], revision="B")
    assert floor.post("entries", tap).json()["said"] == "saved"
    assert [one.item for one in order.components.all()] == [steel]
    listed = floor.client.get(reverse("execution:order", args=["WO-2000"])).content.decode()
    assert "The bill has changed since the release. This order keeps the components it was released with." in listed
    refused = floor.do("issue", operation=operation.pk, item="BRASS", quantity="1").json()
    assert "WO-2000 does not need BRASS" in refused["detail"]


def at_once(floor, bodies, door):
    """Send these to the terminal's door at the same moment, each in its own thread; return the answers."""
    start, answers = Barrier(len(bodies)), []
    cookie = floor.client.cookies["sessionid"].value

    def send(body):
        other = Client()
        other.cookies["sessionid"] = cookie
        start.wait()
        while (answer := floor.post(door, body, client=other)).status_code == 503:
            pass
        answers.append(answer)
        connection.close()

    senders = [Thread(target=send, args=(body,)) for body in bodies]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answers


def forty_guesses(floor):
    answers = at_once(floor, [{"number": "1007", "pin": f"{guess:04}"} for guess in range(GUESSES)], "sign-on")
    said = sorted((answer.status_code, answer.json()["detail"]) for answer in answers)
    locked = "Locked. A supervisor unlocks it with their badge and PIN."
    left = ["PIN not right. 1 try left."] + [f"PIN not right. {n} tries left." for n in (2, 3, 4)]
    # The fifth is looked at too, and locks.
    assert said == [(422, one) for one in left] + [(423, locked)] * (GUESSES - 4)
    assert Person.objects.get(number="1007").pin_attempts == 5


def two_senders(floor):
    floor.run()
    tap = floor.tap("report-good", quantity="3")
    answers = at_once(floor, [tap, tap], "entries")
    assert [answer.json()["said"] for answer in answers] == ["saved", "saved"]
    assert ProductionReport.objects.get().good_quantity == 3


ROWS = [
    Row(5, "forty PINs at once", forty_guesses, stage="shared_floor"),
    Row(6, "double tap", double_tap),
    Row(7, "back button and sent again", double_tap),
    Row(14, "comma where people write one", german_comma),
    Row(27, "labels of suppliers", supplier_labels),
    Row(32, "tags, templates and formulas in a note", note_of_tags),
    Row(34, "a clock three hours ahead", clock_ahead),
    Row(35, "the hour that comes twice", summer_time_ends),
    Row(37, "replayed after the order was closed", replayed_after_closing),
    Row(39, "started by the bill of before", started_by_the_old_bill),
    Row(38, "two senders at once", two_senders, stage="shared_floor"),
]
