"""Numbers of lots and serials from a pattern, and the check character that tells a misread one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from mes.core import check_character as core
from mes.core.errors import InvalidInput, Words

FIELDS = ("site", "item", "order", "yyyy", "yy", "mm", "dd", "ww", "jjj", "n", "check")
LONGEST = 64

_FIELD = re.compile(r"\{([^{}]*)\}")


class PatternWrong(InvalidInput):
    """A numbering pattern cannot be read, or cannot give a number of its own to each lot."""

    code = "pattern_wrong"


class NumbersUsedUp(InvalidInput):
    """The counter of a pattern has no digits left."""

    code = "numbers_used_up"


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read: ``words`` alternate between plain text and names of fields."""

    words: tuple[tuple[str, bool], ...]
    digits: int

    def number(self, counter: int, facts: Mapping[str, str]) -> str:
        """Return the number for a value of the counter.

        :raises NumbersUsedUp: the counter has more digits than the pattern gives it.
        """
        if self.digits and counter >= 10**self.digits:
            raise NumbersUsedUp(
                Words(
                    "All numbers up to %(last)s of this pattern are used. Tell your planner: {n} needs more digits.",
                    {"last": 10**self.digits - 1},
                )
            )
        text = ""
        for word, is_field in self.words:
            if not is_field:
                text += word
            elif word == "n":
                text += f"{counter:0{self.digits}}"
            elif word == "check":
                text += check_character(text)
            else:
                text += facts[word]
        if len(text) > LONGEST:
            raise PatternWrong(
                Words(
                    "%(text)s is longer than the %(n)s characters that a lot number has.", {"text": text, "n": LONGEST}
                ),
                field="pattern",
            )
        return text

    def scope(self, facts: Mapping[str, str]) -> str:
        """Return what the counter counts within: everything of the number but counter and check character.

        A date in the pattern so makes the counter start anew with each date.
        """
        return "".join(
            (word if not is_field else "#" if word == "n" else "" if word == "check" else facts[word])
            for word, is_field in self.words
        )

    def has(self, name: str) -> bool:
        return any(is_field and word == name for word, is_field in self.words)


def read_pattern(text: str) -> Pattern:
    """Return the pattern. Fields: ``{site} {item} {order} {yyyy} {yy} {mm} {dd} {ww} {jjj} {n} {n:5} {check}``.

    ``ww`` is the ISO week, ``jjj`` the day of the year, ``n:5`` a counter of five digits, ``check`` a check character
    over all before it.

    :raises PatternWrong: a field is not known, comes twice, or the counter's width makes no sense.
    """
    words: list[tuple[str, bool]] = []
    digits, seen, place = 0, set(), 0
    for match in _FIELD.finditer(text):
        words.append((text[place : match.start()], False))
        place = match.end()
        name, _colon, width = match.group(1).partition(":")
        if name not in FIELDS or (width and name != "n"):
            known = " ".join(f"{{{field}}}" for field in FIELDS)
            raise PatternWrong(
                Words("%(field)s is no field. There are: %(known)s.", {"field": match.group(0), "known": known}),
                field="pattern",
            )
        if name in seen and name in ("n", "check"):
            raise PatternWrong(
                Words("%(field)s can stand in a pattern once.", {"field": f"{{{name}}}"}), field="pattern"
            )
        seen.add(name)
        if name == "n":
            digits = _width(width)
        words.append((name, True))
    words.append((text[place:], False))
    if any("{" in word or "}" in word for word, is_field in words if not is_field):
        raise PatternWrong(Words("A brace is open or closed too often."), field="pattern")
    if "check" in seen and any(word for word in words[words.index(("check", True)) + 1 :] if word[0]):
        raise PatternWrong(Words("%(field)s stands at the end.", {"field": "{check}"}), field="pattern")
    return Pattern(tuple(word for word in words if word[0]), digits)


def check_pattern(text: str, *, each: str) -> None:
    """Refuse a pattern that would give two orders, days, reports or pieces the same number.

    :raises PatternWrong: saying which field is missing.
    """
    pattern = read_pattern(text)
    if pattern.has("n"):
        return
    if each in ("REPORT", "PIECE"):
        raise PatternWrong("It needs a counter, such as {n:5}: without one every number is the same.", field="pattern")
    if not pattern.has("order"):
        raise PatternWrong("It needs {order} or a counter such as {n:5}: else orders share a number.", field="pattern")
    if each == "DAY" and not (pattern.has("dd") or pattern.has("jjj")):
        raise PatternWrong("It needs the day, as {dd} or {jjj}, or a counter such as {n:5}.", field="pattern")


def facts_of(*, site: str, item: str, order: str, day: date) -> dict[str, str]:
    """Return what the fields of a pattern stand for; ``day`` is the site's own."""
    return {
        "site": site,
        "item": item,
        "order": order,
        "yyyy": f"{day:%Y}",
        "yy": f"{day:%y}",
        "mm": f"{day:%m}",
        "dd": f"{day:%d}",
        "ww": f"{day.isocalendar().week:02}",
        "jjj": f"{day:%j}",
    }


def check_character(text: str) -> str:
    """Return the check character over the letters and digits of a text; what else stands in it does not count."""
    return core.check_character("".join(sign for sign in text.upper() if sign in core.SIGNS))


def _width(text: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 12:
        raise PatternWrong(
            Words("%(field)s: give the counter 1 to 12 digits.", {"field": f"{{n:{text}}}"}), field="pattern"
        )
    return int(text)
