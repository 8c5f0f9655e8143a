"""Makes a self-signed certificate for a platform that was given none, and reads what a certificate says."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from offhook.net.errors import CertificateUnusable
from offhook.net.peer_identity import Identities, identities_of

# RSA, because Twilio's own list of ciphers has no others and telephones follow it.
KEY_BITS = 2048
LIFE = timedelta(days=3650)
EARLY = timedelta(days=1)  # a peer's clock may be behind


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What of a certificate people ask: whose it is, and from when until when."""

    identities: Identities
    not_before: datetime
    not_after: datetime


def write_self_signed(path: Path, key_path: Path, domain: str, addresses: Iterable[str], now: datetime) -> None:
    """Make a certificate for a SIP domain and these addresses, and its key, both of mode 0600. Raises OSError."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain[:64])])
    # RFC 5922 §7.1: a sip URI, and DNS names for all who do not look at URIs.
    names: list[x509.GeneralName] = [
        x509.UniformResourceIdentifier(f"sip:{domain}"),
        x509.DNSName(domain),
        x509.DNSName(f"*.{domain}"),
        *(x509.IPAddress(ip_address(address)) for address in dict.fromkeys(addresses)),
    ]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLY)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    _write(
        key_path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    _write(path, certificate.public_bytes(serialization.Encoding.PEM))


def facts_of(path: Path) -> CertificateFacts:
    """What the first certificate of a PEM file says. Raises CertificateUnusable."""
    try:
        certificate = x509.load_pem_x509_certificates(path.read_bytes())[0]
        identities = identities_of(certificate.public_bytes(serialization.Encoding.DER))
    except OSError as error:
        raise CertificateUnusable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CertificateUnusable(f"{path} holds no certificate in PEM form: {error}") from error
    return CertificateFacts(
        identities=identities, not_before=certificate.not_valid_before_utc, not_after=certificate.not_valid_after_utc
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with its mode and then renamed: the key is never readable by others, nor half of it by us.
    part = path.with_suffix(".new")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    part.replace(path)
