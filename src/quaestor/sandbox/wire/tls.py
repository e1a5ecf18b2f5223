"""Certificates for the sandbox: an authority made on start, and one certificate of this machine signed by it.

The authority's key is never written down and is gone once the certificate is signed, so nobody can sign anything else
with what a client was told to trust. `cryptography` is the library (`quaestor[tls]`), imported when used.

Before: `--tls`. After: `serve` speaks TLS with the `Identity`; clients trust its `authority`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

from quaestor.errors import UsageError
from quaestor.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.x509 import CertificateBuilder, Name

    from quaestor.catalog.model import Provider

#: Days that a certificate is good for: longer than any test, shorter than anybody would forget it.
DAYS = 30


class Identity(Record):
    """Paths of PEM files: what clients trust, what the server shows, and its key."""

    authority: str
    certificate: str
    key: str


@contextmanager
def identity(providers: Sequence[Provider] = (), *, expired: bool = False) -> Iterator[Identity]:
    """An identity in a folder of its own, which only this user can read, while the block runs.

    The certificate is for localhost, 127.0.0.1 and ::1, and for the hosts of the providers, so that a client whose
    name resolution leads to this machine believes it too.

    Args:
        expired: the certificate was good until yesterday.

    Raises UsageError if `cryptography` isn't installed.
    """
    import tempfile

    made = _made(_names(providers), expired)
    with tempfile.TemporaryDirectory(prefix="quaestor-tls-") as folder:
        paths = []
        for name, data in zip(("ca.pem", "certificate.pem", "key.pem"), made, strict=True):
            path = os.path.join(folder, name)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
            paths.append(path)
        yield Identity(*paths)


def _names(providers: Sequence[Provider]) -> list[str]:
    """The host names of the providers' servers; a variable without a list stands for any one label."""
    names = ["localhost"]
    for provider in providers:
        host = provider.server.url.partition("://")[2].partition("/")[0]
        hosts = [host]
        for variable in provider.server.variables:
            values = variable.enum or ("*",)
            hosts = [each.replace("{" + variable.name + "}", str(value)) for each in hosts for value in values]
        # below a vendor's other domains the same
        stem = host.partition(".")[2] if host.startswith("{") else ""
        hosts += [each.replace(stem, domain) for each in hosts for domain in provider.server.domains if stem]
        names += [each for each in hosts if each and "{" not in each and "*" not in each[1:]]
    return list(dict.fromkeys(names))


def _made(names: Sequence[str], expired: bool) -> tuple[bytes, bytes, bytes]:
    """PEM of the authority's certificate, of the server's, and of the server's key."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError:
        raise UsageError("TLS needs the package cryptography", hint="pip install 'quaestor[tls]'") from None
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    now = datetime.now(UTC)
    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Quaestor sandbox authority")])
    usage = {
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    until = now + timedelta(days=-1 if expired else DAYS)
    since = now - timedelta(days=DAYS + 1)
    identifier = x509.SubjectKeyIdentifier.from_public_key(signing.public_key())
    authority = (
        _certificate(issuer, issuer, signing.public_key(), since)
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
        .add_extension(identifier, critical=False)
        .sign(signing, hashes.SHA256())
    )
    known = [x509.DNSName(name) for name in names]
    addresses = [x509.IPAddress(ip_address(text)) for text in ("127.0.0.1", "::1")]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Quaestor sandbox")])
    certificate = (
        _certificate(issuer, subject, serving.public_key(), since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*known, *addresses]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signing, hashes.SHA256())
    )
    key = serving.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return authority.public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.PEM), key


def _certificate(issuer: Name, subject: Name, key: EllipticCurvePublicKey, since: datetime) -> CertificateBuilder:
    """What all certificates have."""
    from cryptography import x509

    builder = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(since)
