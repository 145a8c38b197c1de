"""What every page of the admin has in common: how it writes numbers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils import formats

from mes.core.templatetags.lineside import qty


class PlainNumbers:
    """Mixed into a page or an inline of the admin: quantities, times and amounts without needless zeros (12, not 12.000000)."""

    model: type[models.Model]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        listed = super().get_list_display(request)  # type: ignore[misc]
        decimals = _decimals(self.model)
        return [_column(decimals[name]) if name in decimals else name for name in listed]

    @property
    def readonly_preprocess_fields(self) -> dict[str, Callable[[str], str]]:
        """Tell unfold how to write what a form only shows."""
        return dict.fromkeys(_decimals(self.model), _plain)


def _decimals(model: type[models.Model]) -> dict[str, models.DecimalField]:
    return {field.name: field for field in model._meta.fields if isinstance(field, models.DecimalField)}


def _column(field: models.DecimalField) -> Callable[[Any], str | None]:
    def column(row: Any) -> str | None:
        value: Decimal | None = getattr(row, field.name)
        return None if value is None else qty(value)

    column.__name__ = field.name
    column.short_description = field.verbose_name  # type: ignore[attr-defined]
    column.admin_order_field = field.name  # type: ignore[attr-defined]
    return column


def _plain(text: str) -> str:
    """Take the zeros off the end of a number that Django wrote with all its places."""
    whole, point, places = text.rpartition(formats.get_format("DECIMAL_SEPARATOR"))
    return whole + (point + places.rstrip("0")).rstrip(point) if point and places.isdigit() else text
