"""``manage.py forget_persons``: take persons out of facts that are older than their site keeps them, now."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from labor import services


class Command(BaseCommand):
    """Does at once what beat does once a day."""

    help = "Take persons out of facts that are older than their site's privacy policy keeps them."

    def handle(self, *args: Any, **options: Any) -> None:
        told = services.forget_persons(now=timezone.now())
        for one in told:
            self.stdout.write(f"{one.site}: before {one.before:%Y-%m-%d %H:%M} UTC these are nobody's now:")
            for kind in one.facts:
                self.stdout.write(f"  {kind.fact}: {kind.places}")
        if not told:
            self.stdout.write("Nothing is older than its site keeps persons.")
