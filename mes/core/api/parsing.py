"""JSON read strictly: what two readers could understand differently is refused before anything else looks at it."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from mes.core.api.problems import Refusal

MAX_DEPTH = 32
MAX_DIGITS = 40
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_BRACKETS = re.compile(rb"[\[\]{}]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """Reads UTF-8 JSON of at most 1 MiB and 32 levels.

    Refused with a code each: duplicate names, NaN and Infinity, numbers of absurd length, NUL and lone surrogates
    anywhere, byte order marks and other encodings, an empty body. Numbers with a point arrive as Decimal.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the parsed body.

        :raises mes.core.api.problems.Refusal: naming what is wrong with it.
        """
        charset = _charset(media_type or "")
        if charset not in ("", "utf-8", "utf8", "us-ascii"):
            raise Refusal("media_type_unsupported", f"The body must be UTF-8, not {charset[:40]}.")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise Refusal("body_too_large", f"The body is larger than {limit} bytes. Send it in parts.")
        return loads(raw)


class FileParser(BaseParser):
    """Reads the bytes of a file as they are, no further than the view's ``largest``; what they are, their content says."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> bytes:
        """Return the bytes, one more than ``largest`` where there are more."""
        return bytes(stream.read((parser_context or {})["view"].largest + 1))


class ImageParser(FileParser):
    """The same for who says that it is a picture."""

    media_type = "image/*"


class PdfParser(FileParser):
    """The same for who says that it is a PDF."""

    media_type = "application/pdf"


def loads(raw: bytes) -> Any:
    """Return the JSON text as Python values, strictly (see :class:`StrictJSONParser`)."""
    if not raw.strip():
        raise Refusal("body_empty", "The body is empty. Send a JSON object.")
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Refusal("json_parse", "The body begins with a byte order mark. Send UTF-8 without one.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refusal("json_parse", f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    if is_too_deep(raw):
        raise Refusal("json_too_deep", f"The JSON is nested more than {MAX_DEPTH} levels deep.")
    try:
        value = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_decimal, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise Refusal("json_parse", f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise Refusal("json_too_deep", f"At most {MAX_DEPTH} levels are read.") from error
    if b"\\u" in raw:  # only an escape can smuggle in what UTF-8 and the JSON reader have already refused
        _check_text(value, "")
    return value


def _charset(media_type: str) -> str:
    for parameter in media_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def is_too_deep(raw: bytes) -> bool:
    """Tell whether JSON is nested more than ``MAX_DEPTH`` levels deep, without reading it."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(_STRING.sub(b"", raw)):
        depth += 1 if bracket.group() in b"[{" else -1
        if depth > MAX_DEPTH:
            return True
    return False


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise Refusal("json_duplicate_key", f"{ascii(double)[:80]} stands twice in one object. Send it once.")
    return read


def _constant(text: str) -> Any:
    raise Refusal("number_invalid", f"{text} is not a JSON number.")


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise Refusal("number_invalid", f"{text[:40]} is not a number that can be stored.") from error
    if not value.is_finite() or len(text) > MAX_DIGITS or (value and abs(value.adjusted()) > MAX_DIGITS):
        raise Refusal("number_invalid", f"{text[:40]} is not a number that can be stored.")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Refusal("json_parse", f"A whole number has {len(text)} digits; at most {MAX_DIGITS} are read.")
    return int(text)


def _check_text(value: Any, pointer: str) -> None:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            raise Refusal("text_invalid", "A text has NUL or half a character in it.", pointer=pointer)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, pointer)
            _check_text(inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_text(inner, f"{pointer}/{index}")
