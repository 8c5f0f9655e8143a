"""Where a call goes: a SIP URI to its edge and target, a phone number to the trunk (contract 1 §2, §4.5-4.7)."""

from collections.abc import Mapping
from dataclasses import dataclass

from offhook.calls.errors import CallRefused
from offhook.calls.events import HeaderList
from offhook.calls.ports import InviteOrder, SipCredentials
from offhook.calls.sip_target import parse_target
from offhook.model.numbers import is_e164, is_sip_user, sip_user_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundTrunk:
    """Where phone numbers are called: a SIP host (with port and parameters), from one edge."""

    host: str
    edge: str
    strip_plus: bool = False
    credentials: SipCredentials | None = None
    is_secure: bool = False
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way out: everything of an INVITE but who calls and what is offered; warnings are (error code, text)."""

    edge: str
    target: str
    headers: HeaderList = ()
    credentials: SipCredentials | None = None
    is_secure: bool = False
    proxy: str = ""
    needs_public: bool = False
    warnings: tuple[tuple[int, str], ...] = ()

    def order(self, *, call_headers: HeaderList, from_user: str, from_host: str) -> InviteOrder:
        """The INVITE to send, still without its offer."""
        return InviteOrder(
            edge=self.edge,
            target=self.target,
            from_user=from_user,
            from_host=from_host,
            from_display=from_user,
            headers=call_headers + self.headers,
            offer=b"",
            credentials=self.credentials,
            is_secure=self.is_secure,
            proxy=self.proxy,
            needs_public=self.needs_public,
        )


def route_sip(text: str, credentials: SipCredentials | None, *, needs_public: bool = False) -> Route:
    """Out to a SIP URI as <Sip> or REST has it; with `needs_public` to no private address. Raises InvalidTarget."""
    target = parse_target(text)
    return Route(
        edge=target.edge,
        target=target.uri,
        headers=target.headers,
        credentials=credentials,
        is_secure=target.is_secure,
        needs_public=needs_public,
        warnings=target.warnings,
    )


def route_number(number: str, trunks: Mapping[str, OutboundTrunk]) -> Route:
    """Out to a phone number by the trunk with the longest fitting prefix. Raises CallRefused (13223, 13224)."""
    digits = "".join(character for character in number if character not in " -().")
    if not is_e164(digits):
        raise CallRefused(13223, f"{number!r} is not a phone number in E.164 form")
    prefix = max((key for key in trunks if digits.startswith(key)), key=len, default=None)
    if prefix is None:
        raise CallRefused(13224, f"no trunk of the configuration leads to {digits}: add one under [[trunk]]")
    trunk = trunks[prefix]
    user = digits.removeprefix("+") if trunk.strip_plus else digits
    target = f"sip:{user}@{trunk.host}"
    return Route(
        edge=trunk.edge,
        target=target,
        credentials=trunk.credentials,
        is_secure=trunk.is_secure,
        proxy=trunk.proxy,
    )


def caller_user(caller_id: str) -> str:
    """The user part that a caller id gives the From header. Raises CallRefused (13247)."""
    if is_sip_user(caller_id):
        return caller_id
    raise CallRefused(13247, f"{caller_id!r} cannot be a caller id: letters, digits and + - _ . only")


def inherited_user(from_: str) -> str:
    """The user part for a call without a caller id of its own: the parent's, or anonymous when that has none."""
    user = sip_user_of(from_)
    return user if user and is_sip_user(user) else "anonymous"
