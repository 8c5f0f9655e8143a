"""Values that have the right type and still cannot be: addresses, ranges, names, URLs, and what stands there twice."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network

from offhook.calls.edge_names import DEFAULT_EDGE, REGION_OF_EDGE
from offhook.calls.ports import SrtpPolicy
from offhook.media.codec_names import CODEC_NAMES, is_codec
from offhook.model.call import CallEvent
from offhook.model.numbers import is_e164
from offhook.model.sids import ACCOUNT, is_sid
from offhook.net.tls import Verification
from offhook.server.addresses import is_ip_address, is_sip_host, is_web_url, split_address, split_ports
from offhook.server.settings import Credential, Edge, Guard, RecogniserProvider, Settings, Trunk, Voice, VoiceProvider
from offhook.sip.authenticator import ALGORITHMS
from offhook.sip.nat import NatPolicy
from offhook.sip.settings import FAILED_CODES

Problem = tuple[str, str]

AT_LEAST_ZERO = (
    "sip.session_expires",
    "sip.target_timeout",
    "sip.avoid_failed",
    "sip.datagram_limit",
    "sip.redirects",
    "limits.ring_buffer",
    "limits.drain",
    "connections.ping",
    "guard.ban",
    "speech.disk_cache_bytes",
    "media.threads",
)
POSITIVE = (
    "sip.t1",
    "sip.min_se",
    "dns.timeout",
    "webhook.connect_timeout",
    "webhook.total_timeout",
    "speech.cache_bytes",
    "recordings.transcriptions_at_once",
    "recordings.transcriptions_waiting",
    "limits.calls",
    "limits.call_length",
    "limits.media_silence",
    "limits.message_bytes",
    "limits.header_lines",
    "limits.line_bytes",
    "connections.total",
    "connections.per_source",
    "connections.idle",
    "connections.message",
    "connections.connect",
    "connections.handshake",
    "connections.handshakes",
    "connections.handshakes_per_source",
    "connections.pong",
    *(f"guard.{field}" for field in Guard.__struct_fields__ if field not in {"trusted", "scanners", "ban"}),
)
MOST_THREADS = 256  # each is a thread that wakes fifty times a second
SRTP = frozenset(policy.value for policy in SrtpPolicy)
USER_AGENT = re.compile(r"[!-~]+( [!-~]+)*")
REFUSAL = re.compile(r"[3-6][0-9]{2}")
UNANSWERED = ("busy", "no-answer", "failed", "canceled")
DOMAIN_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
PROVIDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")
SOCKET = re.compile("^ws")
PREFIX = re.compile(r"\+[0-9]{0,15}")


def problems(settings: Settings) -> Iterator[Problem]:
    """Every value that cannot be, as (key, what to write instead)."""
    yield from _http_problems(settings)
    yield from _account_problems(settings)
    yield from _sip_problems(settings)
    yield from _edges_problems(settings)
    for index, number in enumerate(settings.number):
        if not is_e164(number.phone_number):
            yield f"number[{index}].phone_number", "write the number in E.164 form, like +14155550100"
        if number.srtp not in SRTP:
            yield f"number[{index}].srtp", f"write one of {', '.join(sorted(SRTP))}, not {number.srtp!r}"
        yield from _voice_problems(f"number[{index}]", number)
    yield from _repeated("number", "phone_number", (number.phone_number for number in settings.number))
    for index, domain in enumerate(settings.sip_domain):
        if not DOMAIN_NAME.fullmatch(domain.name):
            yield f"sip_domain[{index}].name", f"write letters, digits and hyphens, not {domain.name!r}"
        yield from _voice_problems(f"sip_domain[{index}]", domain)
        yield from _network_problems(f"sip_domain[{index}].allow", domain.allow)
        yield from _credential_problems(f"sip_domain[{index}].credentials", domain.credentials)
    yield from _repeated("sip_domain", "name", (domain.name.lower() for domain in settings.sip_domain))
    edges = {edge.name for edge in settings.edge}
    for index, trunk in enumerate(settings.trunk):
        yield from _trunk_problems(f"trunk[{index}]", trunk, edges)
    yield from _repeated("trunk", "prefix", (trunk.prefix for trunk in settings.trunk))
    for index, voice in enumerate(settings.voice):
        yield from _provider_problems(f"voice[{index}]", voice)
    for index, recogniser in enumerate(settings.recogniser):
        yield from _provider_problems(f"recogniser[{index}]", recogniser)
    yield from _tls_problems(settings)
    yield from _status_problems(settings.calls.status_of_code)
    yield from _quantity_problems(settings)
    yield from _codec_problems(settings)
    yield from _guard_problems(settings.guard)
    if not settings.store.url.startswith("sqlite:///"):
        yield "store.url", "records are kept in SQLite so far: write sqlite:///offhook.db"


def _http_problems(settings: Settings) -> Iterator[Problem]:
    yield from _address_problems("http.listen", settings.http.listen)
    url = settings.http.public_url
    if url and not is_web_url(url):
        yield "http.public_url", f"write a whole http or https URL, not {url!r}"


def _account_problems(settings: Settings) -> Iterator[Problem]:
    for index, account in enumerate(settings.account):
        if not is_sid(account.sid, ACCOUNT):
            yield f"account[{index}].sid", "an account SID is AC and 32 hexadecimal digits"
        if not account.auth_token:
            yield f"account[{index}].auth_token", "an auth token cannot be empty"
    yield from _repeated("account", "sid", (account.sid for account in settings.account))


def _sip_problems(settings: Settings) -> Iterator[Problem]:
    sip = settings.sip
    if not is_sip_host(sip.domain) or set(sip.domain) & set(":;"):
        yield "sip.domain", f"write a host name, like sip.example.com, not {sip.domain!r}"
    if not USER_AGENT.fullmatch(sip.user_agent):
        yield "sip.user_agent", "write it in printable ASCII, like offhook"
    if 0 < sip.session_expires < sip.min_se:
        yield "sip.session_expires", f"write at least {sip.min_se}, which is sip.min_se, or 0 for no session timers"
    for index, code in enumerate(sip.failover_codes):
        if code not in FAILED_CODES:
            yield f"sip.failover_codes[{index}]", f"write 408 or a code from 500 to 599, not {code}"
    for index, server in enumerate(settings.dns.servers):
        if not is_ip_address(server):
            yield from _address_problems(f"dns.servers[{index}]", server)
    yield from _network_problems("sip.allow", sip.allow)
    yield from _algorithm_problems(sip.digest_algorithms)
    if sip.nat not in [policy.value for policy in NatPolicy]:
        yield "sip.nat", f"write {', '.join(policy.value for policy in NatPolicy)}, not {sip.nat!r}"


def _network_problems(key: str, networks: Iterable[str]) -> Iterator[Problem]:
    for index, network in enumerate(networks):
        try:
            ip_network(network)
        except ValueError:
            yield f"{key}[{index}]", f"{network!r} is not a network like 192.0.2.0/24"


def _algorithm_problems(names: tuple[str, ...]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if name not in ALGORITHMS:
            yield f"sip.digest_algorithms[{index}]", f"{name!r} is none of {', '.join(ALGORITHMS)}"
    if not names:
        yield "sip.digest_algorithms", f"write one at least of {', '.join(ALGORITHMS)}"


def _credential_problems(key: str, credentials: tuple[Credential, ...]) -> Iterator[Problem]:
    for index, one in enumerate(credentials):
        for field in ("username", "password"):
            text = getattr(one, field)
            if not text or not text.isprintable():
                yield f"{key}[{index}].{field}", "write printable characters, one at least"
    yield from _repeated(key, "username", (one.username for one in credentials))


def _guard_problems(guard: Guard) -> Iterator[Problem]:
    yield from _network_problems("guard.trusted", guard.trusted)
    for field in ("messages_burst", "dialogs_burst"):
        if 0 < getattr(guard, field) < 1:
            yield f"guard.{field}", "write 1 or more: with less nothing is let in"
    for index, name in enumerate(guard.scanners):
        if not name.strip():
            yield f"guard.scanners[{index}]", "an empty name is part of every User-Agent"


def _tls_problems(settings: Settings) -> Iterator[Problem]:
    tls = settings.tls
    if tls.key and not tls.certificate:
        yield "tls.key", "a key needs a certificate"
    checks = [("tls.verify", tls.verify)]
    checks += [(f"trunk[{index}].tls_verify", trunk.tls_verify) for index, trunk in enumerate(settings.trunk)]
    known = [verification.value for verification in Verification]
    for key, value in checks:
        if value not in known and (value or key == "tls.verify"):
            yield key, f"write one of {', '.join(known)}, not {value!r}"


def _edges_problems(settings: Settings) -> Iterator[Problem]:
    for index, edge in enumerate(settings.edge):
        yield from _edge_problems(f"edge[{index}]", edge)
    if DEFAULT_EDGE not in {edge.name for edge in settings.edge}:
        yield "edge", f"one edge has to be {DEFAULT_EDGE}, the default"
    yield from _repeated("edge", "name", (edge.name for edge in settings.edge))
    for index, edge in enumerate(settings.edge):
        if any(edge.sips and edge.sips in {other.sip, edge.sip} for other in settings.edge):
            yield f"edge[{index}].sips", f"TLS needs a port of its own: {edge.sips} is taken by `sip`"
    yield from _repeated("edge", "sips", (edge.sips for edge in settings.edge if _is_fixed(edge.sips)))
    bound = {edge.sip: index for index, edge in enumerate(settings.edge)}
    for index, edge in enumerate(settings.edge):
        # Port 0 is a free port each time.
        if bound[edge.sip] != index and not edge.sip.endswith(":0"):
            other = settings.edge[bound[edge.sip]].name
            yield f"edge[{bound[edge.sip]}].sip", f"{edge.name} and {other} cannot both have {edge.sip}"


def _is_fixed(address: str) -> bool:
    """Whether it names a port; 0 is a free one each time."""
    return bool(address) and not address.endswith(":0")


def _edge_problems(key: str, edge: Edge) -> Iterator[Problem]:
    if edge.name not in REGION_OF_EDGE:
        yield f"{key}.name", f"an edge is one of {', '.join(REGION_OF_EDGE)}, not {edge.name!r}"
    yield from _address_problems(f"{key}.sip", edge.sip)
    if edge.sips:
        yield from _address_problems(f"{key}.sips", edge.sips)
    for field, text in (("media", edge.media), ("advertise", edge.advertise)):
        if text and not is_ip_address(text):
            yield f"{key}.{field}", f"write an IP address, not {text!r}"
    if edge.proxy and not is_sip_host(edge.proxy):
        yield f"{key}.proxy", f"write a host, with a port if it needs one, not {edge.proxy!r}"
    if split_ports(edge.media_ports) is None:
        yield f"{key}.media_ports", "write a range of ports, like 10000-19999"


def _address_problems(key: str, text: str) -> Iterator[Problem]:
    parts = split_address(text)
    if parts is None:
        yield key, f"write an address and a port, like 127.0.0.1:5060, not {text!r}"
    elif not is_ip_address(parts[0]):
        yield key, f"write an IP address, not the name {parts[0]!r}"


def _voice_problems(key: str, voice: Voice) -> Iterator[Problem]:
    if not voice.voice_url:
        yield f"{key}.voice_url", "write the URL of the application that answers"
    for field in ("voice_url", "voice_fallback_url", "status_callback"):
        url = getattr(voice, field)
        if url and not is_web_url(url):
            yield f"{key}.{field}", f"write a whole http or https URL, not {url!r}"
    for field in ("voice_method", "voice_fallback_method", "status_callback_method"):
        if getattr(voice, field) not in ("GET", "POST"):
            yield f"{key}.{field}", "write GET or POST"
    known = [event.value for event in CallEvent]
    for index, event in enumerate(voice.status_callback_event):
        if event not in known:
            yield f"{key}.status_callback_event[{index}]", f"{event!r} is none of {', '.join(known)}"


def _trunk_problems(key: str, trunk: Trunk, edges: set[str]) -> Iterator[Problem]:
    if not is_sip_host(trunk.host):
        yield f"{key}.host", f"write a host, with a port if it needs one, not {trunk.host!r}"
    if not PREFIX.fullmatch(trunk.prefix):
        yield f"{key}.prefix", f"write the beginning of numbers, like +49, not {trunk.prefix!r}"
    told = [word for word in trunk.host.lower().split(";") if word.startswith("transport=")]
    if trunk.secure and told not in ([], ["transport=tls"]):
        yield f"{key}.host", f"a secure trunk is called by TLS: leave out {told[0]}"
    if trunk.proxy and not is_sip_host(trunk.proxy):
        yield f"{key}.proxy", f"write a host, with a port if it needs one, not {trunk.proxy!r}"
    told = [word for word in trunk.proxy.lower().split(";") if word.startswith("transport=")]
    if trunk.secure and told not in ([], ["transport=tls"]):
        yield f"{key}.proxy", f"a secure trunk's proxy is reached by TLS: leave out {told[0]}"
    if trunk.edge not in edges:
        yield f"{key}.edge", f"there is no edge {trunk.edge!r}"
    if trunk.password and not trunk.username:
        yield f"{key}.password", "a password needs a username"


def _provider_problems(key: str, provider: RecogniserProvider | VoiceProvider) -> Iterator[Problem]:
    if not PROVIDER_NAME.fullmatch(provider.name or "x"):
        yield f"{key}.name", f"write letters, digits and hyphens, not {provider.name!r}"
    if provider.url and not is_web_url(SOCKET.sub("http", provider.url)):
        yield f"{key}.url", f"write a whole http or https (for a WebSocket, ws or wss) URL, not {provider.url!r}"
    if not (math.isfinite(provider.timeout) and provider.timeout > 0):
        yield f"{key}.timeout", "write a positive number"
    if not (provider.key.isascii() and provider.key.isprintable()):
        yield f"{key}.key", "a key is printable ASCII on one line"


def _status_problems(table: Mapping[str, str]) -> Iterator[Problem]:
    for code, status in table.items():
        if not REFUSAL.fullmatch(code):
            yield f"calls.status_of_code.{code}", "write a SIP code from 300 to 699, like 603"
        elif status not in UNANSWERED:
            yield f"calls.status_of_code.{code}", f"write one of {', '.join(UNANSWERED)}, not {status!r}"


def _quantity_problems(settings: Settings) -> Iterator[Problem]:
    for key in (*POSITIVE, *AT_LEAST_ZERO):
        section, _, field = key.partition(".")
        value = getattr(getattr(settings, section), field)
        is_fine = math.isfinite(value) and (value > 0 or (value == 0 and key in AT_LEAST_ZERO))
        if not is_fine:
            yield key, f"write a {'number that is not negative' if key in AT_LEAST_ZERO else 'positive number'}"
    if settings.media.threads > MOST_THREADS:
        yield "media.threads", f"write at most {MOST_THREADS}, or 0 to have one less than there are cores"


def _codec_problems(settings: Settings) -> Iterator[Problem]:
    names = settings.media.codecs
    if not names or len({name.lower() for name in names}) < len(names) or not all(map(is_codec, names)):
        yield "media.codecs", f"write some of {', '.join(CODEC_NAMES)}, each once"


def _repeated(table: str, field: str, values: Iterable[str]) -> Iterator[Problem]:
    seen = set()
    for index, value in enumerate(values):
        if value in seen:
            yield f"{table}[{index}].{field}", f"{value!r} stands there twice"
        seen.add(value)
