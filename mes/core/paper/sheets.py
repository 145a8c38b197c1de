"""Sheets of A4 that are cut or laminated: cards with a code each."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mes.core.paper.drawing import Paper

A4_WIDTH, A4_HEIGHT = 210, 297
MARGIN = 14
COLUMNS, ROWS = 3, 4
CARD_WIDTH, CARD_HEIGHT = 60, 62
FIRST_ROW = 30


@dataclass(frozen=True)
class Card:
    """One card: what is scanned, what people read in bold, and a line below it."""

    code: str
    name: str
    note: str = ""


def a4(title: str) -> Paper:
    """Return an empty sheet with its title at the top."""
    paper = Paper(width=A4_WIDTH, height=A4_HEIGHT, title=title)
    head(paper, title)
    return paper


def head(paper: Paper, title: str) -> None:
    """Write the title at the top of a page."""
    paper.text(MARGIN, 20, title, size=18, width=A4_WIDTH - 2 * MARGIN, bold=True)


def code_cards(title: str, cards: Iterable[Card]) -> bytes:
    """Return a PDF of cards to cut along their frames, twelve on a page."""
    paper = a4(title)
    for index, card in enumerate(cards):
        place = index % (COLUMNS * ROWS)
        if index and place == 0:
            _confess(paper)
            paper.next_page()
            head(paper, title)
        x, y = MARGIN + place % COLUMNS * CARD_WIDTH, FIRST_ROW + place // COLUMNS * CARD_HEIGHT
        paper.frame(x, y, CARD_WIDTH, CARD_HEIGHT)
        paper.qr(x + 11, y + 5, card.code, side=CARD_WIDTH - 22)
        paper.text(x + 3, y + 50, card.name, size=13, width=CARD_WIDTH - 6, bold=True, center=True)
        paper.text(x + 3, y + 57, card.note, size=9, width=CARD_WIDTH - 6, center=True)
    return finish(paper)


def finish(paper: Paper) -> bytes:
    """Return the PDF of an A4 sheet, having said at the foot what no font could draw."""
    _confess(paper)
    return paper.done()


def _confess(paper: Paper) -> None:
    if paper.missing:
        words = _("Boxes stand for signs that no font of the server has.")
        paper.text(MARGIN, A4_HEIGHT - 8, words, size=8, width=A4_WIDTH - 2 * MARGIN)
