"""Makes an API key and prints its text, once."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mes.access import services
from mes.access.rules import ROLE_RIGHTS
from mes.masterdata.models import Site


class Command(BaseCommand):
    help = "Make an API key for a site, with the rights named or those of a role, and print it once."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name")
        parser.add_argument("--site", required=True, help="The site's code.")
        parser.add_argument("--right", action="append", default=[], help="May be given several times.")
        parser.add_argument("--role", choices=sorted(ROLE_RIGHTS), help="All rights of this role.")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}. Make it in the admin first.")
        rights = {*options["right"], *ROLE_RIGHTS.get(options["role"] or "", ())}
        try:
            key, text = services.create_key(name=options["name"], site=site, scopes=rights, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(text)
        self.stderr.write(f"{key} has: {', '.join(key.scopes)}. Keep it now; only its hash is stored.")
