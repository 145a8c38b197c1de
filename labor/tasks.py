"""Forgets once a day whose old time was; a lost or doubled run does no harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from labor import services


@shared_task(name="labor.tasks.forget_persons")
def forget_persons(**_: Any) -> None:
    """Take persons out of facts that are older than their site keeps them."""
    services.forget_persons(now=timezone.now())
