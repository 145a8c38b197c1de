"""What stands on the label of a lot or container, and how a label printer is told (ZPL II)."""

import re
from dataclasses import dataclass
from decimal import Decimal

DOTS_PER_MM = 8
"""203 dpi, which every label printer has; 300 dpi ones print the same layout smaller."""
WIDTH_MM, HEIGHT_MM = 100, 50
_CONTAINER = re.compile(r"[Kk]\d+(\.\d+)?-\d+-(?P<lot>.+)")


@dataclass(frozen=True, kw_only=True)
class Label:
    """The words of one label, as people read them; ``code`` is what a scanner reads."""

    lot: str
    item: str
    item_name: str
    quantity: str
    work_order: str = ""
    expires: str = ""
    made: str = ""
    part: str = ""
    """Which of how many containers: 1/4."""
    contents: Decimal | None = None
    """What is in this container, in the item's own unit; None: the label is of the lot as a whole."""

    @property
    def code(self) -> str:
        """The lot with the letter before it that tells a terminal what was scanned: ``L24-118``.

        Of a container it says how much is in it and which one it is, too: ``K250-2-24-118``.
        """
        if self.contents is None:
            return f"L{self.lot}"
        return f"K{self.contents.normalize():f}-{self.part.split('/')[0]}-{self.lot}"


def lot_in(code: str) -> str:
    """Return the lot that a label's code names; the text itself where it is no code of a label."""
    container = _CONTAINER.fullmatch(code)
    return container["lot"] if container else code


def zpl(label: Label, *, copies: int) -> str:
    """Return the label for a printer that speaks ZPL II: 100 × 50 mm, QR code and Code 128, so many copies."""
    rows = [
        (30, 34, label.item_name),
        (76, 28, label.item),
        (118, 44, label.lot),
        (172, 28, "   ".join(filter(None, (label.quantity, label.part, label.work_order)))),
        (210, 28, "   ".join(filter(None, (label.made, label.expires)))),
    ]
    width, height = WIDTH_MM * DOTS_PER_MM, HEIGHT_MM * DOTS_PER_MM
    lines = ["^XA", "^CI28", f"^PW{width}", f"^LL{height}", "^LH0,0"]
    for top, size, text in rows:
        if text:
            lines.append(f"^FO230,{top}^A0N,{size},{size}^FB{width - 250},1,0,L,0^FH_^FD{_field(text)}^FS")
    lines.append(f"^FO30,30^BQN,2,6^FH_^FDMA,{_field(label.code)}^FS")
    lines.append(f"^FO30,270^BY2,2,80^BCN,80,N,N,N,A^FH_^FD{_field(label.code)}^FS")
    lines += [f"^PQ{copies},0,1,N", "^XZ"]
    return "\n".join(lines) + "\n"


def _field(text: str) -> str:
    """Return a text as field data: what ZPL would take for a command, and all that is not plain ASCII, as hex of UTF-8."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in "^~_\\" else f"_{byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )
