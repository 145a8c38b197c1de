"""What people read when something goes wrong at a terminal: one row for each thing that can, with its words.

The numbers are those of the list of hostile inputs that the terminal was built against. What is only decided in the page
itself (a full device, a scanner gone wild, an answer that does not come) is in tests/browser/test_words.py; PINs guessed
in parallel are in tests/mes/masterdata/test_pin_race.py.
"""

import json
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import Membership
from mes.core import live
from mes.execution.models import OrderComponent, ProductionReport
from mes.masterdata import services as masterdata
from mes.material.models import Lot
from mes.terminal.models import TerminalEntry
from tests.factories import make_item, make_person, make_reason, make_work_order

pytestmark = pytest.mark.django_db


class Floor:
    """A terminal of a running operation, with Anna signed on; ``say`` does what a row describes and returns the answer."""

    def __init__(self, client):
        self.client = client
        self.order = make_work_order(number="WO-1042")
        self.operation = self.order.operations.get(position=1)
        self.center = self.operation.work_center
        self.anna = make_person(site=self.order.site, number="1007", name="Anna Krüger")
        masterdata.set_pin(person_id=self.anna.pk, pin="2580")
        self.reason = make_reason(site=self.order.site)
        user = User.objects.create_user("device", password="x")
        Membership.objects.create(user=user, site=self.order.site, role="OPERATOR")
        client.force_login(user)

    def post(self, name, body, client=None, **headers):
        url = reverse(f"terminal:{name}", args=[self.center.code])
        return (client or self.client).post(url, json.dumps(body), content_type="application/json", headers=headers)

    def sign_on(self, **proof):
        return self.post("sign-on", proof or {"number": "1007", "pin": "2580"})

    def tap(self, action, **payload):
        return {
            "id": str(uuid.uuid4()), "action": action, "payload": {"operation": self.operation.pk} | payload,
            "occurred_at": timezone.now().isoformat(), "person": self.sign_on().json()["token"],
        }  # fmt: skip

    def do(self, action, **payload):
        return self.post("entries", self.tap(action, **payload))

    def run(self):
        assert self.do("start", activity="RUN").status_code == 200

    def good(self, quantity, **payload):
        self.run()
        return self.do("report-good", quantity=quantity, **payload)

    def lot(self, number="S-1", item=None, **given):
        steel = item or make_item(site=self.order.site, number="STEEL", name="Steel", lot_tracked=True)
        values = {"site": steel.site, "item": steel, "number": number, "quantity": 50, "created_at": timezone.now()}
        return Lot.objects.create(**values | given)

    def issue(self, lot, needed=None):
        steel = needed or make_item(site=self.order.site, number="STEEL", name="Steel", lot_tracked=True)
        OrderComponent.objects.create(
            work_order=self.order, operation=self.operation, position=9, item=steel, uom=steel.uom,
            required_quantity=20, backflush=False,
        )  # fmt: skip
        self.run()
        return self.do("issue", item=steel.number, quantity="5", lot=lot)


@pytest.fixture
def floor(client):
    live.forget()
    return Floor(client)


def revoked_badge(floor):
    masterdata.set_badge(person_id=floor.anna.pk, badge="B-7")
    masterdata.revoke_badge(person_id=floor.anna.pk, now=timezone.now())
    return floor.sign_on(badge="B-7")


def sixth_pin(floor):
    for _ in range(5):
        floor.sign_on(number="1007", pin="1111")
    return floor.sign_on(number="1007", pin="2580")


def second_start(floor):
    floor.run()
    return floor.do("start", activity="RUN")


def over_the_order(floor):
    floor.order.over_delivery_percent = Decimal(5)
    floor.order.save()
    floor.good("60")
    return floor.do("report-good", quantity="1000000000")


def closed_order(floor):
    floor.run()
    floor.order.status, floor.order.completed_at = "CLOSED", datetime(2026, 11, 21, 13, 55, tzinfo=UTC)
    floor.order.save()
    return floor.do("report-good", quantity="3")


def second_step(floor):
    step = floor.order.operations.get(position=2)
    step.work_center = floor.center
    step.save()
    return step


def scrap_above_what_came(floor):
    floor.good("3")
    step = second_step(floor)
    assert floor.do("start", activity="RUN", operation=step.pk).status_code == 200
    return floor.do("report-scrap", operation=step.pk, quantity="4", reason=floor.reason.code)


def lot_on_hold(floor):
    steel = make_item(site=floor.order.site, number="STEEL", name="Steel", lot_tracked=True)
    since = datetime(2026, 11, 12, 9, tzinfo=UTC)
    floor.lot(item=steel, status="HOLD", status_reason="QN-88", status_since=since)
    return floor.issue("S-1", needed=steel)


def lot_of_other_item(floor):
    floor.lot(item=make_item(site=floor.order.site, number="ALU", name="Aluminium", lot_tracked=True))
    return floor.issue("S-1")


def other_site(floor):
    return floor.do("start", activity="RUN", operation=make_work_order().operations.get(position=1).pk)


def comma_in_english(floor):
    return floor.good("1,500")


def stale_key(floor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="device"))
    return floor.post("entries", floor.tap("pause"), client=strict, Accept="application/json")


REFUSED = {
    # what it is: (do it, status, code, words that are read)
    "W1 unknown badge": (
        lambda f: f.sign_on(badge="nobody"), 422, "badge_unknown", "This badge is not known here. Ask your supervisor.",
    ),
    "W2 revoked badge": (revoked_badge, 422, "badge_unknown", "This badge is not known here. Ask your supervisor."),
    "W3 wrong PIN": (
        lambda f: f.sign_on(number="1007", pin="1111"), 422, "pin_wrong", "PIN not right. 4 tries left.",
    ),
    "W4 right PIN while locked": (sixth_pin, 423, "pin_locked", "Locked. A supervisor"),
    "W8 started by another tab": (second_start, 409, "already_started", "by Anna Krüger on "),
    "W11 no quantity": (lambda f: f.good(""), 422, "qty_missing", "Enter how many."),
    "W12 zero": (
        lambda f: f.good("0"), 422, "qty_zero", "Nothing to report. To stop without a quantity, use Pause.",
    ),
    "W13 negative": (
        lambda f: f.good("-5"), 422, "qty_negative",
        "Less than nothing cannot be entered. Undo the entry that was wrong.",
    ),
    "W14 comma that may part thousands": (
        comma_in_english, 422, "qty_ambiguous", "“1,500” can be read in two ways. Enter it without a comma.",
    ),
    "W15 Arabic-Indic digits": (
        lambda f: f.good("١٢"), 422, "qty_format", "“١٢” is not a number. Enter digits only.",
    ),
    "W16 above the order": (
        over_the_order, 422, "qty_over_order", "Order has 40 left (+5 %). Supervisor can allow.",
    ),
    "W16 as an exponent": (lambda f: f.good("1e9"), 422, "qty_over_order", "Order has 100 left"),
    "W17 more exact than the unit": (lambda f: f.good("1.2345"), 422, "qty_precision", "is too exact: "),
    "W18 more scrap than there was": (scrap_above_what_came, 422, "qty_over_available", "Only 3 "),
    "W19 scrap without a reason": (
        lambda f: (f.run(), f.do("report-scrap", quantity="1"))[1], 422, "reason_missing",
        "Choose why the pieces are scrap.",
    ),
    "W20 order closed meanwhile": (
        closed_order, 409, "wo_closed", "WO-1042 was closed 21 Nov 13:55. Nothing can be booked on it",
    ),
    "W21 order of another site": (other_site, 404, "wo_unknown", "This job is not at "),
    "W22 out of sequence": (
        lambda f: f.do("start", activity="RUN", operation=second_step(f).pk), 409, "op_sequence",
        "10 Step 1 is not finished",
    ),
    "W23 stop without start": (lambda f: f.do("pause"), 409, "not_started", "10 Step 1 is not running."),
    "W24 unknown lot": (
        lambda f: f.issue("<b>L9</b>"), 422, "lot_unknown", "Lot <b>L9</b> is not known here. Scan the label again",
    ),
    "W25 lot on hold": (lot_on_hold, 409, "lot_blocked", "On hold since 12 Nov (QN-88). Use another lot."),
    "W26 lot of another item": (
        lot_of_other_item, 422, "lot_wrong_item", "Lot S-1 is ALU Aluminium; needed is STEEL Steel.",
    ),
    "W29 NUL in a text": (
        lambda f: f.good("1", lot="a\x00b"), 422, "text_invalid", "The entry holds a sign that is none. Enter it again.",
    ),
    "W29 half a surrogate pair": (
        lambda f: f.good("1", lot="\ud800"), 422, "text_invalid", "The entry holds a sign that is none. Enter it again.",
    ),
    "W30 right-to-left override in a lot": (
        lambda f: f.good("1", lot="L\u202e42"), 422, "text_control",
        "This text holds a sign that cannot be seen. Scan or enter it again.",
    ),
    "W30 zero-width sign in a lot": (
        lambda f: f.good("1", lot="L\u200b42"), 422, "text_control",
        "This text holds a sign that cannot be seen. Scan or enter it again.",
    ),
    "W31 a note of 100,000 signs": (
        lambda f: (f.good("1"), f.do("undo", report=str(ProductionReport.objects.get().pk), note="x" * 100_000))[1],
        422, "note_too_long", "This text has at most 4000 signs.",
    ),
    "W40 page of the release before last": (
        lambda f: f.post("entries", f.tap("pause"), **{"X-Terminal-Version": "0"}), 426, "client_outdated",
        "This page is out of date. Reload it; what was entered here is kept.",
    ),
    "W43 stale form token": (
        stale_key, 403, "csrf_stale", "The page's key has expired. It is fetched again.",
    ),
}  # fmt: skip

NOT_KEPT = {"W1", "W2", "W3", "W4", "W29", "W40", "W43"}
"""Where there is nothing to keep, or it cannot be stored: the terminal holds on to it."""


@pytest.mark.parametrize("row", REFUSED)
def test_a_refusal_says_what_is_wrong_and_what_to_do(floor, row):
    act, status, code, words = REFUSED[row]
    answer = act(floor)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert words in problem["detail"]
    kept = row.split()[0] not in NOT_KEPT
    assert problem["kept"] is kept
    assert TerminalEntry.objects.filter(state="REFUSED").exists() is kept
    if kept:
        assert problem["detail"].endswith(f"Your entry is kept for the supervisor (ref {problem['ref']}).")


def double_tap(floor):
    floor.run()
    tap = floor.tap("report-good", quantity="3")
    first, second = floor.post("entries", tap), floor.post("entries", tap)
    assert first.json()["said"] == second.json()["said"] == "saved"
    return ProductionReport.objects.count(), 1


def german_comma(floor):
    kilo = floor.order.uom
    kilo.decimals = 3
    kilo.save()
    floor.run()
    floor.post("entries", floor.tap("report-good", quantity="1,5"), **{"Accept-Language": "de"})
    return ProductionReport.objects.get().good_quantity, Decimal("1.5")


def note_of_tags(floor):
    floor.good("1")
    note = "<script>alert(1)</script> {{7*7}} =cmd|'/c calc'!A1"
    assert floor.do("undo", report=str(ProductionReport.objects.get().pk), note=note).status_code == 200
    shown = engines["django"].from_string("{{ note }}").render({"note": note})
    assert "<script>" not in shown and "{{7*7}}" in shown
    return ProductionReport.objects.get(reverses__isnull=False).note, note


def clock_ahead(floor):
    now, ahead = timezone.now(), timedelta(hours=3)
    sent = {"occurred_at": (now + ahead).isoformat(), "sent_at": (now + ahead).isoformat(), "clock_offset": None}
    tap = floor.tap("start", activity="RUN") | sent
    assert floor.post("entries", tap).status_code == 200
    entry = TerminalEntry.objects.get(pk=tap["id"])
    assert abs(entry.occurred_at - now) < timedelta(minutes=5)
    return entry.clock_flag, "clock_unknown"


def summer_time_ends(floor):
    """02:30 comes twice on the last Sunday of October: both are stored apart, and shown apart."""
    shown = []
    with timezone.override("Europe/Berlin"):
        for hour in (0, 1):
            moment = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
            text = engines["django"].from_string("{% load lineside %}{{ moment|clock }}")
            shown.append(text.render({"moment": moment}))
    return shown, ["02:30:00 (first)", "02:30:00 (second)"]


def replayed_after_closing(floor):
    closed_order(floor)
    entry = TerminalEntry.objects.get(state="REFUSED")
    assert entry.payload["quantity"] == "3" and "Nothing can be booked on it" in entry.said
    return ProductionReport.objects.count(), 0


ACCEPTED = {
    "W6 double tap": double_tap,
    "W7 back button and sent again": double_tap,
    "W14 comma where people write one": german_comma,
    "W32 tags, templates and formulas in a note": note_of_tags,
    "W34 a clock three hours ahead": clock_ahead,
    "W35 the hour that comes twice": summer_time_ends,
    "W37 replayed after the order was closed": replayed_after_closing,
}


@pytest.mark.parametrize("row", ACCEPTED)
def test_what_looks_odd_is_taken_rightly(floor, row):
    found, wanted = ACCEPTED[row](floor)
    assert found == wanted


@pytest.mark.django_db(transaction=True)
def test_w38_two_senders_at_once_book_one_fact(floor):
    from threading import Barrier, Thread  # noqa: PLC0415 - only here

    from django.db import connection  # noqa: PLC0415

    floor.run()
    tap, start, statuses = floor.tap("report-good", quantity="3"), Barrier(2), []
    cookie = floor.client.cookies["sessionid"].value

    def send():
        other = Client()
        other.cookies["sessionid"] = cookie
        start.wait()
        while (answer := floor.post("entries", tap, client=other)).status_code == 503:
            pass
        statuses.append(answer.status_code)
        connection.close()

    senders = [Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert (statuses, ProductionReport.objects.count()) == ([200, 200], 1)
