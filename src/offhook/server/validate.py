"""Values that have the right type and still cannot be: addresses, ranges, names, URLs."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from offhook.calls.edge_names import canonical_edge
from offhook.model.call import CallEvent
from offhook.model.numbers import is_e164
from offhook.model.sids import ACCOUNT, is_sid
from offhook.server.settings import Edge, Settings, Voice

MAX_PORT = 65535
Problem = tuple[str, str]


def problems(settings: Settings) -> Iterator[Problem]:
    """Every value that cannot be, as (key, what to write instead)."""
    yield from _address_problems("http.listen", settings.http.listen)
    yield from _account_problems(settings)
    yield from _network_problems(settings)
    for index, edge in enumerate(settings.edge):
        yield from _edge_problems(f"edge[{index}]", edge)
    yield from _name_problems(settings)
    for index, number in enumerate(settings.number):
        if not is_e164(number.phone_number):
            yield f"number[{index}].phone_number", "write the number in E.164 form, like +14155550100"
        yield from _voice_problems(f"number[{index}]", number)
    for index, domain in enumerate(settings.sip_domain):
        yield from _voice_problems(f"sip_domain[{index}]", domain)
    for index, trunk in enumerate(settings.trunk):
        if trunk.edge not in {edge.name for edge in settings.edge}:
            yield f"trunk[{index}].edge", f"there is no edge {trunk.edge!r}"
    if settings.sip.t1 <= 0:
        yield "sip.t1", "write a positive number of seconds"


def split_address(text: str) -> tuple[str, int] | None:
    """`host:port` or `[v6]:port` as host and port, or None."""
    host, _, port = text.rpartition(":")
    literal = host.removeprefix("[").removesuffix("]")
    if not literal or not port.isdigit() or int(port) > MAX_PORT:
        return None
    return literal, int(port)


def split_ports(text: str) -> tuple[int, int] | None:
    """`low-high` as numbers, or None."""
    low, _, high = text.partition("-")
    if not (low.isdigit() and high.isdigit() and 0 < int(low) < int(high) <= MAX_PORT):
        return None
    return int(low), int(high)


def _address_problems(key: str, text: str) -> Iterator[Problem]:
    parts = split_address(text)
    if parts is None:
        yield key, f"write an address and a port, like 127.0.0.1:5060, not {text!r}"
    elif not _is_literal(parts[0]):
        yield key, f"write an IP address, not the name {parts[0]!r}"


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _account_problems(settings: Settings) -> Iterator[Problem]:
    for index, account in enumerate(settings.account):
        if not is_sid(account.sid, ACCOUNT):
            yield f"account[{index}].sid", "an account SID is AC and 32 hexadecimal digits"
        if not account.auth_token:
            yield f"account[{index}].auth_token", "an auth token cannot be empty"


def _network_problems(settings: Settings) -> Iterator[Problem]:
    for network in settings.sip.allow:
        try:
            ip_network(network)
        except ValueError:
            yield "sip.allow", f"{network!r} is not a network like 192.0.2.0/24"


def _edge_problems(key: str, edge: Edge) -> Iterator[Problem]:
    if canonical_edge(edge.name) != edge.name:
        yield f"{key}.name", f"{edge.name!r} is not one of the edges: see docs/reference/configuration.md"
    yield from _address_problems(f"{key}.sip", edge.sip)
    if edge.sips:
        yield from _address_problems(f"{key}.sips", edge.sips)
    for field, text in (("media", edge.media), ("advertise", edge.advertise)):
        if text and not _is_literal(text):
            yield f"{key}.{field}", f"write an IP address, not {text!r}"
    if split_ports(edge.media_ports) is None:
        yield f"{key}.media_ports", "write a range of ports, like 10000-19999"


def _name_problems(settings: Settings) -> Iterator[Problem]:
    names = [edge.name for edge in settings.edge]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"edge[{index}].name", f"there are two edges named {name!r}"
    if "ashburn" not in names:
        yield "edge", "one edge has to be ashburn, the default"


def _voice_problems(key: str, voice: Voice) -> Iterator[Problem]:
    for field in ("voice_url", "voice_fallback_url", "status_callback"):
        url = getattr(voice, field)
        if url and not _is_web_url(url):
            yield f"{key}.{field}", f"write a whole http or https URL, not {url!r}"
    for field in ("voice_method", "voice_fallback_method", "status_callback_method"):
        if getattr(voice, field) not in ("GET", "POST"):
            yield f"{key}.{field}", "write GET or POST"
    known = {event.value for event in CallEvent}
    for event in voice.status_callback_event:
        if event not in known:
            yield f"{key}.status_callback_event", f"{event!r} is none of {', '.join(sorted(known))}"


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
