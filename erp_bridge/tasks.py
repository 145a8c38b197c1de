"""Celery's way in: each task makes one call. What they carry is a nudge; losing or repeating it changes nothing."""

from celery import current_app, shared_task
from kombu.exceptions import KombuError

from erp_bridge.engine import nudge, scheduler, worker


@shared_task
def sweep(**_: object) -> int:
    """Drain what is due. The certainty behind every nudge."""
    return worker.sweep()


@shared_task
def drain_stream(*, stream_id: int, **_: object) -> int:
    """Drain one stream, because something in it may be due."""
    return worker.drain_stream(stream_id)


@shared_task
def pull_due(**_: object) -> int:
    """Pull what is due to come down."""
    return scheduler.run_due(down=True)


@shared_task
def collect_due(**_: object) -> int:
    """Collect the roll-ups that are due to go up."""
    return scheduler.run_due(down=False)


def publish_nudge(stream_id: int) -> None:
    """Hand a nudge to the broker: once, and only if it takes it at once.

    :raises erp_bridge.engine.nudge.NotTaken: it is down, hung, or not what it should be.
    """
    if current_app.conf.task_always_eager:
        return
    broker = current_app.connection_for_write()
    down: tuple[type[BaseException], ...] = (OSError, KombuError, *broker.connection_errors, *broker.channel_errors)
    try:
        drain_stream.apply_async(kwargs={"stream_id": stream_id}, retry=False, expires=10, ignore_result=True)
    except down as error:
        raise nudge.NotTaken(str(error)) from error
