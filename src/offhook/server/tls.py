"""The TLS of all edges: the certificate of the configuration, or a self-signed one that is made and kept."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import structlog

from offhook.net.certificates import facts_of, write_self_signed
from offhook.net.errors import CertificateUnusable
from offhook.net.peer_identity import is_identity
from offhook.net.tls import CIPHERS, Tls, TlsSettings, Verification
from offhook.server.addresses import split_address
from offhook.server.config import Config
from offhook.server.errors import StartFailed
from offhook.sip.uri import SipUri

log = structlog.get_logger(__name__)

CERTIFICATE, KEY = "tls-certificate.pem", "tls-key.pem"
LEAST_LIFE = timedelta(days=30)  # a self-signed certificate that ends sooner is made anew at start


def open_tls(config: Config, now: datetime) -> Tls | None:
    """What the edges' TLS goes by, None when no edge has `sips`. Reads and writes files. Raises StartFailed."""
    if not any(edge.sips for edge in config.settings.edge):
        return None
    try:
        if not config.settings.tls.certificate:
            keep_self_signed(config, now)
        return Tls(tls_settings(config))
    except CertificateUnusable as error:
        raise StartFailed(str(error)) from error


def reload_tls(config: Config, tls: Tls, now: datetime) -> None:
    """Read certificate, key and trusted ones again; what is no good is logged, and the old ones stay."""
    try:
        if not config.settings.tls.certificate:
            keep_self_signed(config, now)
        tls.reload()
    except (CertificateUnusable, StartFailed) as error:
        log.error("certificate_not_reloaded", reason=str(error))  # noqa: TRY400 - the reason says it all
    else:
        log.info("certificate_reloaded", path=str(tls_settings(config).certificate))


def tls_settings(config: Config) -> TlsSettings:
    """The settings that TLS goes by; relative paths start at the configuration file's folder."""
    tls = config.settings.tls
    folder = config.source.parent if config.source else Path()
    own = bool(tls.certificate)
    return TlsSettings(
        certificate=folder / tls.certificate if own else config.data / CERTIFICATE,
        key=folder / (tls.key or tls.certificate) if own else config.data / KEY,
        trust=folder / tls.trust if tls.trust else None,
        verify=Verification(tls.verify),
        exceptions=dict(_exceptions(config)),
        require_client_certificate=tls.require_client_certificate,
        ciphers=tls.ciphers or CIPHERS,
    )


def keep_self_signed(config: Config, now: datetime) -> None:
    """Make the self-signed certificate, unless the one kept is still good. Raises StartFailed."""
    path, key = config.data / CERTIFICATE, config.data / KEY
    domain, addresses = config.settings.sip.domain, list(edge_addresses(config))
    if key.exists() and _is_good(path, [domain, *addresses], now):
        return
    try:
        write_self_signed(path, key, domain, addresses, now)
    except OSError as error:
        raise StartFailed(f"the self-signed certificate cannot be kept in {path}: {error.strerror}") from error
    log.info("certificate_made", path=str(path))


def edge_addresses(config: Config) -> Iterator[str]:
    """Every address that an edge can be reached at."""
    for edge in config.settings.edge:
        for address in (edge.advertise, *(split_address(text) or ("",) for text in (edge.sip, edge.sips) if text)):
            host = address if isinstance(address, str) else address[0]
            if host and not ip_address(host).is_unspecified:
                yield host


def _is_good(path: Path, wanted: list[str], now: datetime) -> bool:
    try:
        facts = facts_of(path)
    except CertificateUnusable:
        return False
    lasts = facts.not_before <= now and now + LEAST_LIFE <= facts.not_after
    return lasts and all(is_identity(one, facts.identities) for one in wanted)


def _exceptions(config: Config) -> Iterator[tuple[str, Verification]]:
    """Trunks whose peers are checked otherwise than the rest, by their host."""
    for trunk in config.settings.trunk:
        if trunk.tls_verify:
            uri = SipUri.parse(f"sip:{trunk.host}")
            yield uri.host.lower().removeprefix("[").removesuffix("]"), Verification(trunk.tls_verify)
