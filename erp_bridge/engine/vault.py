"""Keeps the secrets of connections unreadable at rest: a key ring from the environment, newest key first."""

import base64
import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotOpen(ValueError):
    """The secrets were sealed with a key that is not in the ring, or for another connection."""


def seal(secrets: Mapping[str, str], *, owner: str) -> str:
    """Return the secrets as text that only this plant's keys open, and only for ``owner``."""
    if not secrets:
        return ""
    inside = json.dumps({"owner": owner, "secrets": dict(secrets)}, sort_keys=True)
    return _ring().encrypt(inside.encode()).decode()


def unseal(sealed: str, *, owner: str) -> dict[str, str]:
    """Return what was sealed.

    :raises CannotOpen: by another key, or for another owner (a row that was copied).
    """
    if not sealed:
        return {}
    try:
        inside = json.loads(_ring().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise CannotOpen(
            "The secrets of this connection were sealed with another key. "
            "Put that key behind the newest one in LINESIDE_FIELD_KEYS, or enter the secrets again."
        ) from error
    if inside["owner"] != owner:
        raise CannotOpen("The secrets of this connection belong to another one. Enter them again.")
    return inside["secrets"]


def reseal(sealed: str) -> str:
    """Return the same secrets under the newest key."""
    return _ring().rotate(sealed.encode()).decode() if sealed else ""


def _ring() -> MultiFernet:
    return _ring_of(tuple(getattr(settings, "LINESIDE_FIELD_KEYS", ())), settings.SECRET_KEY)


@lru_cache(maxsize=4)
def _ring_of(keys: tuple[str, ...], secret_key: str) -> MultiFernet:
    if keys:
        return MultiFernet([Fernet(key) for key in keys])
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"lineside field encryption").derive(
        secret_key.encode()
    )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(derived))])
