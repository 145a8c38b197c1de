"""Whatever can be refused at a terminal is refused in its language: the code is followed from the terminal's doors."""

from django.utils.translation import gettext as _

from deploy import translations
from mes.core.errors import DomainError, InvalidInput, Words
from mes.masterdata.services.people import PinWrong
from tests.mes.terminal import refusals

NEVER_READ_THERE = {
    "erp_bridge.costing.services:_order": "a subscriber names the order that is being released, so it is there",
}
"""Refusals that stand on the way from a terminal's door, and why nobody at one ever reads them."""


def planted(number):
    if number < 0:
        raise InvalidInput(f"{number} is less than nothing.")
    if number == 0:
        raise PinWrong(_made(number))
    if number == 1:
        raise InvalidInput("One is " + "not enough.")
    _also(number)


def _made(number):
    return "None" if number else _("All saved")


def _also(number):
    words = _("All saved") if number else _("Good")
    if number == 2:
        raise InvalidInput(words % {})
    raise DomainError(Words("A text that no catalog has"))


def test_every_refusal_that_a_terminal_can_show_is_translated():
    found = refusals.refusals(refusals.reached(refusals.doors()))
    english = {refusal.place: refusal for refusal in found if not refusal.translated}

    assert len(found) > 150
    assert set(english) == set(NEVER_READ_THERE), "wrap the detail in gettext, as its neighbors are"


def test_every_text_on_the_way_is_among_those_that_are_translated():
    known = translations.texts()
    texts = refusals.texts(refusals.reached(refusals.doors()))

    assert len(texts) > 200
    assert {text: place for text, place in texts.items() if text not in known} == {}, (
        "name its file in deploy/translations.py: SOURCES"
    )


def test_what_is_planted_is_found(monkeypatch):
    monkeypatch.setattr(refusals, "OURS", (*refusals.OURS, __name__))
    functions = refusals.reached([planted])
    found = {refusal.detail: refusal.translated for refusal in refusals.refusals(functions)}

    assert found == {
        "f'{number} is less than nothing.'": False,
        "_made(number)": False,
        "'One is ' + 'not enough.'": False,
        "words % {}": True,
        "Words('A text that no catalog has')": True,
    }
    assert "A text that no catalog has" in set(refusals.texts(functions)) - set(translations.texts())
