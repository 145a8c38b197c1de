"""How rows are named in addresses and forms."""

import re

from django.urls import register_converter


class RowConverter:
    """A row's id: digits only, and few enough of them for every database."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


def row_key(text: str) -> int:
    """Return the key of the row that a text names, or 0, which no row has."""
    return int(text) if re.fullmatch(RowConverter.regex, text) else 0


register_converter(RowConverter, "row")
