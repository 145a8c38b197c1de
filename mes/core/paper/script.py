"""Scripts that run from right to left: a PDF is drawn letter by letter, so order and form are decided here.

Order follows the Unicode Bidirectional Algorithm (UAX #9) without its explicit marks, which no name of an item has.
Arabic letters get the form that their neighbors ask for, out of the presentation forms that Unicode has for that.
"""

import unicodedata
from functools import cache

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_ZERO_WIDTH_JOINER = "\u200d"


def visual(text: str) -> str:
    """Return a line of text in the order in which its signs stand on paper from left to right, Arabic letters joined."""
    if text.isascii():
        return text
    shaped = _join(text)
    if not any(unicodedata.bidirectional(sign) in ("R", "AL", "AN") for sign in shaped):
        return shaped
    levels = _levels(shaped)
    clusters: list[tuple[str, int]] = []
    for sign, level in zip(shaped, levels, strict=True):
        # A mark stays with its letter, after it, whichever way the letters run.
        if unicodedata.combining(sign) and clusters:
            clusters[-1] = (clusters[-1][0] + sign, clusters[-1][1])
        else:
            clusters.append((sign.translate(_MIRRORED) if level % 2 else sign, level))
    for level in range(max(levels), 0, -1):
        clusters = _turned(clusters, level)
    return "".join(sign for sign, _level in clusters)


def is_right_to_left(text: str) -> bool:
    """Return whether the text begins on the right: by its first letter that has a direction."""
    found = (unicodedata.bidirectional(sign) for sign in text)
    return next((kind for kind in found if kind in ("L", "R", "AL")), "L") != "L"


def _turned(clusters: list[tuple[str, int]], level: int) -> list[tuple[str, int]]:
    """Turn around each stretch of this level or above (rule L2)."""
    done: list[tuple[str, int]] = []
    stretch: list[tuple[str, int]] = []
    for cluster in clusters:
        if cluster[1] >= level:
            stretch.append(cluster)
            continue
        done += [*reversed(stretch), cluster]
        stretch = []
    return done + stretch[::-1]


def _levels(text: str) -> list[int]:
    """Return the embedding level of each sign: even runs to the right, odd to the left."""
    base = int(is_right_to_left(text))
    kinds = _resolved([unicodedata.bidirectional(sign) for sign in text], "R" if base else "L")
    if base:
        return [1 if kind == "R" else 2 for kind in kinds]
    return [{"L": 0, "R": 1}.get(kind, 2) for kind in kinds]


def _resolved(kinds: list[str], base: str) -> list[str]:
    """Return each sign's direction: ``L``, ``R`` or, for a number, ``N`` (rules W1 to W7, N1 and N2)."""
    found: list[str] = []
    strong = base
    for kind in kinds:
        if kind == "NSM":
            kind = found[-1] if found else base
        if kind in ("L", "R", "AL"):
            strong = kind
        if kind == "EN" and strong == "L":
            kind = "L"
        found.append({"AL": "R", "AN": "N", "EN": "N"}.get(kind, kind))
    for index, kind in enumerate(found):
        before = found[index - 1] if index else ""
        after = found[index + 1] if index + 1 < len(found) else ""
        # A separator between two digits and a sign beside a number belong to it: 1.5, 20 %.
        if (kind in ("CS", "ES") and before == after == "N") or (kind == "ET" and "N" in (before, after)):
            found[index] = "N"
    index = 0
    while index < len(found):
        end = index
        while end < len(found) and found[end] not in ("L", "R", "N"):
            end += 1
        if end > index:
            left = _side(found[index - 1]) if index else base
            right = _side(found[end]) if end < len(found) else base
            found[index:end] = [left if left == right else base] * (end - index)
        index = end + 1
    return found


def _side(kind: str) -> str:
    return "R" if kind == "N" else kind


@cache
def _forms() -> tuple[dict[tuple[str, str], str], frozenset[str], frozenset[str]]:
    """Return Arabic presentation forms by (form, letters), which letters join at all, and which do so on both sides."""
    forms: dict[tuple[str, str], str] = {}
    for code in [*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFC00), *range(0xFE80, 0xFEFD)]:
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if kind in ("<initial>", "<medial>", "<final>", "<isolated>"):
            forms.setdefault((kind.strip("<>"), "".join(chr(int(letter, 16)) for letter in letters)), chr(code))
    joining = frozenset(letters for form, letters in forms if form == "final" and len(letters) == 1)
    both = frozenset(letters for form, letters in forms if form == "initial" and len(letters) == 1)
    return forms, joining, both | {"\u0640"}


def _join(text: str) -> str:
    """Return the text with each Arabic letter in the form that its neighbors ask for; marks between them do not count."""
    forms, joining, both = _forms()
    if not any(sign in joining for sign in text):
        return text
    letters = [index for index, sign in enumerate(text) if not unicodedata.combining(sign)]
    signs = list(text)
    skip = -1
    for place, index in enumerate(letters):
        if place == skip or text[index] not in joining:
            continue
        sign = text[index]
        before = text[letters[place - 1]] if place else ""
        after = text[letters[place + 1]] if place + 1 < len(letters) else ""
        to_right = before in both or before == _ZERO_WIDTH_JOINER
        ligature = forms.get(("final" if to_right else "isolated", sign + after)) if sign == "\u0644" else None
        if ligature:
            signs[index], signs[letters[place + 1]], skip = ligature, "", place + 1
            continue
        to_left = sign in both and (after in joining or after == "\u0640")
        form = {(True, True): "medial", (True, False): "final", (False, True): "initial"}.get((to_right, to_left))
        signs[index] = forms.get((form or "isolated", sign), sign)
    return "".join(signs).replace(_ZERO_WIDTH_JOINER, "")
