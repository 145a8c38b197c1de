"""Removes once a day what was handed in and never named; a lost or doubled run does no harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from mes.documents import services


@shared_task(name="mes.documents.tasks.remove_unclaimed")
def remove_unclaimed(**_: Any) -> None:
    """Remove the files that nothing has named for a long time."""
    services.remove_unclaimed(now=timezone.now())
