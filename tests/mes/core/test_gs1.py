"""What stands on suppliers' labels is read as GS1 writes it; what breaks its rules is refused by the field at fault."""

from datetime import date

import pytest

from mes.core import gs1

TODAY = date(2026, 11, 21)
GTIN = "09506000134352"

READ = {
    "element string with FNC1": (f"]C101{GTIN}1727013110L-7\x1d21S9", "L-7", date(2027, 1, 31)),
    "FNC1 first and no symbology": (f"\x1d01{GTIN}10L-7", "L-7", None),
    "FNC1 after a field of fixed length too": (f"]d201{GTIN}\x1d17270131\x1d10L-7\x1d", "L-7", date(2027, 1, 31)),
    "brackets": (f"(01){GTIN}(10)L-7(17)270131", "L-7", date(2027, 1, 31)),
    "brackets within a value": (f"(01){GTIN}(10)A(1)B", "A(1)B", None),
    "Digital Link": (f"https://id.example.com/goods/01/{GTIN}/10/L%2F7?17=270131&lang=de", "L/7", date(2027, 1, 31)),
    "a serial number where there is no lot": (f"]d201{GTIN}21S9", "S9", None),
    "weight, count and inner fields": (f"]e001{GTIN}310300150037" + "12\x1d10L-7\x1d91inner", "L-7", None),
    "day 00 is the month's last": ("]C11728020010L-7", "L-7", date(2028, 2, 29)),
    "day 00 of December": ("]C11726120010L-7", "L-7", date(2026, 12, 31)),
    "a year of the century before": ("]C11799013110L-7", "L-7", date(1999, 1, 31)),
}


@pytest.mark.parametrize("row", READ)
def test_a_label_is_read(row):
    text, lot, expires_on = READ[row]
    assert gs1.is_gs1(text)
    label = gs1.read(text, today=TODAY)
    assert (label.lot, label.expires_on) == (lot, expires_on)


def test_every_field_is_kept_as_it_is_written():
    fields = gs1.read(f"]C101{GTIN}3103001500{'37'}12\x1d10L-7", today=TODAY).fields
    assert fields == {"01": GTIN, "3103": "001500", "37": "12", "10": "L-7"}


REFUSED = {
    "an AI that is none": ("]C1059012", "0590", "unknown"),
    "an AI that is none in brackets": ("(05)9012", "05", "unknown"),
    "too short for its AI": ("]C1010950600013", "01", "length"),
    "a lot that is too long": ("]C110" + "A" * 21, "10", "length"),
    "an empty field": ("(10)(21)S9", "10", "length"),
    "letters where digits must be": (f"(01){GTIN[:-1]}X", "01", "signs"),
    "a sign that no field may hold": ("(10)L\u202e7", "10", "signs"),
    "a wrong check digit": (f"]C101{GTIN[:-1]}3", "01", "check"),
    "a month that is none": ("]C117261300", "17", "date"),
    "a day that is none": ("]C117260231", "17", "date"),
    "two lots": ("(10)A(10)B", "10", "twice"),
    "a link that breaks off": (f"https://id.example.com/01/{GTIN}/10", "10", "end"),
}


@pytest.mark.parametrize("row", REFUSED)
def test_what_breaks_the_rules_is_refused_by_its_field(row):
    text, ai, why = REFUSED[row]
    with pytest.raises(gs1.NotGs1) as refusal:
        gs1.read(text, today=TODAY)
    assert (refusal.value.ai, refusal.value.why) == (ai, why)


@pytest.mark.parametrize("text", ["L-7", "WO-1042", "J00000012", "P0123456789AB", "https://example.com/a/01", "0112"])
def test_what_is_not_marked_is_none_of_gs1s(text):
    assert not gs1.is_gs1(text)


def test_the_check_digit_is_that_of_the_specification():
    assert gs1.check_digit("629104150021") == 3
