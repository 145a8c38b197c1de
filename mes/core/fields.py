"""Model fields whose precision is decided once."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db import models


class PlainDecimalInput(forms.DecimalField):
    """A number in a form, without the zeros that the database keeps behind it."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal) or not value.is_finite():
            return value
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text


class ExactField(models.DecimalField):
    """A number whose last places are kept although they are seldom used."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PlainDecimalInput} | kwargs)


class QuantityField(ExactField):
    """A quantity in the unit that stands beside it: up to 12 digits before the point, 6 after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 18, "decimal_places": 6} | kwargs)


class MinutesField(ExactField):
    """A duration in minutes, exact to a millionth of a minute (so whole seconds survive the way there and back)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 16, "decimal_places": 6} | kwargs)


class MoneyField(ExactField):
    """An amount in the currency that stands beside it: 6 places, rounded to the cent only where it is posted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 6} | kwargs)
