"""What `offhook doctor` looks at, each check a function of the configuration that tells what it found."""

import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import dns.exception
import dns.resolver

import offhook
from offhook.media.codec_names import check_libraries
from offhook.media.errors import CodecUnavailable
from offhook.net.certificates import facts_of
from offhook.net.clock import SystemClock
from offhook.net.errors import CertificateUnusable
from offhook.net.peer_identity import is_identity, shown
from offhook.net.tls import Tls
from offhook.server.accounts import FILE
from offhook.server.addresses import split_address, split_ports
from offhook.server.commands.api import address_of
from offhook.server.commands.errors import CommandFailed
from offhook.server.config import Config, load
from offhook.server.errors import ConfigError
from offhook.server.settings import Edge
from offhook.server.tls import tls_settings
from offhook.speech.synthesis import PROGRAM

NOW = SystemClock().now
LIMIT = 2.0  # seconds for an answer of the resolver, or of an offhook that runs
FEW_PORTS = 100
IN_USE = "address already in use"
ENDS_SOON = timedelta(days=14)
LEAST_FREE = 100_000_000  # bytes


class Verdict(Enum):
    """What a finding means."""

    GOOD = "ok"
    WARNING = "doubt"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `advice` says what to do about it."""

    verdict: Verdict
    what: str
    text: str
    advice: str = ""


def good(what: str, text: str) -> Finding:
    """All is well."""
    return Finding(verdict=Verdict.GOOD, what=what, text=text)


def doubt(what: str, text: str, advice: str) -> Finding:
    """It may be meant so."""
    return Finding(verdict=Verdict.WARNING, what=what, text=text, advice=advice)


def bad(what: str, text: str, advice: str) -> Finding:
    """Calls will not work."""
    return Finding(verdict=Verdict.BAD, what=what, text=text, advice=advice)


def examine(path: Path | None) -> Iterator[Finding]:
    """Look at everything, one after the other; a configuration that cannot be read is all there is to say."""
    try:
        config = load(path)
    except ConfigError as error:
        yield bad("configuration", str(error), "Correct it, then run `offhook doctor` again.")
        return
    yield good("configuration", str(config.source) if config.source else "built-in defaults, no file")
    for check in (
        check_data,
        check_http,
        check_edges,
        check_certificate,
        check_plane,
        check_speech,
        check_clock,
        check_resolver,
    ):
        yield from check(config)


def check_data(config: Config) -> Iterator[Finding]:
    """The data folder takes files and has room for them; the account's token is not for everyone."""
    folder = next(one for one in (config.data, *config.data.absolute().parents) if one.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = f"Run `chown` or `chmod` on {folder}, or set OFFHOOK_DATA to a folder of yours."
        yield bad("data folder", f"{folder} cannot be written to ({error.strerror})", advice)
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield bad("data folder", f"{config.data} has {free // 1_000_000} MB left", "Make room, or set OFFHOOK_DATA.")
    else:
        yield good("data folder", f"{config.data} can be written to")
    account = config.data / FILE
    if account.exists() and account.stat().st_mode & 0o077:
        yield doubt("account", f"{account} can be read by others", f"Run: chmod 600 {account}")


def check_http(config: Config) -> Iterator[Finding]:
    """The REST API's address is free, or an offhook answers at it already."""
    http = config.settings.http
    host, port = split_address(http.listen) or ("", 0)
    problem = bind_problem(socket.SOCK_STREAM, host, port)
    if problem is None:
        yield good("http.listen", f"{http.listen} is free")
    elif is_running(config):
        yield good("http.listen", f"an offhook is running at {http.listen}")
    else:
        yield bad(
            "http.listen", f"{http.listen} cannot be bound ({problem})", "Stop what uses it, or change http.listen."
        )
    is_encrypted = http.public_url.startswith("https:")
    if not (is_encrypted or ip_address(host).is_loopback):
        advice = "Put a TLS proxy in front and set http.public_url to its https URL."
        yield doubt("http.public_url", "auth tokens travel over the network in the clear", advice)


def check_edges(config: Config) -> Iterator[Finding]:
    """Each edge's addresses are this machine's, its ports free, and what it advertises can be reached."""
    running = is_running(config)
    for edge in config.settings.edge:
        host, port = split_address(edge.sip) or ("", 0)
        problem = bind_problem(socket.SOCK_DGRAM, host, port) or bind_problem(socket.SOCK_STREAM, host, port)
        secure_host, secure_port = split_address(edge.sips) or ("", 0)
        secure_problem = bind_problem(socket.SOCK_STREAM, secure_host, secure_port) if secure_host else None
        media = edge.media or host
        media_problem = bind_problem(socket.SOCK_DGRAM, media, 0)
        if problem and not (running and problem == IN_USE):
            yield bad(f"edge {edge.name}", f"sip {edge.sip} cannot be bound ({problem})", _advice(host, problem))
        elif secure_problem and not (running and secure_problem == IN_USE):
            told = f"sips {edge.sips} cannot be bound ({secure_problem})"
            yield bad(f"edge {edge.name}", told, _advice(secure_host, secure_problem))
        elif media_problem:
            told = f"media {media} cannot be bound ({media_problem})"
            yield bad(f"edge {edge.name}", told, _advice(media, media_problem))
        else:
            secure = f", sips {edge.sips}" if edge.sips else ""
            yield good(f"edge {edge.name}", f"sip {edge.sip}{secure}, media {media} ports {edge.media_ports}")
        yield from _advertised(edge, host)


def bind_problem(kind: socket.SocketKind, host: str, port: int) -> str | None:
    """Why a socket cannot be bound, in a few words, or None."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, kind) as trial:
            if kind is socket.SOCK_STREAM and os.name == "posix":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
            if kind is socket.SOCK_STREAM:
                trial.listen(1)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return None


def _advice(host: str, problem: str) -> str:
    if problem == IN_USE:
        return "Stop what uses it (`ss -lnptu` names it), or give the edge another port."
    if "permission" in problem:
        return "Ports below 1024 belong to root: take a higher one."
    if ip_address(host).is_loopback:
        return f"Give this machine the address: sudo ifconfig lo0 alias {host}"
    return "Write an address of this machine (`ip address` lists them); what others see goes into `advertise`."


def _advertised(edge: Edge, host: str) -> Iterator[Finding]:
    """What peers are told to answer to."""
    what, told = f"edge {edge.name}", edge.advertise or host
    if ip_address(told).is_unspecified:
        advice = "Set `advertise` to the address that your SIP infrastructure reaches this machine at."
        yield bad(what, f"peers are told to answer to {told}, which is nobody's address", advice)
    elif ip_address(told).is_loopback and not ip_address(host).is_loopback:
        yield bad(
            what, f"peers are told to answer to {told}, their own machine", "Set `advertise` to the outer address."
        )
    low, high = split_ports(edge.media_ports) or (0, 0)
    if high - low + 1 < FEW_PORTS:
        told = f"{high - low + 1} media ports are enough for {(high - low + 1) // 2} legs"
        yield doubt(what, told, "Widen `media_ports`: a leg takes two.")


def is_running(config: Config) -> bool:
    """Whether an offhook of this configuration answers."""
    try:
        request = urllib.request.Request(f"{address_of(config)}/healthz")  # noqa: S310 - our own http address
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=LIMIT) as answer:
            return str(answer.headers.get("Server")) == "offhook"
    except (OSError, ValueError, urllib.error.URLError, CommandFailed):
        return False


def check_certificate(config: Config, now: Callable[[], datetime] = NOW) -> Iterator[Finding]:
    """The certificate of the edges' TLS can be used, is in its time, and is for our SIP domain; its key is a secret."""
    if not any(edge.sips for edge in config.settings.edge):
        return
    settings = tls_settings(config)
    if not (config.settings.tls.certificate or settings.certificate.exists()):
        yield good("certificate", "a self-signed one is made at start")
        return
    try:
        Tls(settings)
        facts = facts_of(settings.certificate)
    except CertificateUnusable as error:
        yield bad("certificate", str(error), "Set tls.certificate and tls.key to a PEM file and its own key.")
        return
    domain, until = config.settings.sip.domain, f"{facts.not_after:%Y-%m-%d}"
    if not facts.not_before <= now() <= facts.not_after:
        yield bad("certificate", f"it is good from {facts.not_before:%Y-%m-%d} to {until} only", "Renew it.")
    elif facts.not_after - now() < ENDS_SOON:
        yield doubt("certificate", f"it ends on {until}", "Renew it, then send SIGHUP to `offhook serve`.")
    elif not is_identity(domain, facts.identities, allow_wildcards=True):
        told = f"it is for {shown(facts.identities)}, and not for sip.domain {domain}"
        yield doubt("certificate", told, "Peers that check names will refuse it: get one for the domain they call.")
    else:
        yield good("certificate", f"for {shown(facts.identities)} until {until}")
    if settings.key.stat().st_mode & 0o077:
        yield doubt("key", f"{settings.key} can be read by others", f"Run: chmod 600 {settings.key}")


def check_plane(config: Config) -> Iterator[Finding]:
    """The media plane has been compiled, and the libraries of its codecs are there."""
    if find_spec("offhook.media._native") is None:
        yield bad("media plane", "it is not compiled", "Install a C compiler, then install offhook again.")
        return
    names = config.settings.media.codecs
    try:
        check_libraries(names)
    except CodecUnavailable as error:
        yield bad("media plane", str(error), "Install the library, or change media.codecs.")
    else:
        yield good("media plane", f"compiled; codecs {', '.join(names)}, telephone-event")


def check_speech(_config: Config) -> Iterator[Finding]:
    """<Say> has a voice."""
    found = shutil.which(PROGRAM)
    if found is None:
        advice = f"Install it: apt-get install {PROGRAM}, or brew install {PROGRAM}"
        yield bad("speech", f"{PROGRAM} is not installed, so <Say> fails", advice)
    else:
        yield good("speech", found)


def check_clock(_config: Config, now: Callable[[], datetime] = NOW) -> Iterator[Finding]:
    """The clock is not behind the program itself; signatures, records and certificates depend on it."""
    installed = datetime.fromtimestamp(Path(offhook.__file__).stat().st_mtime, tz=now().tzinfo)
    if now() < installed:
        told = f"it says {now():%Y-%m-%d %H:%M} UTC, before offhook was installed"
        yield bad("clock", told, "Set it: sudo timedatectl set-ntp true")
    else:
        yield good("clock", f"{now():%Y-%m-%d %H:%M:%S} UTC")


def check_resolver(
    _config: Config, make: Callable[[], dns.resolver.Resolver] = dns.resolver.Resolver
) -> Iterator[Finding]:
    """Names can be looked up; SIP URIs and webhooks with names depend on it."""
    advice = "Look at /etc/resolv.conf; without DNS only addresses and names of /etc/hosts can be called."
    try:
        resolver = make()
        servers = ", ".join(map(str, resolver.nameservers))
        resolver.resolve(".", "NS", lifetime=LIMIT, raise_on_no_answer=False)
    except dns.resolver.NoResolverConfiguration:
        yield doubt("DNS", "no name server is configured", advice)
    except dns.resolver.NXDOMAIN:  # an answer all the same
        yield good("DNS", f"{servers} answers")
    except dns.exception.DNSException as error:
        yield doubt("DNS", f"{servers} did not answer ({type(error).__name__})", advice)
    else:
        yield good("DNS", f"{servers} answers")


CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (
    check_data,
    check_http,
    check_edges,
    check_certificate,
    check_plane,
    check_speech,
    check_clock,
    check_resolver,
)
