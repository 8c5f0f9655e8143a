"""Who may call: an inbound INVITE to its application, or the reason why not (contract 1 §6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from offhook.calls.errors import CallError, OfferRefused
from offhook.calls.events import InviteReceived
from offhook.calls.ports import MediaPlane, Signalling, SrtpPolicy
from offhook.model.call import StatusCallback, WebhookTarget
from offhook.model.sids import AccountSid
from offhook.sip.authenticator import Proof
from offhook.sip.digest import Password
from offhook.sip.errors import SipError
from offhook.sip.uri import SipUri

FORBIDDEN = 403
NOT_FOUND = 404
UNPROVED = 407


class NotAdmitted(CallError):
    """The caller may not call, or what it calls is not here; `code` is the answer to its INVITE."""

    def __init__(self, code: int, error_code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.error_code = error_code


class Unauthenticated(NotAdmitted):
    """The caller has yet to prove who it is; `is_stale` when it has, with a challenge that is over."""

    def __init__(self, realm: str, *, is_stale: bool) -> None:
        super().__init__(UNPROVED, 32202, f"credentials for {realm} are asked for")
        self.realm = realm
        self.is_stale = is_stale


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRoute:
    """The application of a number or a SIP Domain, and how its callers must reach it (contract 1 §6.2, §6.8).

    `networks` are those that may call it, where they are said in place of the directory's; `passwords`, by username,
    are what a caller has to know besides, when `needs_password` or when there are any.
    """

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
    networks: tuple[IPv4Network | IPv6Network, ...] | None = None
    needs_password: bool = False
    passwords: Mapping[str, Password] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whom a caller reaches, and the username that it has proved, None when it was not asked."""

    route: InboundRoute
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What can be called from outside, and from where; domains are whole host names in lower case.

    `realm` is what callers are told that their credentials are for.
    """

    realm: str = "sip.localhost"
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    numbers: Mapping[str, InboundRoute] = field(default_factory=dict)
    domains: Mapping[str, InboundRoute] = field(default_factory=dict)


def admit(directory: Directory, invite: InviteReceived, signalling: Signalling, media: MediaPlane) -> Admitted:
    """The application that an INVITE is for: its source is looked at, then its credentials. Raises NotAdmitted."""
    route = _find(directory, invite)
    if route.needs_tls and invite.transport.upper() != "TLS":
        raise NotAdmitted(FORBIDDEN, 32209, f"calls to {route.sip_domain} must come by TLS, not {invite.transport}")
    is_asked = route.needs_password or bool(route.passwords)
    username = _proved(directory.realm, route, invite, signalling) if is_asked else None
    if invite.offer is not None:
        try:
            media.check_offer(invite.offer, route.srtp)
        except OfferRefused as error:
            raise NotAdmitted(error.sip_code, error.error_code, str(error)) from error
    return Admitted(route, username)


def refuse(signalling: Signalling, invite: InviteReceived, error: NotAdmitted) -> None:
    """Tell a caller that it is not admitted, or what it has to prove first."""
    if isinstance(error, Unauthenticated):
        signalling.challenge(invite.session, error.realm, is_stale=error.is_stale)
    else:
        told = (("X-Twilio-Error", f"{error.error_code} {error}"),)
        signalling.reject(invite.session, error.code, headers=told)


def _proved(realm: str, route: InboundRoute, invite: InviteReceived, signalling: Signalling) -> str:
    checked = signalling.verify(invite.session, realm, route.passwords)
    if checked.proof is Proof.GIVEN:
        return checked.username
    if checked.proof is Proof.WRONG:
        raise NotAdmitted(FORBIDDEN, 32202, "Authentication failure - wrong username or password")
    raise Unauthenticated(realm, is_stale=checked.proof is Proof.STALE)


def _find(directory: Directory, invite: InviteReceived) -> InboundRoute:
    source = ip_address(invite.source_host)
    try:
        uri = SipUri.parse(invite.request_uri)
    except SipError as error:
        _check_source(source, directory.networks)
        raise NotAdmitted(NOT_FOUND, 32110, f"the Request-URI cannot be read: {error}") from error
    domain = directory.domains.get(uri.host.lower())
    own = None if domain is None else domain.networks
    _check_source(source, directory.networks if own is None else own)
    if domain is not None:
        return domain
    number = directory.numbers.get(uri.user or "")
    if number is None:
        raise NotAdmitted(NOT_FOUND, 32002, f"nothing here answers to {invite.request_uri}")
    return number


def _check_source(source: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> None:
    if not any(source in network for network in networks):
        raise NotAdmitted(FORBIDDEN, 32201, f"{source} is not among the addresses that may call")
