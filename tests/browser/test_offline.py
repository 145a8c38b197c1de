"""Twenty minutes without network: fifty things are done, and afterwards each is there once, in order, under the right name."""

import json
import os
import re
import uuid
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from mes.execution import services as floor
from mes.execution.models import Operation, ProductionReport
from mes.masterdata import services as masterdata
from mes.masterdata.models import Person
from mes.terminal.models import TerminalEntry
from tests.browser.conftest import FLAGS, PATIENCE, until
from tests.browser.network import PASS, REFUSE, Network, flapping
from tests.factories import make_person, make_work_order

pytestmark = pytest.mark.browser

ANNA, MAREK = "1007", "1012"
MINUTES = float(os.environ.get("LINESIDE_OFFLINE_MINUTES", "0"))
"""How long the fifty actions take by the clock on the wall: nothing depends on it, and 20 shows that."""
INSECURE = "--host-resolver-rules=MAP shop.test 127.0.0.1"
"""Under this name browsers see plain http: no service worker, no locks between tabs, no reload without network."""


@pytest.fixture
def network(live_server):
    between = Network(live_server.url)
    yield between
    between.close()


@pytest.fixture
def shop(plant):
    """Three jobs that run at one work center; Anna and Marek have badges."""

    class Shop:
        person = {ANNA: "Anna Krüger", MAREK: "Marek"}
        jobs: dict[str, Operation] = {}

    first = plant.operations.get(position=1)
    marek = make_person(site=plant.site, number=MAREK, name="Marek")
    masterdata.set_badge(person_id=marek.pk, badge="M77X")
    for name, order in (
        ("A", plant),
        ("B", make_work_order(site=plant.site, number="WO-1043", order_quantity=Decimal(500))),
        ("C", make_work_order(site=plant.site, number="WO-1044", order_quantity=Decimal(500))),
    ):
        operation = order.operations.get(position=1)
        operation.work_center = first.work_center
        operation.save()
        now = timezone.now()
        floor.start_operation(operation_id=operation.pk, person=None, occurred_at=now - timedelta(hours=1), now=now)
        Shop.jobs[name] = operation
    Shop.center = first.work_center
    return Shop


class Tablet:
    """A browser with a profile on disk: what is closed and started again is the same tablet."""

    def __init__(self, playwright, chromium, folder, origin, session):
        self.playwright, self.chromium, self.folder, self.origin = playwright, chromium, folder, origin
        self.session = session
        self.complaints = []
        self.switch_on()

    def switch_on(self):
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=self.chromium,
            args=[*FLAGS, INSECURE],
            viewport={"width": 1280, "height": 800},
        )
        self.context.set_default_timeout(PATIENCE)
        self.context.add_cookies([{"name": "sessionid", "value": self.session, "url": self.origin}])

    def open(self, path):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self.origin + path)
        expect(page.locator("#panel-job .job-item")).to_be_visible()
        return page

    def restart(self):
        self.context.close()
        self.switch_on()

    def entries(self, page):
        return page.evaluate("async () => await window.lineside.outbox.all()")


@pytest.fixture
def tablet_at(playwright, chromium, tmp_path, shop, client):
    """Make a tablet that reaches the server under an origin."""
    made = []

    def make(origin):
        client.force_login(User.objects.get(username="device"))
        made.append(
            Tablet(playwright, chromium, tmp_path / f"profile-{len(made)}", origin, client.cookies["sessionid"].value)
        )
        return made[-1]

    yield make
    for tablet in made:
        tablet.context.close()
        assert tablet.complaints == []


@pytest.fixture
def tablet(tablet_at, network):
    """This machine's own address counts as safe to browsers, as https does."""
    return tablet_at(network.url)


class Shift:
    """Does things at a terminal and writes them down, as somebody would who stands beside it with a pencil."""

    def __init__(self, shop):
        self.shop = shop
        self.written = []

    def look_at(self, page, job):
        operation = self.shop.jobs[job]
        page.click(f"#next-{operation.pk}")
        expect(page.locator(f".pad[data-lane='{operation.pk}']")).to_be_visible()

    def be(self, page, number):
        page.click("#operator")
        row = page.locator("#people-here [data-use]").filter(has_text=number)
        row.click()
        expect(page.locator("[data-operator-name]")).to_have_text(self.shop.person[number])

    def good(self, page, job, number, times=1):
        for _ in range(times):
            self._count(page, lambda: page.click("#pad-1"))
            self.written.append((job, number, "good"))

    def scrap(self, page, job, number, reason="BURR"):
        page.click("#pad-4")
        self._count(page, lambda: page.click(f"#sheet-scrap button[value={reason}]"))
        self.written.append((job, number, "scrap"))

    def _count(self, page, act):
        """Do it, and wait until it is on the tablet's disk: that is all that a tap promises."""
        before = page.evaluate("async () => (await window.lineside.outbox.all()).length")
        act()
        until(page, "async (n) => (await window.lineside.outbox.all()).length > n", before)
        page.wait_for_timeout(MINUTES * 60_000 / 50)


def scan(page, text):
    page.evaluate(
        """(text) => {
            const send = (code, key) => document.activeElement.dispatchEvent(
                new KeyboardEvent('keydown', {code, key, shiftKey: /[A-Z]/.test(key) && key.length === 1, bubbles: true, cancelable: true}));
            for (const sign of text) { send(/[A-Z]/.test(sign) ? 'Key' + sign : 'Digit' + sign, sign); }
            send('Enter', 'Enter');
        }""",
        text,
    )


def ready_for_the_dark(page, shop):
    """Both people sign on, and everything that is needed without network is on the tablet."""
    for badge, number in (("M77X", MAREK), ("P1007X", ANNA)):
        scan(page, badge)
        expect(page.locator("[data-operator-name]")).to_have_text(shop.person[number])
    assert page.evaluate("async () => await window.lineside.installed")
    keys = [f"panels/{shop.center.code}/{operation.pk}" for operation in shop.jobs.values()]
    until(
        page,
        "async (keys) => { for (const key of keys) { if (!(await window.lineside.outbox.kept(key))) return false; } return true; }",
        keys,
    )


def nothing_left_to_send(page):
    until(
        page,
        "async () => (await window.lineside.outbox.all()).every((one) => one.state === 'refused')",
        patience=4 * PATIENCE,
    )


def booked(shop):
    """What the server has, per job in the order in which it happened: (person, what, quantity)."""
    found = {}
    for name, operation in shop.jobs.items():
        reports = ProductionReport.objects.filter(operation=operation).select_related("person")
        found[name] = [
            (one.person.number, "good" if one.good_quantity else "scrap", one.good_quantity + one.scrap_quantity)
            for one in reports.order_by("occurred_at", "recorded_at")
        ]
    return found


def complaints_of(shop, written, sent):
    """Return what is wrong with the server's facts, against what was written down and what the tablet had stored."""
    wrong = []
    facts = booked(shop)
    for job in ("A", "B"):
        wanted = [(number, what, 1) for name, number, what in written if name == job]
        if facts[job] != wanted:
            wrong.append(f"{job}: {len(facts[job])} booked, {len(wanted)} done: {facts[job]} instead of {wanted}")
    if facts["C"]:
        wrong.append(f"C was closed, and has {facts['C']}")
    kept = {str(one.pk): one for one in TerminalEntry.objects.filter(action__startswith="report")}
    if len(kept) != len(written):
        wrong.append(f"{len(kept)} entries on the server, {len(written)} were made")
    if missing := [one["id"] for one in sent if one["id"] not in kept]:
        wrong.append(f"the server never heard of {missing}")
    states = Counter(one.state for one in kept.values())
    closed = [one for one in written if one[0] == "C"]
    if states != {"SAVED": len(written) - len(closed), "REFUSED": len(closed)}:
        wrong.append(f"states are {dict(states)}, {len(closed)} should wait for the supervisor")
    for one in sent:
        entry = kept.get(one["id"])
        if entry and (entry.payload, entry.label) != (one["payload"], one["said"]):
            wrong.append(f"{one['id']} lost its contents: {entry.payload} {entry.label}")
    return wrong


@pytest.mark.timeout(600 + 2 * 60 * MINUTES)
def test_fifty_actions_without_network_are_fifty_facts(tablet, network, shop, client):
    page = tablet.open(f"/t/{shop.center.code}/?job={shop.jobs['A'].pk}")
    ready_for_the_dark(page, shop)
    network.up = False
    shift = Shift(shop)

    shift.good(page, "A", ANNA, times=8)
    shift.scrap(page, "A", ANNA)
    shift.be(page, MAREK)
    shift.good(page, "A", MAREK, times=3)
    shift.look_at(page, "B")
    shift.good(page, "B", MAREK, times=6)
    shift.scrap(page, "B", MAREK, reason="DIM")
    expect(page.locator("[data-pill]")).to_contain_text("19 waiting since")
    page.close()

    # The tab was closed: the page comes from the tablet's own store.
    page = tablet.open(f"/t/{shop.center.code}/")
    shift.look_at(page, "C")
    shift.good(page, "C", MAREK, times=5)
    shift.be(page, ANNA)
    shift.good(page, "C", ANNA, times=2)
    expect(page.locator("[data-pill]")).to_contain_text("26 waiting since")

    # Meanwhile somebody in the office closes the third order.
    order = shop.jobs["C"].work_order
    operation = Operation.objects.get(pk=shop.jobs["C"].pk)
    now = timezone.now()
    floor.pause_operation(operation_id=operation.pk, person=None, occurred_at=now, now=now)
    floor.complete_work_order(
        work_order_id=order.pk, by="planner", now=now, approved_by=Person.objects.get(number=ANNA)
    )

    tablet.restart()
    page = tablet.open(f"/t/{shop.center.code}/")
    expect(page.locator("[data-operator-name]")).to_have_text(shop.person[ANNA])
    expect(page.locator("[data-pill]")).to_contain_text("26 waiting since")
    shift.look_at(page, "A")
    shift.good(page, "A", ANNA, times=8)

    second = tablet.open(f"/t/{shop.center.code}/")
    shift.look_at(second, "B")
    shift.good(second, "B", ANNA, times=6)
    shift.good(page, "A", ANNA, times=4)
    shift.be(second, MAREK)
    shift.good(second, "B", MAREK, times=5)
    shift.scrap(second, "B", MAREK)
    assert len(shift.written) == 50
    sent = tablet.entries(page)
    assert len({one["id"] for one in sent}) == 50

    network.behave = flapping()
    network.up = True
    nothing_left_to_send(page)
    nothing_left_to_send(second)
    assert network.lost > 5
    assert complaints_of(shop, shift.written, sent) == []

    # Those for the closed order are on the tablet with the reason, and on the supervisor's list, oldest first.
    expect(page.locator("[data-pill]")).to_have_text("7 needs attention")
    client.force_login(User.objects.get(username="lead"))
    # What the page says, not what it was drawn from: the server of the tablets draws in this process, too.
    shown = client.get("/entries/").content.decode()
    listed = list(dict.fromkeys(re.findall(r"/entries/([0-9a-f-]{36})/", shown)))
    assert listed == [one["id"] for one in sent if one["payload"]["operation"] == operation.pk]
    assert shown.count("was completed") == len(listed)


def test_without_the_id_the_same_evening_is_booked_wrong(tablet, network, shop):
    """The control: where each try gets an id of its own, what is lost on the way back is booked twice, and is noticed."""
    page = tablet.open(f"/t/{shop.center.code}/?job={shop.jobs['A'].pk}")
    ready_for_the_dark(page, shop)
    network.up = False
    shift = Shift(shop)
    shift.good(page, "A", ANNA, times=8)
    sent = tablet.entries(page)

    def forget_the_id(path, body):
        return json.dumps(json.loads(body) | {"id": str(uuid.uuid4())}).encode() if path.endswith("/entries") else body

    network.change_body = forget_the_id
    network.behave = flapping()
    network.up = True
    nothing_left_to_send(page)
    assert network.lost > 1
    wrong = complaints_of(shop, shift.written, sent)
    assert any(one.startswith("A: ") for one in wrong), wrong
    assert len(booked(shop)["A"]) > 8


def test_on_plain_http_the_queue_survives_a_restart_and_two_tabs_send_each_entry_once(tablet_at, network, shop):
    tablet = tablet_at(network.url.replace("127.0.0.1", "shop.test"))
    page = tablet.open(f"/t/{shop.center.code}/?job={shop.jobs['A'].pk}")
    assert page.evaluate("[isSecureContext, !!navigator.serviceWorker, !!navigator.locks]") == [False, False, False]
    scan(page, "P1007X")
    expect(page.locator("[data-operator-name]")).to_have_text(shop.person[ANNA])
    network.behave = lambda path: REFUSE if path.endswith("/entries") else PASS
    shift = Shift(shop)
    shift.good(page, "A", ANNA, times=3)
    tablet.restart()
    page = tablet.open(f"/t/{shop.center.code}/?job={shop.jobs['A'].pk}")
    expect(page.locator("[data-pill]")).to_contain_text("3 waiting since")
    second = tablet.open(f"/t/{shop.center.code}/?job={shop.jobs['A'].pk}")
    shift.good(page, "A", ANNA, times=2)
    shift.good(second, "A", ANNA, times=2)
    network.behave = flapping()
    nothing_left_to_send(page)
    nothing_left_to_send(second)
    assert booked(shop)["A"] == [(ANNA, "good", 1)] * 7
    assert TerminalEntry.objects.filter(action="report-good").count() == 7
