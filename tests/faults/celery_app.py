"""The product's Celery application, with what the kill run plugs in."""

import django

django.setup()

from config.celery import app  # noqa: E402
from tests.faults import plug  # noqa: E402

plug.plug_in()

__all__ = ["app"]
