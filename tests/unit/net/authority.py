"""A certificate authority for tests: its own certificate, and any that it is asked to sign."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2120, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in files and as bytes."""

    certificate: Path
    key: Path
    der: bytes


def names(*texts: str) -> list[x509.GeneralName]:
    """General names from `uri:…`, `dns:…` and `ip:…`."""
    made: list[x509.GeneralName] = []
    for text in texts:
        kind, _, value = text.partition(":")
        if kind == "uri":
            made.append(x509.UniformResourceIdentifier(value))
        elif kind == "dns":
            made.append(x509.DNSName(value))
        else:
            made.append(x509.IPAddress(ip_address(value)))
    return made


class Authority:
    """Signs what it is asked to; `trust` is its own certificate."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._count = 0
        certificate = (
            self._builder(self._name, END)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.trust = folder / "authority.pem"
        self.trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *sans: str, common_name: str = "", days: int = 0) -> Issued:
        """A certificate with these alternative names; `days` before it ends, counted from START, 0 for for ever."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
        builder = self._builder(subject, START + timedelta(days=days) if days else END).public_key(key.public_key())
        if sans:
            builder = builder.add_extension(x509.SubjectAlternativeName(names(*sans)), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        self._count += 1
        place = self._folder / f"{self._count}.pem"
        place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return Issued(place, _write_key(place, key), certificate.public_bytes(serialization.Encoding.DER))

    def _builder(self, subject: x509.Name, end: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(end)
        )


def _write_key(place: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    path = place.with_suffix(".key")
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
