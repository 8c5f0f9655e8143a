"""Whose certificate it is: the SIP identities in it, and whether one of them is the domain asked for (RFC 5922 §7).

Fed with the certificate as it came in the handshake; tells net.tls.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from warnings import catch_warnings

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from offhook.sip.errors import SipError
from offhook.sip.uri import SipUri

SHOWN = 5  # identities named in a refusal
FEWEST_LABELS = 2  # right of a wildcard: nobody is *.com


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """What a certificate says its holder is: `domains` by sip URIs, or only without these by DNS names."""

    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    are_uris: bool = False


def identities_of(der: bytes) -> Identities:
    """The SIP identities of a certificate (§7.1). Raises ValueError when it cannot be read."""
    try:
        # What the library would rather not read is for OpenSSL to judge, and for no line on the terminal.
        with catch_warnings(action="ignore", category=CryptographyDeprecationWarning):
            certificate = x509.load_der_x509_certificate(der)
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        # §7.1: only a certificate without subjectAltName may name its holder in the subject.
        return Identities(domains=_common_names(certificate))
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from error
    addresses = tuple(str(address) for address in names.get_values_for_type(x509.IPAddress))
    uris = tuple(host for uri in names.get_values_for_type(x509.UniformResourceIdentifier) if (host := _host_of(uri)))
    if uris:
        return Identities(domains=uris, addresses=addresses, are_uris=True)
    return Identities(domains=tuple(names.get_values_for_type(x509.DNSName)), addresses=addresses)


def is_identity(wanted: str, identities: Identities, *, allow_wildcards: bool = False) -> bool:
    """Whether one of these is the domain or address wanted, as a whole and without regard to case (§7.2).

    RFC 5922 knows no wildcards; with `allow_wildcards` a DNS name may begin with `*.`, for one label (RFC 9525 §6.3).
    """
    plain = wanted.lower().rstrip(".")
    try:
        address = str(ip_address(plain))
    except ValueError:
        pass
    else:
        return address in identities.addresses or address in identities.domains
    known = [name.lower().rstrip(".") for name in identities.domains]
    if plain in known:
        return True
    _, _, parent = plain.partition(".")
    may_be_wild = allow_wildcards and not identities.are_uris and parent.count(".") + 1 >= FEWEST_LABELS
    return may_be_wild and f"*.{parent}" in known


def shown(identities: Identities) -> str:
    """The identities for people, the first few of them."""
    everything = [*identities.domains, *identities.addresses]
    text = ", ".join(f"{name:.80}" for name in everything[:SHOWN])
    return f"{text} and others" if len(everything) > SHOWN else text or "nobody"


def _host_of(uri: str) -> str:
    """The host of a sip URI without user; any other URI is no SIP domain identity (§7.1)."""
    if not uri.lower().startswith("sip:"):
        return ""
    try:
        parsed = SipUri.parse(uri)
    except SipError:
        return ""
    return "" if parsed.user else parsed.host.removeprefix("[").removesuffix("]")


def _common_names(certificate: x509.Certificate) -> tuple[str, ...]:
    return tuple(str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
