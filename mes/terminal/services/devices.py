"""Devices: a code is made for one, it enrolls itself with it, is heard of, and is revoked."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from mes.core.errors import DomainError, InvalidInput
from mes.masterdata.models import Site, WorkCenter
from mes.terminal.models import Device, EnrollmentCode
from mes.terminal.queries import device_digest, forget_devices, plain_code

CODE_LIFE = timedelta(minutes=15)
CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Nothing that is read as something else: no 0 and O, no 1, I and L, no U and V side by side."""
CODE_LENGTH = 8


class CodeNotGood(DomainError):
    """The code is unknown, used up or too old; which of them is nobody's business."""

    code = "enrollment_code"
    title = "This code does not work"
    status = 422


class DeviceNameTaken(DomainError):
    """Another device at the site has this name."""

    code = "device_name_taken"
    title = "This name is in use"


class DeviceRevoked(DomainError):
    """The device was revoked: nobody signs on there, and what it still sends is kept for a supervisor, not booked."""

    code = "device_revoked"
    title = "This device was revoked"


def make_code(
    *, site: Site, name: str, by: str, now: datetime, work_center: WorkCenter | None = None, life: timedelta = CODE_LIFE
) -> tuple[EnrollmentCode, str]:
    """Make a code for a device that is to stand at the site (or at one work center of it).

    Returns it with its text (``K7Q2-M9XW``), which is shown this once: only its hash is kept.

    :raises InvalidInput: the name is missing, or the work center is of another site.
    :raises DeviceNameTaken: a device that was not revoked has this name.
    """
    name = name.strip()
    if not name or len(name) > 100 or "\x00" in name:
        raise InvalidInput("Give the device a name that people find it by, such as “Saw 1, left”.", field="name")
    if work_center is not None and work_center.site_id != site.pk:
        raise InvalidInput(f"{work_center} is not at {site}.", field="work_center")
    _check_name(site, name)
    text = "".join(secrets.choice(CODE_SIGNS) for _sign in range(CODE_LENGTH))
    code = EnrollmentCode.objects.create(
        site=site,
        work_center=work_center,
        name=name,
        digest=device_digest(text),
        made_by=by,
        made_at=now,
        expires_at=now + life,
    )
    return code, f"{text[:4]}-{text[4:]}"


@transaction.atomic
def enroll(*, code: str, now: datetime) -> tuple[Device, str]:
    """Make a device of whoever holds the code, once. Returns it with its token, of which only the hash is kept.

    :raises CodeNotGood: the code is unknown, was used before, or is too old.
    :raises DeviceNameTaken: another device has taken the name meanwhile.
    """
    found = (
        EnrollmentCode.objects.select_for_update(of=("self",))
        .select_related("site", "work_center")
        .filter(digest=device_digest(plain_code(code)))
        .first()
    )
    if found is None or found.device_id is not None or found.expires_at <= now:
        raise CodeNotGood(
            _(
                "This code does not work: it is mistyped, was used before, or is too old."
                " Ask a supervisor for a new one."
            ),
            field="code",
        )
    _check_name(found.site, found.name)
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            device = Device.objects.create(
                site=found.site,
                work_center=found.work_center,
                name=found.name,
                digest=device_digest(token),
                enrolled_at=now,
                enrolled_by=found.made_by,
                seen_at=now,
            )
    except IntegrityError as clash:
        raise _taken(found.name) from clash
    found.device = device
    found.save(update_fields=["device"])
    return device, token


@transaction.atomic
def revoke(*, device_id: int, by: str, now: datetime) -> Device:
    """End a device. What it still sends is kept for a supervisor and not booked. A second time changes nothing."""
    device = Device.objects.select_for_update(of=("self",)).get(pk=device_id)
    if device.revoked_at is None:
        device.revoked_at, device.revoked_by = now, by
        device.save(update_fields=["revoked_at", "revoked_by"])
    transaction.on_commit(forget_devices)
    return device


def note_heartbeat(*, device_id: int, version: str, queue_length: int, now: datetime) -> None:
    """Write down that the device was heard, what runs on it, and how much it has not sent yet."""
    # update(): a heartbeat is no edit, and leaves no history.
    Device.objects.filter(pk=device_id).update(seen_at=now, version=version[:40], queue_length=queue_length)


def _check_name(site: Site, name: str) -> None:
    if Device.objects.filter(site=site, name=name, revoked_at=None).exists():
        raise _taken(name)


def _taken(name: str) -> DeviceNameTaken:
    return DeviceNameTaken(
        _("There is a device “%(name)s” already. Revoke it first if this one takes its place, or choose another name.")
        % {"name": name},
        field="name",
    )
