"""Forgets once a day what was answered long ago; a lost or doubled run does no harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from mes.access import services


@shared_task(name="mes.access.tasks.forget_old_answers")
def forget_old_answers(**_: Any) -> None:
    """Delete the stored answers that no offline tablet will ask for again."""
    services.forget_old_answers(now=timezone.now())
