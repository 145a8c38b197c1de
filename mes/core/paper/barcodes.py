"""Codes for scanners as plain bars and squares, the same on paper and in pages."""

import segno
from reportlab.graphics.barcode.code128 import Code128

QUIET_MODULES = 10
"""Code 128 wants so much white on either side (ISO/IEC 15417)."""


def code128_bars(text: str) -> tuple[list[tuple[int, int]], int]:
    """Return the bars of a Code 128 as (start, width) in modules, and how many modules it has, quiet zones not counted.

    No bars for a text that the code has no signs for (it has those of ASCII): a QR code has them all.
    """
    if not text or not text.isascii() or not text.isprintable():
        return [], 0
    drawn = Code128(text)
    drawn.validate()
    drawn.encode()
    drawn.decompose()
    bars, place = [], 0
    for sign in drawn.decomposed:
        width = ord(sign.lower()) - ord("a") + 1
        if sign.isupper():
            bars.append((place, width))
        place += width
    return bars, place


def qr_rows(text: str) -> list[list[bool]]:
    """Return the squares of a QR code row by row, true for dark; error correction M, no quiet zone."""
    return [[bool(square) for square in row] for row in segno.make(text, error="m", micro=False).matrix]
