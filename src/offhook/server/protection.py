"""The settings of [guard] and [limits] as the guard and the limits of SIP messages that they ask for."""

from collections.abc import Iterator
from ipaddress import ip_network

from offhook.server.settings import Settings
from offhook.sip.authenticator import Authenticator, AuthenticatorSettings
from offhook.sip.guard import Guard
from offhook.sip.guard_settings import GuardSettings, Network
from offhook.sip.overload import Overload, OverloadSettings
from offhook.sip.parse import Limits
from offhook.sip.protection import Protection

# Larger networks than these are no peers of anybody's: who lists them means "everybody may try".
LARGEST = {4: 8, 6: 16}


def protection(settings: Settings, secret: bytes) -> Protection:
    """What stands before the endpoints of all edges; `secret` signs the nonces of challenges."""
    guard = settings.guard
    names = [name for name in GuardSettings.__dataclass_fields__ if name != "trusted"]
    chosen = {name: getattr(guard, name) for name in names}
    return Protection(
        guard=Guard(GuardSettings(trusted=tuple(trusted(settings)), **chosen)),
        overload=Overload(
            OverloadSettings(
                lateness=guard.lateness,
                sessions=2 * settings.limits.calls,  # a bridged call has two
            )
        ),
        authenticator=Authenticator(secret, AuthenticatorSettings(algorithms=settings.sip.digest_algorithms)),
    )


def trusted(settings: Settings) -> Iterator[Network]:
    """The networks without limits."""
    yield from map(ip_network, settings.guard.trusted)
    for network in map(ip_network, settings.sip.allow):
        if network.prefixlen >= LARGEST[network.version]:
            yield network


def message_limits(settings: Settings) -> Limits:
    """How large a SIP message may be."""
    limits = settings.limits
    return Limits(message=limits.message_bytes, header_lines=limits.header_lines, line=limits.line_bytes)
