"""What is refused, and in which words."""

from datetime import UTC, datetime
from decimal import Decimal

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mes.access.models import FloorRole
from mes.documents.models import StoredFile
from mes.execution.models import ProductionReport
from mes.journal.models import JournalEntry
from mes.masterdata import services as masterdata
from mes.material.models import MaterialMovement
from mes.terminal.models import TerminalEntry
from tests.factories import make_item, make_work_order
from tests.mes.documents.helpers import huge_png, picture
from tests.words.table import Row, refused


def revoked_badge(floor):
    masterdata.set_badge(person_id=floor.anna.pk, badge="B-7")
    masterdata.revoke_badge(person_id=floor.anna.pk, now=timezone.now())
    return floor.sign_on(badge="B-7")


def audited(row):
    """The same row, after which the audit tells what the floor is not told: the badge was revoked, and whose."""

    def check(floor):
        row.act(floor)
        noted = JournalEntry.objects.get(kind="BadgeRefused")
        assert (noted.data["why"], noted.subject, noted.data["place"]) == ("badge_revoked", "1007", floor.center.code)

    return Row(row.number, row.what, check)


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


def long_note(floor):
    floor.good("1")
    return floor.do("undo", report=str(ProductionReport.objects.get().pk), note="x" * 100_000)


def other_site(floor):
    return floor.do("start", activity="RUN", operation=make_work_order().operations.get(position=1).pk)


def comma_in_english(floor):
    return floor.good("1,500")


def supplier_lot(floor, label):
    """Issue what a supplier's label is on, of which lot L-7 is here."""
    steel = make_item(site=floor.order.site, number="STEEL", name="Steel", lot_tracked=True)
    floor.lot("L-7", item=steel)
    return floor.issue(label, needed=steel)


def hexed(row, expected):
    """The same row, after which the supervisor reads byte by byte what was scanned."""

    def check(floor):
        row.act(floor)
        entry = TerminalEntry.objects.get(state="REFUSED")
        page = floor.client.get(reverse("terminal:entry", args=[entry.pk])).content.decode()
        assert f"<code>{expected}</code>" in page

    return Row(row.number, row.what, check)


def own_signature(floor):
    """Anna may allow more than was ordered, and she has entered it herself."""
    FloorRole.objects.create(person=floor.anna, role="SUPERVISOR")
    floor.run()
    tap = floor.tap("report-good", quantity="120")
    leave = floor.step_up(tap["id"], number="1007", pin="2580").json()["leave"]
    return floor.post("entries", tap | {"leave": leave})


def nothing_booked(row):
    """The same row, after which no piece and no material has moved."""

    def check(floor):
        row.act(floor)
        assert not ProductionReport.objects.exists() and not MaterialMovement.objects.exists()

    return Row(row.number, row.what, check)


def unstored(row):
    """The same row, after which no file is kept."""

    def check(floor):
        row.act(floor)
        assert not StoredFile.objects.exists()

    return Row(row.number, row.what, check)


def scanned(text):
    return lambda floor: floor.post("scan", {"text": text})


def stale_key(floor):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="device"))
    return floor.post("entries", floor.tap("pause"), client=strict, Accept="application/json")


ROWS = [
    refused(
        1, "unknown badge", lambda f: f.sign_on(badge="nobody"),
        422, "badge_unknown", "This badge is not known here. Ask your supervisor.", kept=False,
    ),
    audited(
        refused(
            2, "revoked badge", revoked_badge,
            422, "badge_unknown", "This badge is not known here. Ask your supervisor.", kept=False,
        )
    ),
    refused(
        3, "wrong PIN", lambda f: f.sign_on(number="1007", pin="1111"),
        422, "pin_wrong", "PIN not right. 4 tries left.", kept=False,
    ),
    refused(4, "right PIN while locked", sixth_pin, 423, "pin_locked", "Locked. A supervisor", kept=False),
    refused(8, "started by another tab", second_start, 409, "already_started", "by Anna Krüger on "),
    refused(11, "no quantity", lambda f: f.good(""), 422, "qty_missing", "Enter how many."),
    refused(
        12, "zero", lambda f: f.good("0"), 422, "qty_zero", "Nothing to report. To stop without a quantity, use Pause.",
    ),
    refused(
        13, "negative", lambda f: f.good("-5"), 422, "qty_negative",
        "Less than nothing cannot be entered. Undo the entry that was wrong.",
    ),
    refused(
        14, "comma that may part thousands", comma_in_english,
        422, "qty_ambiguous", "“1,500” can be read in two ways. Enter it without a comma.",
    ),
    refused(
        15, "Arabic-Indic digits", lambda f: f.good("١٢"),
        422, "qty_format", "“١٢” is not a number. Enter digits only.",
    ),
    refused(
        16, "above the order", over_the_order, 422, "qty_over_order", "Order has 40 left (+5 %). Supervisor can allow.",
    ),
    refused(16, "as an exponent", lambda f: f.good("1e9"), 422, "qty_over_order", "Order has 100 left"),
    refused(17, "more exact than the unit", lambda f: f.good("1.2345"), 422, "qty_precision", "is too exact: "),
    refused(18, "more scrap than there was", scrap_above_what_came, 422, "qty_over_available", "Only 3 "),
    refused(
        19, "scrap without a reason", lambda f: (f.run(), f.do("report-scrap", quantity="1"))[1], 422, "reason_missing",
        "Choose why the pieces are scrap.",
    ),
    refused(
        20, "order closed meanwhile", closed_order,
        409, "wo_closed", "WO-1042 was closed 21 Nov 13:55. Nothing can be booked on it",
    ),
    refused(21, "order of another site", other_site, 404, "wo_unknown", "This job is not at "),
    refused(
        22, "out of sequence", lambda f: f.do("start", activity="RUN", operation=second_step(f).pk), 409, "op_sequence",
        "10 Step 1 is not finished",
    ),
    refused(23, "stop without start", lambda f: f.do("pause"), 409, "not_started", "10 Step 1 is not running."),
    refused(
        24, "unknown lot", lambda f: f.issue("<b>L9</b>"),
        422, "lot_unknown", "Lot <b>L9</b> is not known here. Scan the label again",
    ),
    refused(
        25, "lot on hold", lot_on_hold, 409, "lot_blocked", "On hold since 12 Nov (QN-88). Use another lot.",
    ),
    refused(
        26, "lot of another item", lot_of_other_item,
        422, "lot_wrong_item", "Lot S-1 is ALU Aluminium; needed is STEEL Steel.",
    ),
    refused(
        29, "NUL in a text", lambda f: f.good("1", lot="a\x00b"),
        422, "text_invalid", "The entry holds a sign that is none. Enter it again.", kept=False,
    ),
    refused(
        29, "half a surrogate pair", lambda f: f.good("1", lot="\ud800"),
        422, "text_invalid", "The entry holds a sign that is none. Enter it again.", kept=False,
    ),
    refused(
        30, "right-to-left override in a lot", lambda f: f.good("1", lot="L\u202e42"), 422, "text_control",
        "This text holds a sign that cannot be seen. Scan or enter it again.",
    ),
    refused(
        30, "zero-width sign in a lot", lambda f: f.good("1", lot="L\u200b42"), 422, "text_control",
        "This text holds a sign that cannot be seen. Scan or enter it again.",
    ),
    refused(
        31, "a note of 100,000 signs", long_note,
        422, "note_too_long", "This text has at most 4000 signs.",
    ),
    unstored(
        refused(
            33, "photo of 50 MB", lambda f: f.hand_in(picture(), CONTENT_LENGTH=str(50 * 2**20)),
            413, "file_too_large", "This file is too large: at most 15 MB.", kept=False,
        )
    ),
    unstored(
        refused(
            33, "program that is called photo.jpg", lambda f: f.hand_in(b"MZ\x90\x00" + b"\x00" * 60),
            415, "file_type", "This is no photo. Take a photo, or choose a JPEG, PNG or WebP file.", kept=False,
        )
    ),
    unstored(
        refused(
            33, "photo of 60,000 by 60,000 pixels", lambda f: f.hand_in(huge_png()),
            422, "image_too_large", "This picture has too many pixels: at most 40 million.", kept=False,
        )
    ),
    refused(
        40, "page of the release before last", lambda f: f.post("entries", f.tap("pause"), **{"X-Terminal-Version": "0"}),
        426, "client_outdated",
        "This page is out of date. Reload it; what was entered here is kept.", kept=False,
    ),
    refused(
        43, "stale form token", stale_key,
        403, "csrf_stale", "The page's key has expired. It is fetched again.", kept=False,
    ),
    *(
        nothing_booked(
            refused(27, what, lambda f, label=label: supplier_lot(f, label), 422, "barcode_format", words)
        )
        for what, label, words in (
            ("label with a field that is none", "]C1059012", "The label has a field (0590) that GS1 does not know."),
            ("label with a wrong check digit", "(01)09506000134353(10)L-7", "Field (01) of the label is not written"),
            ("label without a lot", "(01)09506000134352", "The label names no lot and no serial number."),
        )
    ),
    hexed(
        refused(
            27, "label with FNC1 that cannot be read, kept as it was scanned",
            lambda f: supplier_lot(f, "]C110L-7\x1d059012"), 422, "barcode_format", "Scan it again, or enter the lot.",
        ),
        "5d 43 31 31 30 4c 2d 37 1d 30 35 39 30 31 32",
    ),
    nothing_booked(
        refused(
            27, "label that was in date once", lambda f: supplier_lot(f, "(17)200131(10)L-7"), 409, "lot_blocked",
            "Lot L-7: by its label it had to be used by 31 Jan 2020. Use another lot.",
        )
    ),
    refused(
        28, "more than a label holds", scanned("A" * 4096), 422, "barcode_too_long",
        "This was too much to be a code. Scan it again.", kept=False,
    ),
    nothing_booked(
        refused(
            41, "second signature by the same person", own_signature, 409, "second_person_required",
            "Anna Krüger entered this, so somebody else must allow it.",
        )
    ),
    refused(
        42, "signature with the PIN alone", lambda f: (f.sign_on(), f.step_up("x", pin="2580"))[1],
        422, "reauth_required", "Scan your badge or enter your number, and your PIN too.", kept=False,
    ),
    refused(
        42, "signature without the PIN", lambda f: (f.sign_on(), f.step_up("x", number="1007"))[1],
        422, "reauth_required", "Enter your PIN too.", kept=False,
    ),
]  # fmt: skip
