"""PDFs say what was meant: every script in its order, codes that scanners read, and a box where no font has the sign."""

import pypdfium2
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from mes.core.paper import Card, Paper, code128_bars, code_cards, fonts, qr_rows, undrawable, visual

CODES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40)


def pages(pdf):
    document = pypdfium2.PdfDocument(pdf)
    return [document[number].get_textpage().get_text_range() for number in range(len(document))]


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Gehäuse 밸브 12", "Gehäuse 밸브 12"),
        ("abc שלום 12.5 x", "abc 12.5 םולש x"),
        ("שלום (12) x", "x (12) םולש"),
        ("שלום 20%", "20% םולש"),
    ],
)
def test_words_stand_in_the_order_in_which_they_are_read(text, drawn):
    assert visual(text) == drawn


def test_arabic_letters_are_joined_as_their_neighbors_ask():
    assert visual("ببب") == "\ufe90\ufe92\ufe91"  # final, medial, initial: drawn from the left
    assert visual("لا") == "\ufefb" and visual("بلا") == "\ufefc\ufe91"  # lam and alef are one sign
    assert visual("دب") == "\ufe8f\ufea9"  # dal does not join to its left
    assert visual("ب") == "\ufe8f"
    assert visual("بَب") == "\ufe90\ufe91\u064e"  # a vowel between two letters does not part them


@given(st.text(max_size=40))
def test_no_text_is_lost_or_stops_the_printer(text):
    signs = visual(text)
    assert len(signs) <= len(text) and (not text.isascii() or signs == text)
    paper = Paper(width=100, height=50, title=text)
    paper.text(5, 10, text, size=12, width=60)
    assert paper.done().startswith(b"%PDF")


def test_a_sign_that_no_font_has_is_a_box_and_is_told():
    unknown = "\U0010fffd"
    assert undrawable(f"Öl {unknown}") == unknown
    (text,) = pages(code_cards("Badges", [Card("P1", f"Anna {unknown}"), Card("P2", "Jürgen Groß", "0001 · P1")]))
    assert "Jürgen Groß" in text and "0001 · P1" in text and "Boxes stand for signs" in text
    assert "Boxes" not in pages(code_cards("Badges", [Card("P2", "Jürgen Groß")]))[0]


@pytest.mark.parametrize("name", ["밸브 하우징", "صمام كبير", "בורג"])
def test_a_name_in_another_script_is_drawn_where_a_font_has_it_and_else_told(name):
    (text,) = pages(code_cards("Labels", [Card("L1", name)]))
    lacking = undrawable(visual(name))
    assert ("Boxes stand for signs" in text) == bool(lacking)
    if not lacking and name.startswith("밸"):
        assert name in text


def test_a_font_of_the_house_comes_first(settings, tmp_path):
    source = next((file for file in fonts.SYSTEM[0].rglob("*.ttf")), None) if fonts.SYSTEM[0].is_dir() else None
    if source is None:
        pytest.skip("no TrueType font here to copy")
    (tmp_path / "HouseFont.ttf").write_bytes(source.read_bytes())
    settings.LINESIDE_FONTS = [str(tmp_path)]
    try:
        forget()
        assert fonts._fonts(False)[0][0] == "HouseFont"
    finally:
        settings.LINESIDE_FONTS = []
        forget()


def forget():
    for remembered in (fonts._fonts, fonts._files, fonts._font_of):
        remembered.cache_clear()


def test_a_text_that_is_too_long_is_drawn_smaller_and_then_cut():
    paper = Paper(width=100, height=50, title="x")
    paper.text(5, 10, "a little too long", size=12, width=30)
    paper.text(5, 20, "far " * 40, size=12, width=30)
    (text,) = pages(paper.done())
    assert "a little too long" in text and "far far" in text and text.rstrip().endswith("…")


@given(CODES)
def test_a_code_128_has_a_start_a_check_and_a_stop_of_eleven_modules_each(text):
    bars, modules = code128_bars(text)
    assert modules % 11 == 2 and modules >= 11 * 4 + 2  # start, signs, check, and the stop of thirteen
    assert all(1 <= width <= 4 for _start, width in bars) and bars[0][0] == 0
    assert sum(bars[-1]) == modules
    assert all(sum(one) < other[0] for one, other in zip(bars, bars[1:], strict=False))


def test_a_code_128_is_left_out_where_no_scanner_could_read_it():
    paper = Paper(width=100, height=50, title="x")
    assert paper.code128(2, 38, "LA-250301-007K", width=96, height=10)
    assert not paper.code128(2, 38, "L" + "aB-" * 21, width=96, height=10)
    assert not paper.code128(2, 38, "LÄ", width=96, height=10) and code128_bars("LÄ") == ([], 0)


def test_the_qr_code_on_paper_is_that_of_the_page():
    assert qr_rows("LA-1") == [[bool(one) for one in row] for row in segno.make("LA-1", error="m", micro=False).matrix]


def test_many_cards_go_on_further_pages():
    found = pages(code_cards("Badges", [Card(f"P{n}", f"Name {n}") for n in range(13)]))
    assert len(found) == 2 and "Name 11" in found[0] and "Name 12" in found[1]
