"""Which addresses a connection may name: a host of its own choice, but never the machine room's back door."""

import ipaddress
import socket
from urllib.parse import urlsplit

from erp_bridge.sdk.errors import Misconfigured

_METADATA = ("fd00:ec2::254", "100.100.100.200", "168.63.129.16")
"""Where clouds hand out credentials besides 169.254.0.0/16."""


def check(url: str) -> None:
    """Accept an address that an ERP may have.

    An ERP is often in the same building, so private addresses are allowed, and for a small plant on one machine even
    this one; link-local, metadata, multicast and unspecified ones are not, by whatever name.

    :raises erp_bridge.sdk.errors.Misconfigured: saying what is wrong with it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise Misconfigured(f"{url!r} is not an address: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise Misconfigured(f"{url!r}: only http and https are spoken here.")
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise Misconfigured(f"{parts.scheme}://…: the address needs a host, and no name or password inside it.")
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return  # No such name today: the call itself will say so, and try later.
    for *_, address in found:
        _refuse_forbidden(str(address[0]).split("%")[0], parts.hostname)


def _refuse_forbidden(address: str, host: str) -> None:
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in _METADATA:
        raise Misconfigured(f"{host} is at {ip}, which no ERP has; connections to it are not allowed.")
