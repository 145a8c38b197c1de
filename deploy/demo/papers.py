"""The papers of the demo plant: an instruction with a picture, a drawing and a safety sheet, drawn here."""

from datetime import datetime
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from mes.documents import services
from mes.documents.models import Document, DocumentPlace
from mes.masterdata.models import Item, Site, WorkCenter

INK, SOFT, RED = (20, 24, 28), (120, 126, 132), (190, 40, 30)


def write_documents(*, site: Site, item: Item, work_center: WorkCenter, now: datetime) -> None:
    """Let an item have an instruction that people are asked to read, and a drawing, and a work center a safety sheet."""
    if Document.objects.filter(site=site).exists():
        return
    _release(
        site=site, number="WI-100", title="Clamp, cut, deburr", kind="INSTRUCTION", item=item, operation="10", now=now,
        content=_drawn("PNG", mark=True), needs_reading=True, change="Deburr both edges, not only the outer one.",
        steps="Clean the jaws, then clamp the bar against the stop.\nCut to length in one pass.\n"
        "Deburr both edges of the bore (red in the picture).\nWipe clean and look at the surface.",
    )  # fmt: skip
    _release(
        site=site, number="DR-100", title=item.name[:200], kind="DRAWING", item=item, operation="", now=now,
        content=_drawn("PDF", mark=False), steps="",
    )  # fmt: skip
    _release(
        site=site, number="SD-7", title="Coolant: skin and eyes", kind="SAFETY", work_center=work_center, now=now,
        content=None, steps="Wear goggles while the guard is open.\nSkin: wash with soap and water.\n"
        "Eyes: rinse for 15 minutes, then see the first-aider.",
    )  # fmt: skip


def _release(
    *,
    site: Site,
    number: str,
    title: str,
    kind: str,
    steps: str,
    content: bytes | None,
    now: datetime,
    change: str = "",
    needs_reading: bool = False,
    **place: object,
) -> None:
    document = Document.objects.create(site=site, number=number, title=title, kind=kind, needs_reading=needs_reading)
    DocumentPlace.objects.create(document=document, **place)
    file = services.store_document(site=site, content=content, now=now) if content else None
    row = services.add_revision(
        document_id=document.pk, revision="B" if change else "A", file=file, steps=steps, change=change, now=now
    )
    services.release_revision(revision_id=row.pk, by="planner", now=now)


def _drawn(kind: str, *, mark: bool) -> bytes:
    """Return a plate with a bore and two holes, with its sizes, as a PNG or a PDF of one page."""
    sheet = Image.new("RGB", (1600, 1000), (255, 255, 255))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=40)
    pen.rounded_rectangle((300, 220, 1300, 720), radius=60, outline=INK, width=8)
    pen.ellipse((660, 330, 940, 610), outline=RED if mark else INK, width=18 if mark else 8)
    for x in (420, 1180):
        pen.ellipse((x - 50, 420, x + 50, 520), outline=INK, width=6)
        pen.line((x - 75, 470, x + 75, 470), fill=SOFT, width=2)
        pen.line((x, 395, x, 545), fill=SOFT, width=2)
    _size(pen, font, (300, 820), (1300, 820), "120")
    _size(pen, font, (420, 150), (1180, 150), "92 ±0.1")
    pen.line((900, 370, 960, 300), fill=INK, width=4)
    pen.text((965, 250), "dia. 12.00-12.05", fill=INK, font=font)
    if mark:
        pen.text((800, 660), "deburr both edges", fill=RED, font=font, anchor="mm")
    out = BytesIO()
    sheet.save(out, kind, **({"resolution": 150.0} if kind == "PDF" else {}))
    return out.getvalue()


def _size(pen: ImageDraw.ImageDraw, font: object, start: tuple[int, int], end: tuple[int, int], words: str) -> None:
    """Draw a size line with ticks and its words above."""
    pen.line((*start, *end), fill=INK, width=4)
    for x, y in (start, end):
        pen.line((x, y - 24, x, y + 24), fill=INK, width=4)
    pen.text(((start[0] + end[0]) // 2, start[1] - 8), words, fill=INK, font=font, anchor="mb")
