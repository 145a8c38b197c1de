"""Labels say what is in the box, in every script, to eyes, browsers and printers; printed again only for a reason."""

import uuid
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mes.masterdata.rules import QuantityPrecision
from mes.material import services
from mes.material.events import LabelsPrinted
from mes.material.models import LabelPrint
from mes.material.queries import find_lots, label_of, labels_of
from mes.material.rules import Label, zpl
from tests.api.callers import problem, with_role
from tests.factories import NOW, make_item, make_lot, make_site, make_work_order
from tests.mes.execution.helpers import report, start


def label(**given_):
    return Label(**{"lot": "A-1", "item": "PART", "item_name": "Part", "quantity": "5 pcs"} | given_)


def test_zpl_has_the_words_and_both_codes():
    text = zpl(label(work_order="WO-1", expires="EXP 2026-04-01"), copies=3)
    assert text.startswith("^XA") and text.endswith("^XZ\n")
    for piece in (
        "^FDPart^FS",
        "^FDA-1^FS",
        "^FD5 pcs   WO-1^FS",
        "^BQN",
        "^FDMA,LA-1^FS",
        "^BCN",
        "^FDLA-1^FS",
        "^PQ3,",
    ):
        assert piece in text


def test_what_a_printer_would_take_for_a_command_is_only_text():
    text = zpl(label(item_name="^XZ~DG_Öl 한"), copies=1)
    assert "_5EXZ_7EDG_5F_C3_96l _ED_95_9C" in text and text.count("^XZ") == 1


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_its_field(name):
    text = zpl(label(item_name=name, lot=name or "x"), copies=1)
    assert text.isascii() and text.count("^XA") == text.count("^XZ") == 1 and "~" not in text


@pytest.fixture
def lot(db):
    item = make_item(number="PART", name="Bracket", lot_tracked=True)
    order = make_work_order(number="WO-1", item=item, operations=1)
    start(order, "10")
    report(order, "10", good=5, lot="A-1")
    made = item.lots.get()
    made.expires_at = NOW + timedelta(days=30)
    made.save()
    return made


def print_(lot, **given_):
    return services.print_labels(
        **{"print_id": uuid.uuid4(), "lot_id": lot.pk, "copies": 1, "by": "kim", "now": NOW} | given_
    )


def test_a_label_says_what_was_made_for_which_order_and_until_when(lot):
    said = label_of(lot)
    assert (said.lot, said.item, said.quantity, said.work_order) == ("A-1", "PART", "5 pcs", "WO-1")
    assert (said.made, said.expires, said.code) == ("2026-03-02", "EXP 2026-04-01", "LA-1")


def test_the_second_time_takes_a_reason_and_is_told_apart(lot, published):
    first = print_(lot, copies=2)
    assert print_(lot, print_id=first.pk).pk == first.pk
    with pytest.raises(services.ReasonNeeded, match="Say why"):
        print_(lot, reason="  ")
    print_(lot, reason="Torn off")
    assert list(LabelPrint.objects.order_by("again").values_list("again", "reason")) == [
        (False, ""),
        (True, "Torn off"),
    ]
    assert [event.again for event in published if isinstance(event, LabelsPrinted)] == [False, True]


@pytest.mark.parametrize("copies", [0, -1, 201])
def test_none_or_too_many_are_not_printed(lot, copies):
    with pytest.raises(services.CopiesWrong):
        print_(lot, copies=copies)


def test_the_page_prints_shows_what_was_printed_and_asks_why_the_second_time(lot):
    operator = with_role(lot.site, "OPERATOR")
    page = operator.get("/labels/?item=PART&lot=A-1").content.decode()
    assert "Bracket" in page and "<svg" in page and "No label of this lot was printed yet." in page
    given_ = {"item": "PART", "lot": "A-1", "copies": "2", "print_id": str(uuid.uuid4())}
    sheet = operator.post("/labels/", given_ | {"form": "sheet"}, follow=True).content.decode()
    assert sheet.count('class="label"') == 2
    refused = operator.post("/labels/", given_ | {"print_id": str(uuid.uuid4())})
    assert refused.status_code == 422 and "Say why you need others" in refused.content.decode()
    text = operator.post(
        "/labels/", given_ | {"print_id": str(uuid.uuid4()), "reason": "Torn", "form": "zpl"}, follow=True
    ).content.decode()  # fmt: skip
    assert text.startswith("^XA") and "^PQ2," in text
    assert "Torn" in operator.get("/labels/?item=PART&lot=A-1").content.decode()


def test_who_may_look_may_not_print_and_another_site_sees_nothing(lot, client):
    given_ = {"item": "PART", "lot": "A-1", "copies": "1"}
    assert with_role(lot.site, "VIEWER").post("/labels/", given_).status_code == 403
    stranger = with_role(make_site(code="P2", name="Plant 2"), "OPERATOR")
    done = print_(lot)
    for address in (
        "/labels/?item=PART&lot=A-1",
        f"/labels/{done.pk}/",
        f"/labels/{done.pk}.zpl",
        f"/labels/{done.pk}.pdf",
        "/labels/?lot=%00",
    ):
        assert stranger.get(address).status_code == 404
    assert client.get("/labels/?item=PART&lot=A-1").status_code == 302


def test_over_http_a_print_station_gets_zpl_once_for_each_id(lot):
    operator = with_role(lot.site, "OPERATOR")
    body = {"print_id": str(uuid.uuid4()), "copies": 2}
    for _ in range(2):
        answer = operator.send("POST", f"/api/v1/lots/{lot.pk}/labels", body)
        assert answer.status_code == 201 and "^PQ2," in answer.json()["zpl"]
    assert LabelPrint.objects.count() == 1
    problem(
        operator.send("POST", f"/api/v1/lots/{lot.pk}/labels", {"print_id": str(uuid.uuid4())}), 422, "reason_needed"
    )
    assert [one["copies"] for one in operator.get(f"/api/v1/lots/{lot.pk}/labels").json()["items"]] == [2]


def test_what_is_scanned_from_our_label_is_the_lot_even_if_it_begins_with_l(db):
    steel = make_item(number="STEEL", lot_tracked=True)
    make_lot(item=steel, number="L-77", quantity=Decimal(5))
    found = services.usable_lot(item=steel, number="-77", now=NOW)
    assert found is not None and found.number == "L-77"


def pages(pdf):
    document = pypdfium2.PdfDocument(pdf)
    return [document[number].get_textpage().get_text_range() for number in range(len(document))]


def test_containers_are_numbered_and_say_what_is_in_each(lot):
    done = print_(lot, copies=2, each=Decimal(3))
    first, second = pages(services.draw_labels(done))
    assert "A-1" in first and "3 pcs · 1/2" in first and "3 pcs · 2/2" in second
    text = services.zpl_of(done)
    assert text.count("^XA") == 2 and "1/2" in text and "2/2" in text


def test_a_containers_code_is_its_lots_with_what_is_in_it(lot):
    done = print_(lot, copies=2, each=Decimal("3.00"))
    codes = [label.code for label in labels_of(done)]
    assert codes == ["K3-1-A-1", "K3-2-A-1"]
    assert [found.pk for found in find_lots(text=codes[1], sites=[lot.site])] == [lot.pk]
    assert "K3-2-A-1" in services.zpl_of(done)
    assert find_lots(text="K3-2-", sites=[lot.site]) == []


def test_a_container_holds_something_and_whole_pieces(lot):
    with pytest.raises(services.NothingMoved):
        print_(lot, each=Decimal(0))
    with pytest.raises(QuantityPrecision):
        print_(lot, each=Decimal("0.5"))
    assert not LabelPrint.objects.exists()


def test_a_pdf_has_a_page_of_label_size_for_each_copy(lot):
    document = pypdfium2.PdfDocument(services.draw_labels(print_(lot, copies=3)))
    assert len(document) == 3
    assert [round(side / 72 * 25.4) for side in document[2].get_size()] == [100, 50]
    text = document[0].get_textpage().get_text_range()
    for words in ("Bracket", "PART", "A-1", "5 pcs · WO-1", "2026-03-02 · EXP 2026-04-01"):
        assert words in text


def test_the_page_hands_over_a_pdf_and_draws_both_codes(lot):
    operator = with_role(lot.site, "OPERATOR")
    page = operator.get("/labels/?item=PART&lot=A-1").content.decode()
    assert 'class="qr"' in page and 'class="code128"' in page and "No font of the server" not in page
    given_ = {"item": "PART", "lot": "A-1", "copies": "2", "each": "2", "print_id": str(uuid.uuid4()), "form": "pdf"}
    answer = operator.post("/labels/", given_, follow=True)
    assert answer["Content-Type"] == "application/pdf" and len(pages(answer.content)) == 2
    sheet = operator.get(f"/labels/{given_['print_id']}/").content.decode()
    assert "1/2" in sheet and "2/2" in sheet
    refused = operator.post("/labels/", given_ | {"print_id": str(uuid.uuid4()), "each": "many"})
    assert refused.status_code == 422


def test_the_page_says_before_one_prints_what_no_font_draws(lot):
    lot.item.name = "Bracket \U0010fffd"
    lot.item.save()
    page = with_role(lot.site, "OPERATOR").get("/labels/?item=PART&lot=A-1").content.decode()
    assert "No font of the server draws" in page


def test_over_http_a_print_station_gets_a_pdf(lot):
    operator = with_role(lot.site, "OPERATOR")
    body = {"print_id": str(uuid.uuid4()), "copies": 2, "each": "2", "as_pdf": True}
    answer = operator.send("POST", f"/api/v1/lots/{lot.pk}/labels", body).json()
    assert answer["zpl"] == "" and answer["each"] == "2" and len(pages(b64decode(answer["pdf"]))) == 2
