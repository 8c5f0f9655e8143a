"""The settings of [guard] reach the guard, and only real networks of peers are trusted."""

from dataclasses import fields
from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from offhook.server.config import default_edges
from offhook.server.protection import message_limits, protection, trusted
from offhook.server.settings import Guard, Limits, Settings, Sip
from offhook.server.validate import problems
from offhook.sip.guard_settings import GuardSettings
from offhook.sip.hop import Hop, Transport


def test_the_defaults_of_the_file_are_those_of_the_guard() -> None:
    """One number, one place to look it up."""
    ours, plain = protection(Settings(), b"").guard.settings, GuardSettings()
    differing = [field.name for field in fields(plain) if getattr(ours, field.name) != getattr(plain, field.name)]
    assert differing == ["trusted"]


def test_settings_reach_the_guard() -> None:
    """Numbers, names and networks."""
    chosen = Guard(messages=7.0, ban=0.0, scanners=("nmap",), lateness=0.5, trusted=("192.0.2.0/24",))
    made = protection(Settings(guard=chosen, sip=Sip(allow=("2001:db8::/48",)), limits=Limits(calls=10)), b"")
    settings = made.guard.settings
    assert (settings.messages, settings.ban, settings.scanners) == (7.0, 0.0, ("nmap",))
    assert settings.trusted == (ip_network("192.0.2.0/24"), ip_network("2001:db8::/48"))
    assert (made.overload.settings.lateness, made.overload.settings.sessions) == (0.5, 20)


@pytest.mark.parametrize(
    ("allowed", "is_trusted"),
    [("10.0.0.0/8", True), ("8.0.0.0/7", False), ("0.0.0.0/0", False), ("2001::/16", True), ("::/0", False)],
)
def test_whoever_lets_everybody_call_does_not_trust_everybody(allowed: str, *, is_trusted: bool) -> None:
    """`allow = ["0.0.0.0/0"]` would otherwise switch the guard off."""
    assert list(trusted(Settings(sip=Sip(allow=(allowed,))))) == ([ip_network(allowed)] if is_trusted else [])


def test_a_ban_of_no_length_bans_nobody() -> None:
    """Rates and limits stay."""
    guard = protection(Settings(guard=Guard(ban=0.0, messages_burst=5.0), sip=Sip(allow=())), b"").guard
    source = Hop(Transport.UDP, "192.0.2.1", 5060)
    assert sum(guard.admits(source, 0.0) for _ in range(100)) == 5
    assert guard.bans(0.0) == 0


def test_limits_of_messages() -> None:
    """Bytes, lines, bytes of a line."""
    limits = message_limits(Settings(limits=Limits(message_bytes=2000, header_lines=20, line_bytes=200)))
    assert (limits.message, limits.header_lines, limits.line) == (2000, 20, 200)


@pytest.mark.parametrize(
    ("guard", "key"),
    [
        (Guard(trusted=("192.0.2.0/33",)), "guard.trusted[0]"),
        (Guard(scanners=("sipcli", " ")), "guard.scanners[1]"),
        (Guard(messages=0.0), "guard.messages"),
        (Guard(dialogs_burst=0.5), "guard.dialogs_burst"),
        (Guard(strikes=-1), "guard.strikes"),
        (Guard(ban=-1.0), "guard.ban"),
        (Guard(lateness=0.0), "guard.lateness"),
    ],
)
def test_values_that_cannot_be(guard: Guard, key: str) -> None:
    """Each is refused with its key."""
    assert [key for key, _ in problems(replace(Settings(edge=default_edges()), guard=guard))] == [key]


@pytest.mark.parametrize(
    ("algorithms", "keys"),
    [(("SHA-256",), []), (("MD4",), ["sip.digest_algorithms[0]"]), ((), ["sip.digest_algorithms"])],
)
def test_algorithms_of_challenges(algorithms: tuple[str, ...], keys: list[str]) -> None:
    """Those that we know, one at least; they reach the challenge."""
    settings = replace(Settings(edge=default_edges()), sip=Sip(digest_algorithms=algorithms))
    assert [key for key, _ in problems(settings)] == keys
    authenticator = protection(settings, b"secret").authenticator
    assert authenticator is not None
    assert len(authenticator.challenge("realm", 0.0)) == len(algorithms)
