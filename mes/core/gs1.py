"""Reads what suppliers' labels say in the language of GS1: element strings and Digital Links, field by field.

After the GS1 General Specifications (release 25) and GS1 Digital Link (URI Syntax 1.4): every field begins with its
application identifier (AI); one of variable length ends at FNC1, which scanners hand over as the control character GS.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qsl, unquote, urlsplit

GS = "\x1d"
SYMBOLOGIES = ("]C1", "]d2", "]Q3", "]e0", "]J1")
"""What a scanner sets before it to say that this is GS1: Code 128, DataMatrix, QR Code, DataBar, DotCode."""

_TEXT = re.compile(r"[!\"%-?A-Z_a-z]+")
"""The 82 signs that a field of text may hold."""

_DIGITS = {
    "00": 18, "01": 14, "02": 14, "03": 14, "11": 6, "12": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2,
    "410": 13, "411": 13, "412": 13, "413": 13, "414": 13, "415": 13, "416": 13, "417": 13,
    "402": 17, "422": 3, "424": 3, "426": 3, "7001": 13, "7003": 10, "7006": 6, "8001": 14, "8005": 6, "8006": 18,
    "8017": 18, "8018": 18,
}  # fmt: skip
"""Fields of so many digits, no more and no fewer."""

_UP_TO = {
    "10": 20, "21": 20, "22": 20, "235": 28, "240": 30, "241": 30, "243": 20, "250": 30, "251": 30, "254": 20,
    "400": 30, "401": 30, "403": 30, "420": 20, "421": 12, "7002": 30, "7005": 12, "7020": 20, "7021": 20, "7022": 20,
    "8002": 20, "8003": 30, "8004": 30, "8007": 34, "8010": 30, "8012": 20, "8013": 25, "8020": 25, "8200": 70, "90": 30,
    "91": 90, "92": 90, "93": 90, "94": 90, "95": 90, "96": 90, "97": 90, "98": 90, "99": 90, "253": 30, "255": 25,
}  # fmt: skip
"""Fields of text, with the most signs that each may have."""

_DIGITS_UP_TO = {"30": 8, "37": 8, "242": 6, "423": 15, "425": 15, "7004": 4, "8008": 12, "8011": 12, "8019": 10}
_MEASURED = re.compile(r"3[1-6]\d[0-5]")
"""Weights, lengths, areas and volumes: six digits; the last sign of the AI says how many of them are decimals."""
_AMOUNTS = re.compile(r"39[0-4]\d")
_CHECKED = ("00", "01", "02", "03", "410", "411", "412", "413", "414", "415", "416", "417", "8006", "8017", "8018")
_DATES = ("11", "12", "13", "15", "16", "17")
_KEYS = ("01", "00", "8006")
"""With which of its fields the path of a Digital Link may begin, of those that stand on goods."""

_BRACKETED = re.compile(r"\((\d{2,4})\)([^(]*(?:\((?!\d{2,4}\))[^(]*)*)")
_OPENING = re.compile(r"\(\d{2,4}\)")
_LINK = re.compile(r"https?://", re.IGNORECASE)


class NotGs1(Exception):
    """It looks like GS1 and breaks its rules. ``ai`` is the field at fault, ``why`` what is wrong with it.

    ``why``: ``unknown`` (no such AI), ``length``, ``signs``, ``check`` (the check digit), ``date``, ``twice`` (and they
    differ), ``end`` (it breaks off).
    """

    def __init__(self, ai: str, why: str) -> None:
        super().__init__(f"{ai}: {why}")
        self.ai = ai
        self.why = why


@dataclass(frozen=True)
class Label:
    """What a label says: ``fields`` by AI, as written there, and the last day on which it may be used (17), if it says so."""

    fields: dict[str, str]
    expires_on: date | None = None

    @property
    def lot(self) -> str:
        """The batch or lot number (10); of a piece that has only a serial number, that (21)."""
        return self.fields.get("10") or self.fields.get("21", "")


def is_gs1(text: str) -> bool:
    """Return whether a scanned text wants to be read as GS1: it was marked so, has an FNC1, brackets, or is a link."""
    marked = text.startswith((*SYMBOLOGIES, GS)) or GS in text
    return marked or _OPENING.match(text) is not None or _link_parts(text) is not None


def read(text: str, *, today: date) -> Label:
    """Return the fields of an element string, with FNC1 or with brackets, or of a Digital Link.

    ``today`` decides in which century a date of two digits lies (GS1 General Specifications, 7.12).

    :raises NotGs1: a field is none, or is not written as GS1 asks.
    """
    parts = _link_parts(text)
    if parts is not None:
        pairs = _link_fields(text, parts)
    elif _OPENING.match(text):
        if left := _BRACKETED.sub("", text):
            raise NotGs1(left[:8], "end")
        pairs = _BRACKETED.findall(text)
    else:
        pairs = _cut(text)
    fields: dict[str, str] = {}
    for ai, value in pairs:
        _check(ai, value)
        if fields.setdefault(ai, value) != value:
            raise NotGs1(ai, "twice")
    days = {ai: _day(ai, fields[ai], today) for ai in _DATES if ai in fields}
    return Label(fields, days.get("17"))


def _cut(text: str) -> list[tuple[str, str]]:
    """Return the fields of an element string as a scanner sends it."""
    rest = text[3:] if text.startswith(SYMBOLOGIES) else text
    rest = rest.strip(GS)
    found = []
    while rest:
        ai = next((rest[:n] for n in (2, 3, 4) if _known(rest[:n])), "")
        if not ai:
            raise NotGs1(rest[:4].split(GS)[0], "unknown")
        rest = rest[len(ai) :]
        length = _exactly(ai)
        value = rest[:length] if length and GS not in rest[:length] else rest.split(GS)[0]
        found.append((ai, value))
        rest = rest[len(value) :].removeprefix(GS)
    return found


def _link_parts(text: str) -> list[str] | None:
    """Return the path of a link from its GS1 key on, or None: it is no link, or one to something else."""
    if not _LINK.match(text):
        return None
    try:
        parts = urlsplit(text).path.rstrip("/").split("/")
    except ValueError:
        return None
    for at, part in enumerate(parts[:-1]):
        if part in _KEYS and parts[at + 1].isascii() and parts[at + 1].isdigit():
            return parts[at:]
    return None


def _link_fields(text: str, parts: list[str]) -> list[tuple[str, str]]:
    if len(parts) % 2:
        raise NotGs1(parts[-1][:8], "end")
    found = [(ai, unquote(value)) for ai, value in zip(parts[::2], parts[1::2], strict=True)]
    # What is no number in the question says something to a web site, not of the goods.
    asked = parse_qsl(urlsplit(text).query, max_num_fields=32)
    return found + [(ai, value) for ai, value in asked if ai.isascii() and ai.isdigit()]


def _known(ai: str) -> bool:
    return (
        ai in _DIGITS or ai in _UP_TO or ai in _DIGITS_UP_TO or bool(_MEASURED.fullmatch(ai) or _AMOUNTS.fullmatch(ai))
    )


def _exactly(ai: str) -> int:
    """Return how many digits a field has; 0 where that varies."""
    return 6 if _MEASURED.fullmatch(ai) else _DIGITS.get(ai, 0)


def _check(ai: str, value: str) -> None:
    """Refuse a field that is none, or not written as GS1 asks."""
    if not ai.isascii() or not _known(ai):
        raise NotGs1(ai[:8], "unknown")
    digits = ai not in _UP_TO
    most = _exactly(ai) or _UP_TO.get(ai) or _DIGITS_UP_TO.get(ai, 18)
    if not value or len(value) > most or (_exactly(ai) and len(value) != most):
        raise NotGs1(ai, "length")
    if digits and not (value.isascii() and value.isdigit()) or not _TEXT.fullmatch(value):
        raise NotGs1(ai, "signs")
    if ai in _CHECKED and int(value[-1]) != check_digit(value[:-1]):
        raise NotGs1(ai, "check")


def check_digit(digits: str) -> int:
    """Return the last digit of a GTIN, SSCC or GLN from the ones before it (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return -total % 10


def _day(ai: str, value: str, today: date) -> date:
    """Return the day of six digits, the year of which is the nearest to today; day 00 is the last of its month."""
    year = today.year // 100 * 100 + int(value[:2])
    year += 100 if year - today.year < -49 else -100 if year - today.year > 50 else 0
    month, day = int(value[2:4]), int(value[4:])
    try:
        first = date(year, month, day or 1)
        if day:
            return first
        return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    except ValueError as error:
        raise NotGs1(ai, "date") from error
