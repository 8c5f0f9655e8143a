"""The configuration's numbers, SIP Domains and trunks as the exchange knows them."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network

from offhook.calls.admission import Directory, InboundRoute
from offhook.calls.exchange import Dialplan
from offhook.calls.ports import SipCredentials, SrtpPolicy
from offhook.calls.routing import OutboundTrunk
from offhook.model.call import CallEvent, HttpMethod, StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid
from offhook.server.addresses import proxy_uri
from offhook.server.errors import StartFailed
from offhook.server.settings import Settings, Trunk, Voice

PHONE_NUMBER, SIP_DOMAIN = "PN", "SD"


def dialplan(settings: Settings, accounts: Mapping[AccountSid, str]) -> Dialplan:
    """What can be called from outside and to the outside. Raises StartFailed for an account that does not exist."""
    default = next(iter(accounts))
    numbers: dict[str, InboundRoute] = {}
    for number in settings.number:
        route = _route(number, _owner(number, accounts, default), phone_number=number.phone_number)
        route = replace(route, srtp=SrtpPolicy(number.srtp))
        # Trunks differ in whether they send the plus sign.
        numbers[number.phone_number] = numbers[number.phone_number.removeprefix("+")] = route
    domains: dict[str, InboundRoute] = {}
    for domain in settings.sip_domain:
        host = f"{domain.name}.{settings.sip.domain}".lower()
        route = _route(domain, _owner(domain, accounts, default), sip_domain=host)
        srtp = SrtpPolicy.REQUIRED if domain.secure else SrtpPolicy.REFUSED
        domains[host] = replace(
            route,
            srtp=srtp,
            needs_tls=domain.secure,
            networks=tuple(ip_network(network) for network in domain.allow) if domain.allow else None,
            passwords={one.username: one.password for one in domain.credentials},
        )
    networks = tuple(ip_network(network) for network in settings.sip.allow)
    return Dialplan(
        directory=Directory(realm=settings.sip.domain, networks=networks, numbers=numbers, domains=domains),
        trunks={trunk.prefix: _trunk(trunk) for trunk in settings.trunk},
    )


def _route(voice: Voice, owner: AccountSid, *, phone_number: str = "", sip_domain: str = "") -> InboundRoute:
    return InboundRoute(
        account_sid=owner,
        document=WebhookTarget(url=voice.voice_url, method=HttpMethod(voice.voice_method)),
        fallback=_target(voice.voice_fallback_url, voice.voice_fallback_method),
        status_callback=_callback(voice),
        phone_number=phone_number or None,
        phone_number_sid=_stable_sid(PHONE_NUMBER, owner, phone_number),
        sip_domain=sip_domain or None,
        sip_domain_sid=_stable_sid(SIP_DOMAIN, owner, sip_domain),
    )


def _owner(voice: Voice, accounts: Mapping[AccountSid, str], default: AccountSid) -> AccountSid:
    owner = AccountSid(voice.account_sid) if voice.account_sid else default
    if owner not in accounts:
        raise StartFailed(f"account_sid {owner} of {voice.voice_url} is none of the configured accounts")
    return owner


def _target(url: str, method: str) -> WebhookTarget | None:
    return WebhookTarget(url=url, method=HttpMethod(method)) if url else None


def _callback(voice: Voice) -> StatusCallback | None:
    target = _target(voice.status_callback, voice.status_callback_method)
    if target is None:
        return None
    return StatusCallback(target=target, events=frozenset(CallEvent(event) for event in voice.status_callback_event))


def _stable_sid(prefix: str, owner: AccountSid, name: str) -> str | None:
    """A SID that stays the same from start to start, as long as the resource lives in the file."""
    return prefix + sha256(f"{owner} {name}".encode()).hexdigest()[:32] if name else None


def _trunk(trunk: Trunk) -> OutboundTrunk:
    credentials = SipCredentials(username=trunk.username, password=trunk.password) if trunk.username else None
    is_told = ";transport=" in trunk.host.lower()
    return OutboundTrunk(
        host=f"{trunk.host};transport=tls" if trunk.secure and not is_told else trunk.host,
        edge=trunk.edge,
        strip_plus=trunk.strip_plus,
        credentials=credentials,
        is_secure=trunk.secure,
        proxy=proxy_uri(trunk.proxy),
    )
