"""``manage.py journal verify | seal | head``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mes.journal import services


class Command(BaseCommand):
    help = "Verify that nothing in the journal was changed, deleted, inserted or swapped; seal it; or print its head."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("action", choices=["verify", "seal", "head"])
        parser.add_argument(
            "--anchor",
            default="",
            help="A head (sequence:hash) that was kept elsewhere, e.g. from the log: shows a cut or rewritten end.",
        )

    def handle(self, *args: Any, action: str, anchor: str, **options: Any) -> None:
        if action == "seal":
            self.stdout.write(f"{services.seal()} entries sealed.")
            return
        verdict = services.verify(anchor=anchor)
        if action == "head":
            self.stdout.write(verdict.head)
            return
        for finding in verdict.findings:
            self.stdout.write(f"Entry {finding.sequence}: {finding.what}")
        if verdict.findings:
            raise CommandError("The journal is not what was sealed. Compare with a backup of before.")
        self.stdout.write(f"{verdict.checked} entries are as sealed, {verdict.unsealed} wait for the sealer.")
        self.stdout.write(f"Head {verdict.head}")
