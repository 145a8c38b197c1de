"""Makes a code for a device and prints the address at which it is used: for the first tablet, and for `make demo`."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from mes.core.errors import DomainError
from mes.masterdata.models import Site, WorkCenter
from mes.terminal import services


class Command(BaseCommand):
    help = "Make a code that enrolls a device (a tablet's browser) at a site, once, and print it."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name", help="What people call the device.")
        parser.add_argument("--site", required=True, help="The site's code.")
        parser.add_argument("--work-center", default="", help="Its code; without it every one of the site.")
        parser.add_argument("--minutes", type=int, default=int(services.CODE_LIFE.total_seconds() // 60))
        parser.add_argument("--url", default="", help="Where Lineside is reached, to print the whole address.")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=options["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {options['site']}. Make it in the admin first.")
        center = None
        if options["work_center"]:
            center = WorkCenter.objects.filter(site=site, code=options["work_center"]).first()
            if center is None:
                raise CommandError(f"There is no work center {options['work_center']} at {site}.")
        try:
            _, text = services.make_code(
                site=site,
                work_center=center,
                name=options["name"],
                by="command line",
                now=timezone.now(),
                life=timedelta(minutes=options["minutes"]),
            )
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{options['url'].rstrip('/')}{reverse('terminal:enroll')}?code={text}")
