"""A refusal is read in the language of the terminal; whoever asks for none, such as an ERP, gets English."""

import uuid

import pytest

from mes.core import live
from tests.api.callers import with_key
from tests.factories import make_item
from tests.words.floor import Floor

pytestmark = pytest.mark.django_db

OVER = {
    "en": "Order has 100 left. Supervisor can allow. Your entry is kept for the supervisor (ref ",
    "de": "Der Auftrag hat noch 100 offen. Der Schichtleiter kann es erlauben. Der Eintrag ist für den Schichtleiter",
    "es": "A la orden le quedan 100. El supervisor puede permitirlo.",
    "ko": "오더 잔량은 100입니다. 관리자가 허용할 수 있습니다.",
    "ar": "بقي في الأمر 100. يمكن للمشرف السماح.",
}
"""What services of execution refuse."""

NO_LOT = {
    "en": "Lot X-9 is not known here. Scan the label again, or have the lot received.",
    "de": "Charge X-9 ist hier nicht bekannt. Das Etikett neu scannen oder die Charge einbuchen lassen.",
    "es": "El lote X-9 no se conoce aquí. Vuelve a leer la etiqueta o haz que lo den de entrada.",
    "ko": "로트 X-9을(를) 알 수 없습니다. 라벨을 다시 스캔하거나 입고를 요청하세요.",
    "ar": "الدفعة X-9 غير معروفة هنا. امسح اللصيقة من جديد أو اطلب استلام الدفعة.",
}
"""What services of material refuse."""

PIN = {
    "en": "PIN not right. 4 tries left.",
    "de": "PIN nicht richtig. Noch 4 Versuche.",
    "es": "PIN incorrecto. Quedan 4 intentos.",
    "ko": "PIN이 틀렸습니다. 4번 남았습니다.",
    "ar": "الرمز السري غير صحيح. المحاولات المتبقية: 4.",
}

PLACES = {
    "en": "1.2345 pcs is too exact: pcs takes whole numbers only.",
    "de": "1.2345 pcs ist zu genau: Bei pcs gibt es nur ganze Zahlen.",
    "es": "1.2345 pcs es demasiado exacto: pcs solo admite números enteros.",
    "ko": "1.2345 pcs은(는) 너무 세밀합니다. pcs은(는) 정수만 가능합니다.",
    "ar": "1.2345 pcs دقيق أكثر من اللازم: pcs تقبل أعدادًا صحيحة فقط.",
}
"""What a rule refuses, which knows no language itself."""


@pytest.fixture
def floor(client):
    live.forget()
    return Floor(client)


@pytest.mark.parametrize("language", OVER)
def test_a_refusal_is_read_in_the_language_of_the_terminal(floor, language):
    said = {"Accept-Language": language}
    steel = make_item(site=floor.order.site, number="STEEL", name="Steel", lot_tracked=True)
    floor.issue("S-1", needed=steel)
    for words, tap in (
        (OVER, floor.tap("report-good", quantity="120")),
        (NO_LOT, floor.tap("issue", item="STEEL", quantity="1", lot="X-9")),
        (PLACES, floor.tap("report-good", quantity="1.2345")),
    ):
        assert words[language] in floor.post("entries", tap, **said).json()["detail"]
    wrong = floor.post("sign-on", {"number": "1007", "pin": "1111"}, **said)
    assert wrong.json()["detail"] == PIN[language]


@pytest.mark.parametrize(("asked", "read"), [({}, "en"), ({"Accept_Language": "de"}, "de")])
def test_an_erp_reads_english_unless_it_asks_otherwise(floor, asked, read):
    floor.run()
    erp = with_key(floor.order.site)
    report = {
        "report_id": str(uuid.uuid4()), "work_order": "WO-1042", "operation": "10", "good_quantity": "120",
    }  # fmt: skip
    answer = erp.send("POST", "/api/v1/reports", report, Idempotency_Key=report["report_id"], **asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "qty_over_order")
    assert OVER[read].startswith(answer.json()["detail"])
