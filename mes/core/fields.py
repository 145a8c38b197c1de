"""Model fields whose precision is decided once."""

from typing import Any

from django.db import models


class QuantityField(models.DecimalField):
    """A quantity in the unit that stands beside it: up to 12 digits before the point, 6 after."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 18, "decimal_places": 6} | kwargs)


class MinutesField(models.DecimalField):
    """A duration in minutes, exact to a millionth of a minute (so whole seconds survive the way there and back)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 16, "decimal_places": 6} | kwargs)


class MoneyField(models.DecimalField):
    """An amount in the currency that stands beside it: 6 places, rounded to the cent only where it is posted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": 20, "decimal_places": 6} | kwargs)
