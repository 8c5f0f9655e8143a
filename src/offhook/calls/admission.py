"""Who may call: an inbound INVITE to its application, or the reason why not (contract 1 §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from offhook.calls.errors import CallError, OfferRefused
from offhook.calls.events import InviteReceived
from offhook.calls.ports import MediaPlane, SrtpPolicy
from offhook.model.call import StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid
from offhook.sip.errors import SipError
from offhook.sip.uri import SipUri

FORBIDDEN = 403
NOT_FOUND = 404


class NotAdmitted(CallError):
    """The caller may not call, or what it calls is not here; `code` is the answer to its INVITE."""

    def __init__(self, code: int, error_code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.error_code = error_code


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRoute:
    """The application of a number or a SIP Domain, and how its callers must reach it (contract 1 §6.8)."""

    account_sid: AccountSid
    document: WebhookTarget
    fallback: WebhookTarget | None = None
    status_callback: StatusCallback | None = None
    sip_domain: str | None = None
    sip_domain_sid: str | None = None
    phone_number: str | None = None
    phone_number_sid: str | None = None
    srtp: SrtpPolicy = SrtpPolicy.ACCEPTED
    needs_tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What can be called from outside, and from where; domains are whole host names in lower case."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    numbers: Mapping[str, InboundRoute] = field(default_factory=dict)
    domains: Mapping[str, InboundRoute] = field(default_factory=dict)


def admit(directory: Directory, invite: InviteReceived, media: MediaPlane) -> InboundRoute:
    """The application that an INVITE is for. Raises NotAdmitted."""
    route = _find(directory, invite)
    if route.needs_tls and invite.transport.upper() != "TLS":
        raise NotAdmitted(FORBIDDEN, 32209, f"calls to {route.sip_domain} must come by TLS, not {invite.transport}")
    if invite.offer is not None:
        try:
            media.check_offer(invite.offer, route.srtp)
        except OfferRefused as error:
            raise NotAdmitted(error.sip_code, error.error_code, str(error)) from error
    return route


def _find(directory: Directory, invite: InviteReceived) -> InboundRoute:
    source = ip_address(invite.source_host)
    if not any(source in network for network in directory.networks):
        raise NotAdmitted(FORBIDDEN, 32201, f"{source} is not among the addresses that may call")
    try:
        uri = SipUri.parse(invite.request_uri)
    except SipError as error:
        raise NotAdmitted(NOT_FOUND, 32110, f"the Request-URI cannot be read: {error}") from error
    domain = directory.domains.get(uri.host.lower())
    if domain is not None:
        return domain
    number = directory.numbers.get(uri.user or "")
    if number is None:
        raise NotAdmitted(NOT_FOUND, 32002, f"nothing here answers to {invite.request_uri}")
    return number
