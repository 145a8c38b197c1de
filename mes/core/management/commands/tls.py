"""``manage.py tls``: https for terminals with a certificate authority of the plant's own."""

import re
import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from mes.core.tls import make_certificates

HOST = re.compile(r"[A-Za-z0-9*]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9a-fA-F:.]+")


class Command(BaseCommand):
    help = "Make a private certificate authority (once) and a server certificate, and say how to use them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "hosts", nargs="*", help="Names and addresses under which terminals reach this server; default: its own."
        )
        parser.add_argument("--folder", type=Path, default=settings.VAR_DIR / "tls", help="Where the files go.")

    def handle(self, *args: Any, **options: Any) -> None:
        own = socket.gethostname()
        hosts = list(dict.fromkeys([*(options["hosts"] or [own]), "localhost", "127.0.0.1"]))
        for host in hosts:
            if not HOST.fullmatch(host):
                raise CommandError(f"“{host}” is no name and no address. Give it without https:// and without a port.")
        try:
            made = make_certificates(
                folder=options["folder"], hosts=hosts, name=f"Lineside {own}", now=timezone.now().replace(microsecond=0)
            )
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        if made.is_new_authority:
            self.stdout.write(f"New authority   {made.authority} (good until {made.authority_ends:%Y-%m-%d})")
            self.stdout.write("                Every tablet must trust it once: docs/operations.md says how.")
        else:
            self.stdout.write(f"Authority       {made.authority} (kept; tablets that trust it need nothing new)")
        self.stdout.write(f"SHA-256         {made.fingerprint}")
        self.stdout.write(f"Certificate     {made.certificate} (good until {made.certificate_ends:%Y-%m-%d})")
        self.stdout.write(f"                for {', '.join(hosts)}")
        self.stdout.write(
            "Serve with it   LINESIDE_HTTPS=1 LINESIDE_BEHIND_PROXY=0 granian --interface wsgi --port 443 \\"
        )
        self.stdout.write(f"                  --ssl-certificate {made.certificate} --ssl-keyfile {made.key} \\")
        self.stdout.write("                  config.wsgi:application")
        self.stdout.write(f"Keep            {options['folder'] / 'authority.key'} to yourself: who has it can pose as")
        self.stdout.write("                any site to your tablets.")
