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


def make_document(site, **given):
    """Return a document of the site that counts at ``places`` (an item, or (item, operation), or a work center)."""
    from mes.documents.models import Document, DocumentPlace  # noqa: PLC0415 - Django is set up by then
    from mes.masterdata.models import WorkCenter  # noqa: PLC0415

    places = given.pop("places", [])
    number = f"WI-{Document.objects.count() + 1}"
    document = Document.objects.create(**{"site": site, "number": number, "title": "Deburring"} | given)
    for place in places:
        item, operation = place if isinstance(place, tuple) else (place, "")
        if isinstance(item, WorkCenter):
            DocumentPlace.objects.create(document=document, work_center=item)
        else:
            DocumentPlace.objects.create(document=document, item=item, operation=operation)
    return document


def make_revision(document, revision="A", *, content=None, steps="Clamp it.", released=True):
    """Return a revision of the document, released unless told."""
    from mes.documents import services  # noqa: PLC0415
    from tests.factories import NOW  # noqa: PLC0415

    file = services.store_document(site=document.site, content=content, now=NOW) if content else None
    row = services.add_revision(document_id=document.pk, revision=revision, file=file, steps=steps, change="", now=NOW)
    return services.release_revision(revision_id=row.pk, by="planner", now=NOW) if released else row


def drawn_pdf(words="Deburr both edges"):
    """Return a PDF of one page that says something, as a browser shows it."""
    drawing = f"BT /F1 36 Tf 72 700 Td ({words}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table + end
