import struct
import zlib
from contextlib import suppress
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from mes.documents import rules
from tests.mes.documents.helpers import PDF, huge_png, picture, picture_with_a_place


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_becomes_a_jpeg_of_the_same_picture(kind):
    kept = rules.clean_picture(picture(kind), as_photo=True)
    assert (kept.media_type, kept.width, kept.height) == ("image/jpeg", 60, 40)
    red, green, blue = Image.open(BytesIO(kept.content)).getpixel((30, 20))
    assert red > 180 and green < 60 and blue < 60


def test_nothing_but_pixels_stays_of_a_photo_and_it_stands_upright():
    before = picture_with_a_place()
    assert b"SecretCamera" in before and b"secret remark" in before
    kept = rules.clean_picture(before, as_photo=True)
    assert (kept.width, kept.height) == (40, 60)
    assert b"Secret" not in kept.content and b"secret" not in kept.content
    with Image.open(BytesIO(kept.content)) as image:
        assert not image.getexif() and "comment" not in image.info


def test_a_large_photo_is_made_smaller_and_a_large_drawing_keeps_its_lines():
    large = picture("PNG", size=(3000, 1500))
    photo = rules.clean_picture(large, as_photo=True)
    drawing = rules.clean_picture(large, as_photo=False)
    assert (photo.width, photo.height) == (2000, 1000)
    assert (drawing.media_type, drawing.width, drawing.height) == ("image/png", 3000, 1500)


def test_what_hides_behind_a_picture_is_gone():
    for kind in ("JPEG", "PNG"):
        polyglot = picture(kind) + b"<script>alert(1)</script>PK\x03\x04"
        assert b"<script>" not in rules.clean_picture(polyglot, as_photo=False).content


def test_transparent_places_are_white():
    out = BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(out, "PNG")
    kept = rules.clean_picture(out.getvalue(), as_photo=False)
    assert Image.open(BytesIO(kept.content)).getpixel((1, 1)) == (255, 255, 255)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked():
    with pytest.raises(rules.TooManyPixels):
        rules.clean_picture(huge_png(), as_photo=True)


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ\x90\x00", b"<svg/>", picture()[:200], b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, b"\xff\xd8\xff\xe0x"],
)
def test_what_is_no_whole_picture_is_unreadable(content):
    with pytest.raises(rules.Unreadable):
        rules.clean_picture(content, as_photo=True)


def png_with(kind, data):
    """Return a picture with one more chunk before its pixels."""
    whole, body = picture("PNG"), kind + data
    return whole[:33] + struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body)) + whole[33:]


BOMB = b"k\x00\x00" + zlib.compress(b"a" * 30_000_000)


@pytest.mark.parametrize(
    "content",
    [
        png_with(b"zTXt", BOMB), png_with(b"iCCP", BOMB), picture("PNG").replace(b"\x00\x00\x00\rIHDR", b"\x00\x00\x00\x03IHDR"),
        picture_with_a_place().replace(b"\x01\x12\x00\x03", b"\x01\x12\x00\x07"),
    ],
    ids=["a text that unpacks without end", "a profile that unpacks without end", "a head cut short", "notes of the wrong type"],
)  # fmt: skip
def test_what_makes_readers_of_pictures_fail_is_unreadable_or_harmless(content):
    try:
        assert rules.clean_picture(content, as_photo=True).content.startswith(b"\xff\xd8")
    except rules.Unreadable:
        pass


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_damage_makes_a_picture_anything_but_readable_or_unreadable():
    random = Random(7)
    for whole in (picture_with_a_place(), picture("PNG"), picture("WEBP")):
        for _ in range(150):
            content = bytearray(whole)
            for _hit in range(random.choice((1, 1, 3, 8))):
                content[random.randrange(min(len(content), 300))] = random.choice((0, 255, random.randrange(256)))
            with suppress(rules.Unreadable, rules.TooManyPixels):
                rules.clean_picture(bytes(content), as_photo=True)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture(), "image/jpeg"), (picture("PNG"), "image/png"), (picture("WEBP"), "image/webp"), (PDF, "application/pdf"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""), (b"<html>", ""), (b"GIF89a", ""), (b"MZ", ""), (b"PK\x03\x04", ""),
        (b" " + PDF, ""), (b"", ""),
    ],
)  # fmt: skip
def test_the_kind_of_a_file_is_what_its_first_bytes_say(content, kind):
    assert rules.kind_of(content) == kind


def test_a_pdf_that_was_cut_short_is_refused():
    rules.check_pdf(PDF)
    with pytest.raises(rules.Unreadable):
        rules.check_pdf(PDF[:-10])
