"""A PDF page by page: text that fits where it stands, codes for scanners, lines."""

from io import BytesIO
from itertools import groupby

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from mes.core.paper import fonts
from mes.core.paper.barcodes import QUIET_MODULES, code128_bars, qr_rows
from mes.core.paper.script import is_right_to_left, visual

SMALLEST = 0.6
"""Text that is too long is drawn smaller, down to this share of its size; then it is cut."""
THINNEST_MM = 0.19
"""A Code 128 with thinner bars is not read by common scanners at 203 dpi."""
CUT = "…"
BOX_EM = 0.7


class Paper:
    """A PDF in the making. Places and lengths are in millimeters from the top left, sizes of text in points."""

    def __init__(self, *, width: float, height: float, title: str) -> None:
        self._bytes = BytesIO()
        self._height = height
        self._canvas = Canvas(self._bytes, pagesize=(width * mm, height * mm))
        self._canvas.setTitle(title)
        self._canvas.setCreator("Lineside")
        self.missing: dict[str, None] = {}
        """Signs that no font of this server has, each drawn as a box."""

    def text(
        self, x: float, y: float, text: str, *, size: float, width: float, bold: bool = False, center: bool = False
    ) -> None:
        """Draw one line whose letters stand on ``y``. What runs from right to left begins at the right edge."""
        line = " ".join(text.split())
        while (length := self._length(visual(line), size, bold)) > width * mm:
            if length * SMALLEST <= width * mm:
                size *= width * mm / length * 0.999
                break
            line = line.removesuffix(CUT)[:-1].rstrip() + CUT
            if line == CUT:
                break
        length = self._length(visual(line), size, bold)
        start = x * mm
        if center:
            start += (width * mm - length) / 2
        elif is_right_to_left(line):
            start += width * mm - length
        for font, signs in fonts.runs(visual(line), bold=bold):
            start = self._run(start, (self._height - y) * mm, font, signs, size)

    def qr(self, x: float, y: float, text: str, *, side: float) -> None:
        """Draw a QR code in a square; keep four of its modules of white around it."""
        rows = qr_rows(text)
        module = side / len(rows)
        for line, row in enumerate(rows):
            column = 0
            # Neighbors as one box: between two, some printers leave a hair of white.
            for dark, squares in groupby(row):
                wide = len(list(squares))
                if dark:
                    self.box(x + column * module, y + line * module, wide * module, module)
                column += wide

    def code128(self, x: float, y: float, text: str, *, width: float, height: float, module: float = 0.33) -> bool:
        """Draw a Code 128 from the left, with its quiet zones inside ``width``; return whether it fits and was drawn."""
        bars, modules = code128_bars(text)
        if not bars:
            return False
        module = min(module, width / (modules + 2 * QUIET_MODULES))
        if module < THINNEST_MM:
            return False
        for start, wide in bars:
            self.box(x + (QUIET_MODULES + start) * module, y, wide * module, height)
        return True

    def box(self, x: float, y: float, width: float, height: float) -> None:
        """Fill a rectangle with black."""
        self._canvas.rect(x * mm, (self._height - y - height) * mm, width * mm, height * mm, stroke=0, fill=1)

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        """Draw the thin outline of a rectangle, to cut along."""
        self._canvas.setLineWidth(0.4)
        self._canvas.rect(x * mm, (self._height - y - height) * mm, width * mm, height * mm, stroke=1, fill=0)

    def line(self, x: float, y: float, width: float) -> None:
        """Draw a thin line, to write on or to part."""
        self.box(x, y, width, 0.2)

    def next_page(self) -> None:
        """Begin another page."""
        self._canvas.showPage()

    def done(self) -> bytes:
        """Return the PDF; nothing can be drawn on it any more."""
        self._canvas.save()
        return self._bytes.getvalue()

    def _length(self, text: str, size: float, bold: bool) -> float:
        return sum(
            pdfmetrics.stringWidth(signs, font, size) if font else len(signs) * size * BOX_EM
            for font, signs in fonts.runs(text, bold=bold)
        )

    def _run(self, x: float, y: float, font: str, signs: str, size: float) -> float:
        if font:
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, y, signs)
            return x + float(pdfmetrics.stringWidth(signs, font, size))
        for sign in signs:
            self.missing[sign] = None
            self._canvas.setLineWidth(size * 0.04)
            self._canvas.rect(x + size * 0.08, y, size * (BOX_EM - 0.16), size * BOX_EM, stroke=1, fill=0)
            x += size * BOX_EM
        return x
