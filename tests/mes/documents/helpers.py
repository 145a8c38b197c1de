"""Files for tests, made in code."""

from io import BytesIO

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"


def picture(kind="JPEG", size=(60, 40), color=(200, 30, 30), **options):
    """Return the bytes of a plain picture."""
    out = BytesIO()
    Image.new("RGB", size, color).save(out, kind, **options)
    return out.getvalue()


def picture_with_a_place():
    """Return a photo that lies on its side and says where and with what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 30.0)
    return picture(exif=exif, comment=b"a secret remark")


def huge_png():
    """Return a PNG of a few bytes that says it is 60,000 pixels wide and high."""
    whole = bytearray(picture("PNG"))
    import struct  # noqa: PLC0415 - only here
    import zlib  # noqa: PLC0415

    whole[16:24] = struct.pack(">II", 60_000, 60_000)
    whole[29:33] = struct.pack(">I", zlib.crc32(bytes(whole[12:29])))
    return bytes(whole)
