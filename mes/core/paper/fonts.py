"""Which font draws which sign: TrueType fonts of the server, and at worst the one that comes with the PDF library.

Looked for in ``LINESIDE_FONTS`` (directories, all their fonts), then in the system's own directories by name. Debian has
them in fonts-dejavu-core (Latin, Greek, Cyrillic, Arabic, Hebrew), fonts-nanum (Korean), fonts-droid-fallback (Chinese,
Japanese, Korean) and fonts-noto-core (most others). A font is put into the PDF with the signs that are used of it.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock

from django.conf import settings
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

SYSTEM = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
KNOWN = (
    # (regular, bold): the first that is installed and has the sign draws it.
    ("DejaVuSans", "DejaVuSans-Bold"),
    ("NotoSans-Regular", "NotoSans-Bold"),
    ("NanumGothic", "NanumGothicBold"),
    ("DroidSansFallbackFull", "DroidSansFallbackFull"),
    ("NotoSansArabic-Regular", "NotoSansArabic-Bold"),
    ("NotoSansHebrew-Regular", "NotoSansHebrew-Bold"),
    ("NotoSansArmenian-Regular", "NotoSansArmenian-Bold"),
    ("NotoSansGeorgian-Regular", "NotoSansGeorgian-Bold"),
    ("NotoSansThai-Regular", "NotoSansThai-Bold"),
    ("Vera", "VeraBd"),
)
"""Scripts whose letters change their form by neighbors other than Arabic ones (Devanagari, Khmer) are left out: a wrong
word is worse than a box."""

_registering = Lock()


def runs(text: str, *, bold: bool) -> Iterator[tuple[str, str]]:
    """Cut a text into stretches of one font each: (the font's name, "" where none has the signs; the signs)."""
    stretch, current = "", ""
    for sign in text:
        name = _font_of(sign, bold)
        if stretch and name != current:
            yield current, stretch
            stretch = ""
        stretch, current = stretch + sign, name
    if stretch:
        yield current, stretch


def undrawable(text: str) -> str:
    """Return the signs of a text that no font of this server draws, each once."""
    return "".join(dict.fromkeys(sign for sign in text if not sign.isspace() and not _font_of(sign, False)))


@lru_cache(maxsize=20_000)
def _font_of(sign: str, bold: bool) -> str:
    for name, signs in _fonts(bold):
        if ord(sign) in signs:
            return name
    return ""


@cache
def _fonts(bold: bool) -> list[tuple[str, frozenset[int]]]:
    """Return the fonts at hand, best first, each with the signs that it has."""
    files = _files()
    names = [stem for stem in files if files[stem].parent in _own()] + [pair[bold] for pair in KNOWN]
    found = []
    with _registering:
        for name in dict.fromkeys(names):
            signs = _register(name, files[name]) if name in files else _register(name, Path(f"{name}.ttf"))
            if signs:
                found.append((name, signs))
    return found


def _register(name: str, file: Path) -> frozenset[int]:
    try:
        font = TTFont(name, str(file), shapable=False)
    except (TTFError, OSError):
        return frozenset()  # not installed, or a kind of font that cannot be put into a PDF
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


@cache
def _files() -> dict[str, Path]:
    wanted = {name for pair in KNOWN for name in pair}
    found: dict[str, Path] = {}
    for directory in _own():
        for file in sorted(directory.glob("*.tt[fc]")):
            found.setdefault(file.stem, file)
    for directory in SYSTEM:
        for file in sorted(directory.rglob("*.tt[fc]")) if directory.is_dir() else ():
            if file.stem in wanted:
                found.setdefault(file.stem, file)
    return found


def _own() -> list[Path]:
    return [Path(directory) for directory in settings.LINESIDE_FONTS]
