"""Who may call a SIP Domain: its networks, its credentials, and both together (contract 1 §6.2)."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from offhook.calls.admission import Directory
from offhook.calls.events import HeaderList
from offhook.testing.clock import settle, virtual_time
from offhook.testing.switchboard import NUMBER, Switchboard

HOME, AWAY = "192.0.2.7", "203.0.113.5"
DOMAIN = "office.sip.example.com"
RIGHT: HeaderList = (("Proxy-Authorization", "Basic alice:open sesame"),)
WRONG: HeaderList = (("Proxy-Authorization", "Basic alice:guess"),)
HANG_UP = "<Response><Hangup/></Response>"


def desk(*, networks: tuple[str, ...] = (), passwords: bool = True) -> Switchboard:
    """A domain beside a number: it has these networks of its own, and credentials when asked."""
    board = Switchboard()
    board.app.serve("/voice", HANG_UP)
    board.answer_number_with("/voice")
    directory = board.exchange.dialplan.directory
    route = replace(
        directory.numbers[NUMBER],
        sip_domain=DOMAIN,
        phone_number=None,
        networks=tuple(ip_network(network) for network in networks) or None,
        passwords={"alice": "open sesame"} if passwords else {},
    )
    known = Directory(
        realm="sip.example.com", networks=directory.networks, numbers=directory.numbers, domains={DOMAIN: route}
    )
    board.exchange.dialplan = replace(board.exchange.dialplan, directory=known)
    return board


async def answers(
    board: Switchboard, source: str, headers: HeaderList = (), uri: str = f"sip:bob@{DOMAIN}"
) -> list[str]:
    """What we say to an INVITE, and whatever else follows."""
    session = board.signalling.call_in(uri, headers=headers, source_host=source)
    await settle()
    await board.all_over()
    return [line.split()[1] for line in board.signalling.log if line.startswith(">") and line.endswith(f" {session}")]


@virtual_time
async def test_credentials_are_asked_for_and_the_right_ones_let_in() -> None:
    """407, then the call; the application hears who it is."""
    board = desk()
    assert await answers(board, HOME) == ["407"]
    assert not board.app.requests
    assert (await answers(board, HOME, RIGHT))[0] == "180"
    assert board.app.requests[0].parameters["SipUsername"] == "alice"


@virtual_time
async def test_wrong_credentials_are_refused_with_their_error() -> None:
    """403 and 32202."""
    board = desk()
    session = board.signalling.call_in(f"sip:bob@{DOMAIN}", headers=WRONG)
    await settle()
    assert board.signalling.log[-1] == f"> 403 {session}"
    assert dict(board.signalling.sessions[session].told)["X-Twilio-Error"].startswith("32202 ")
    assert not board.app.requests


@pytest.mark.parametrize("headers", [(), RIGHT])
@virtual_time
async def test_the_network_is_looked_at_first(headers: HeaderList) -> None:
    """Both have to be right: from elsewhere the right password is not even asked for."""
    board = desk()
    assert await answers(board, AWAY, headers) == ["403"]


@virtual_time
async def test_a_domain_with_networks_of_its_own() -> None:
    """They stand in place of those of the numbers, which are as closed as before."""
    board = desk(networks=("0.0.0.0/0",))
    assert await answers(board, AWAY) == ["407"]
    assert (await answers(board, AWAY, RIGHT))[0] == "180"
    assert await answers(board, AWAY, RIGHT, f"sip:{NUMBER}@192.0.2.100") == ["403"]


@virtual_time
async def test_a_domain_without_credentials_asks_for_none() -> None:
    """Its networks are enough."""
    board = desk(passwords=False)
    assert (await answers(board, HOME))[0] == "180"
    assert "SipUsername" not in board.app.requests[0].parameters


@virtual_time
async def test_a_call_cannot_be_taken_over_without_credentials() -> None:
    """An INVITE with Replaces is asked for them like any other."""
    board = desk()
    board.app.serve("/voice", "<Response><Say>0123456789abcdef</Say><Pause length='60'/></Response>")
    first = board.signalling.call_in(f"sip:bob@{DOMAIN}", headers=RIGHT)
    await settle()
    other = board.signalling.call_in(f"sip:bob@{DOMAIN}", replaces=first)
    await settle()
    assert board.signalling.log[-1] == f"> 407 {other}"
    board.signalling.hang_up(first)
    await board.all_over()
