"""How rows are named in addresses."""

from django.urls import register_converter


class RowConverter:
    """A row's id: digits only, and few enough of them for every database."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(RowConverter, "row")
