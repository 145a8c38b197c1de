"""Takes calls further that nobody answers; a lost or doubled run does no harm."""

import logging
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from mes.andon import services

log = logging.getLogger(__name__)


@shared_task(name="mes.andon.tasks.escalate")
def escalate(**_: Any) -> None:
    """Escalate what is due, and write to whom a step names; a mail that cannot be sent is logged, the board shows it anyway."""
    for call, step in services.escalate_calls(now=timezone.now()):
        log.warning("Call %s was escalated to tier %s (%s)", call, step.tier, step.tells)
        if not step.email:
            continue
        waited = int((timezone.now() - call.raised_at).total_seconds() // 60)
        subject = f"{call}: nobody has answered for {waited} min"
        body = f"{subject}\n{call.note}\nRaised by {call.raised_by or 'nobody in particular'} at {call.raised_at:%H:%M} UTC."
        try:
            send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [step.email])
        except OSError as error:
            log.error("The mail to %s could not be sent: %s", step.tells, error)
