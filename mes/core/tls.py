"""A certificate authority of the plant's own and a certificate for its server: tablets that trust the first believe the
second, and only then do browsers let a terminal work on without network."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
"""Browsers refuse server certificates that are good for longer."""
CLOCK_SKEW = timedelta(days=1)
"""A tablet whose clock is behind must not refuse a certificate made a minute ago."""


@dataclass(frozen=True)
class Made:
    """Where the files are, the fingerprint that a person compares on the tablet, and until when each is good."""

    authority: Path
    certificate: Path
    key: Path
    fingerprint: str
    authority_ends: datetime
    certificate_ends: datetime
    is_new_authority: bool


def make_certificates(*, folder: Path, hosts: Sequence[str], name: str, now: datetime) -> Made:
    """Make a server certificate for ``hosts`` (names and addresses), and before it the authority if there is none yet.

    An authority that is there is kept, so that tablets which trust it need nothing new.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key_path, authority_path = folder / "authority.key", folder / "authority.crt"
    is_new = not (key_path.exists() and authority_path.exists())
    if is_new:
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = _authority(authority_key, name=name, now=now)
        _write_key(key_path, authority_key)
        authority_path.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    else:
        loaded = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{key_path} is not a key that this command has made.")
        authority_key = loaded
        authority = x509.load_pem_x509_certificate(authority_path.read_bytes())
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = _server(server_key, hosts=hosts, authority=authority, authority_key=authority_key, now=now)
    _write_key(folder / "server.key", server_key)
    (folder / "server.crt").write_bytes(server.public_bytes(serialization.Encoding.PEM))
    print_ = authority.fingerprint(hashes.SHA256()).hex().upper()
    return Made(
        authority=authority_path,
        certificate=folder / "server.crt",
        key=folder / "server.key",
        fingerprint=":".join(print_[i : i + 2] for i in range(0, len(print_), 2)),
        authority_ends=authority.not_valid_after_utc,
        certificate_ends=server.not_valid_after_utc,
        is_new_authority=is_new,
    )


def _authority(key: ec.EllipticCurvePrivateKey, *, name: str, now: datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(own, critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    *,
    hosts: Sequence[str],
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime,
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(min(now + SERVER_LIFE, authority.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key that only its owner can read, from the first byte on."""
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
