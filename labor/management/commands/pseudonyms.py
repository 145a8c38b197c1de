"""``manage.py pseudonyms SITE``: which pseudonym stands for whom, for an ERP that has to know its employees."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mes.masterdata.models import Person, Site
from mes.masterdata.queries import pseudonym_of


class Command(BaseCommand):
    """The list is as confidential as the key: whoever has it knows who is who."""

    help = "List the pseudonym of every active person of a site, tab-separated."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("site", help="The site's code.")

    def handle(self, *args: Any, site: str, **options: Any) -> None:
        if not Site.objects.filter(code=site).exists():
            raise CommandError(f"There is no site {site}.")
        for number in (
            Person.objects.filter(site__code=site, active=True).order_by("number").values_list("number", flat=True)
        ):
            self.stdout.write(f"{number}\t{pseudonym_of(site=site, number=number)}")
