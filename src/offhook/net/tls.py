"""What our TLS goes by: the contexts of listening and connecting, and how far a peer's certificate is believed.

Python's ssl checks the chain; the name is checked here after RFC 5922, which ssl cannot, before any SIP is sent.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from offhook.net.errors import CertificateUnusable, PeerNotTrusted
from offhook.net.peer_identity import identities_of, is_identity, shown

# Those of Twilio's list, and what is newer. The ones without forward secrecy stand last; no peer should need them.
CIPHERS = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES256+SHA384:ECDHE+AES128+SHA256:"
    "AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA"
)


class Verification(Enum):
    """How far the certificate of a peer that we connect to is checked; each includes the one before."""

    NONE = "none"  # as Twilio does: encrypted, to whomever
    CHAIN = "chain"  # signed by somebody we trust, in its time
    NAME = "name"  # and for the domain of the URI; a DNS name may be a wildcard
    RFC5922 = "rfc5922"  # and no wildcards


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """Certificate chain and key as PEM files; `trust` is a PEM file too, None for the system's own.

    `exceptions` are the domains that are checked otherwise than `verify` says.
    """

    certificate: Path
    key: Path
    trust: Path | None = None
    verify: Verification = Verification.NONE
    exceptions: Mapping[str, Verification] = field(default_factory=dict)
    require_client_certificate: bool = False
    ciphers: str = CIPHERS


class Tls:
    """The contexts of all edges. Reads files: make it away from the loop. Raises CertificateUnusable."""

    def __init__(self, settings: TlsSettings) -> None:
        self._settings = settings
        self.accept_context, self._believing, self._checking = _contexts(settings)

    def reload(self) -> None:
        """Read the files again, for the handshakes to come; all stays as it was when they are no good.

        Raises CertificateUnusable.
        """
        self.accept_context, self._believing, self._checking = _contexts(self._settings)

    def verification(self, domain: str) -> Verification:
        """How far the peer of this domain is checked."""
        return self._settings.exceptions.get(domain.lower(), self._settings.verify)

    def connect_context(self, domain: str) -> ssl.SSLContext:
        """The context for a connection to this domain."""
        return self._believing if self.verification(domain) is Verification.NONE else self._checking

    def examine(self, der: bytes | None, domain: str) -> None:
        """Check that a certificate, as it came, is that of this domain or address. Raises PeerNotTrusted."""
        verification = self.verification(domain)
        if verification not in {Verification.NAME, Verification.RFC5922}:
            return
        try:
            identities = identities_of(der or b"")
        except ValueError as error:
            raise PeerNotTrusted("name", f"its certificate cannot be read: {error}") from error
        if not is_identity(domain, identities, allow_wildcards=verification is Verification.NAME):
            raise PeerNotTrusted("name", f"expected a certificate for {domain}, got one for {shown(identities)}")


def explain(error: Exception) -> str:
    """Why a handshake failed, for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted (chain): {error.verify_message}"
    reason = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None
    if reason in _TOO_OLD:
        return "32222 TLS version not supported: 1.2 or newer is needed"
    if reason in _NOT_TLS:
        return "what it sent is not TLS"
    if reason is not None:
        return str(reason).lower().replace("_", " ")
    return str(error) or ("timeout" if isinstance(error, TimeoutError) else type(error).__name__)


_TOO_OLD = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "VERSION_TOO_LOW"})
_NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"})


def _contexts(settings: TlsSettings) -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    """For accepting; for connecting to whomever; for connecting to those whose chain is checked."""
    accepting = _context(settings, ssl.PROTOCOL_TLS_SERVER)
    accepting.verify_mode = ssl.CERT_NONE
    if settings.require_client_certificate:
        _trust(accepting, settings, ssl.Purpose.CLIENT_AUTH)
    believing = _context(settings, ssl.PROTOCOL_TLS_CLIENT)
    checking = _context(settings, ssl.PROTOCOL_TLS_CLIENT)
    for context in (believing, checking):
        # The host is checked in examine: ssl knows neither sip URIs nor the rules of RFC 5922.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.verify is not Verification.NONE or settings.exceptions:
        _trust(checking, settings, ssl.Purpose.SERVER_AUTH)
    return accepting, believing, checking


def _context(settings: TlsSettings, side: int) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(settings.ciphers)
    except ssl.SSLError as error:
        raise CertificateUnusable(f"tls.ciphers: OpenSSL knows none of {settings.ciphers!r}") from error
    try:
        # Without a password function OpenSSL asks at the terminal, and the program stands still.
        context.load_cert_chain(settings.certificate, settings.key, password=lambda: b"")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise CertificateUnusable(
            f"certificate {settings.certificate} with key {settings.key} cannot be used: {reason}"
        ) from error
    return context


def _trust(context: ssl.SSLContext, settings: TlsSettings, purpose: ssl.Purpose) -> None:
    context.verify_mode = ssl.CERT_REQUIRED
    if settings.trust is None:
        context.load_default_certs(purpose)
        return
    try:
        context.load_verify_locations(settings.trust)
    except OSError as error:
        raise CertificateUnusable(f"tls.trust {settings.trust} cannot be used: {error}") from error
