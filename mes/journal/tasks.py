"""Seals the journal every few seconds; a lost or doubled run does no harm."""

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from mes.journal import services

log = logging.getLogger(__name__)


@shared_task(name="mes.journal.tasks.seal")
def seal(**_: Any) -> None:
    """Seal what was committed since, and once an hour write the head to the log, from where it leaves this machine."""
    services.seal()
    if anchor := services.head_to_anchor(now=timezone.now()):
        log.info("journal anchor %s", anchor)
