"""What a file is by its content, and how a picture is made harmless; plain values, no database."""

import struct
import zlib
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

from PIL import Image, ImageOps

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
PICTURES = {JPEG: "JPEG", PNG: "PNG", WEBP: "WEBP"}

LARGEST_PHOTO = 15 * 1024 * 1024
LARGEST_DOCUMENT = 30 * 1024 * 1024
MOST_PIXELS = 40_000_000
"""More than any sheet or camera needs, and what one web process can unpack without harm (3 bytes each)."""
UNCLAIMED = timedelta(days=60)
"""How long a file waits to be named: longer than any entry of a terminal is believed, which may come after its photo."""
LONGEST_SIDE = 2000
"""Pixels of a photo's longer side as it is kept: a burr can be seen, a day of photos fits."""

_WHITE = (255, 255, 255)
_DAMAGED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What readers of pictures fail with, found by handing them damaged ones by the thousand."""


class Unreadable(ValueError):
    """The content is not what its first bytes say, or is damaged."""


class TooManyPixels(ValueError):
    """A picture would be larger, once unpacked, than is sensible."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept: encoded anew from its pixels, so that nothing else that was in the file comes along."""

    content: bytes
    media_type: str
    width: int
    height: int


def kind_of(content: bytes) -> str:
    """Return the media type that the first bytes say, or "" for anything that is not taken. Names are never asked."""
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"%PDF-"):
        return PDF
    return ""


def check_pdf(content: bytes) -> None:
    """Refuse a PDF that was cut short; what it draws is the browser's business, which shows it apart from our pages.

    :raises Unreadable: its end is missing.
    """
    if b"%%EOF" not in content[-2048:] or b"startxref" not in content[-4096:]:
        raise Unreadable


def clean_picture(content: bytes, *, as_photo: bool) -> Picture:
    """Return the picture turned upright and encoded anew: no place, camera or text of the file stays, nor what hides behind.

    A photo becomes a JPEG of at most ``LONGEST_SIDE`` pixels; another picture keeps its size, and its lines if it is a PNG.

    :raises Unreadable: it is no picture, or damaged.
    :raises TooManyPixels: it has more than ``MOST_PIXELS``.
    """
    media_type = kind_of(content)
    if media_type not in PICTURES:
        raise Unreadable
    try:
        with Image.open(BytesIO(content), formats=[PICTURES[media_type]]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TooManyPixels
            if as_photo and media_type == JPEG:
                image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            drawn = _only_pixels(image)
    except (TooManyPixels, Image.DecompressionBombError) as error:
        raise TooManyPixels from error
    except _DAMAGED as error:
        raise Unreadable from error
    if as_photo:
        drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    keep_png = media_type == PNG and not as_photo
    out = BytesIO()
    if keep_png:
        drawn.save(out, "PNG", optimize=True)
    else:
        drawn.save(out, "JPEG", quality=85 if as_photo else 90)
    return Picture(out.getvalue(), PNG if keep_png else JPEG, drawn.width, drawn.height)


def _only_pixels(image: Image.Image) -> Image.Image:
    """Return an image of the same pixels, upright, on white where it was transparent, with nothing else attached."""
    upright = ImageOps.exif_transpose(image)
    bare = Image.new("RGB", upright.size, _WHITE)
    if "A" in upright.getbands() or "transparency" in upright.info:
        solid = upright.convert("RGBA")
        bare.paste(solid, mask=solid.getchannel("A"))
    else:
        bare.paste(upright.convert("RGB"))
    return bare
