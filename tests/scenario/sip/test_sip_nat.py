"""Peers behind NAT: whose Contact cannot be reached is called back where it sends from (RFC 3581, RFC 6314)."""

from dataclasses import replace

import pytest
from talk import ANSWER, OURS, Talk, order

from offhook.sip.events import AckReceived, ByeAnswered, InviteAnswered, InviteReceived
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.nat import NatPolicy, is_hidden, way_back
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.settings import EndpointSettings
from offhook.sip.uri import SipUri
from offhook.testing.caller import Fields
from offhook.testing.wire import Sent

HIDDEN: Fields = (("Contact", "<sip:phone@10.0.0.7:5070>"),)
NAMED: Fields = (("Contact", "<sip:phone@phone.example.com>"),)
PUBLIC = "203.0.113.80"


def talk_with(policy: NatPolicy = NatPolicy.AUTO, *, stream: bool = False) -> Talk:
    """A talk with a phone on a public address."""
    return Talk(EndpointSettings(edge="test", sent_by={}, nat=policy), phone=PUBLIC, stream=stream)


def order_to(talk: Talk, params: str = "") -> OutgoingInvite:
    """An INVITE to the phone."""
    return order(f"sip:phone@{talk.phone.place[0]}{params}")


def answered(invite: Request, headers: Fields) -> Response:
    """Its 200 with these headers."""
    response = response_to(invite, 200, to_tag="phone", body=ANSWER)
    for name, value in (*headers, ("Content-Type", "application/sdp")):
        response.headers.add(name, value)
    return response


def sent_last(talk: Talk, method: str) -> Sent:
    """Our latest request of this method."""
    return [one for one in talk.wire.sent if one.source[0] == OURS and one.start_line.startswith(f"{method} ")][-1]


def up_from(talk: Talk, headers: Fields) -> int:
    """A call of the phone that is up."""
    invite = talk.phone.invite(headers=headers)
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    talk.accept(session)
    talk.phone.ack(invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    return session


@pytest.mark.parametrize("stream", [False, True], ids=["UDP", "TCP"])
def test_a_caller_behind_nat_is_hung_up_on(stream: bool) -> None:  # noqa: FBT001
    """BYE goes to where its INVITE came from; its Request-URI is the Contact all the same (§12.2.1.1)."""
    talk = talk_with(stream=stream)
    session = up_from(talk, HIDDEN)
    talk.bye(session)
    bye = talk.phone.expect_request("BYE")
    assert bye.text_uri == "sip:phone@10.0.0.7:5070"
    assert sent_last(talk, "BYE").transport is (Transport.TCP if stream else Transport.UDP)
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_callee_behind_nat_gets_its_ack() -> None:
    """At the address that its 200 came from."""
    talk = talk_with()
    session = talk.call(order_to(talk))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.send(answered(invite, HIDDEN))
    talk.ours.expect(InviteAnswered)
    assert talk.phone.expect_request("ACK").text_uri == "sip:phone@10.0.0.7:5070"
    talk.bye(session)
    talk.phone.expect_request("BYE")


def test_a_caller_whose_nat_gives_it_another_port_is_found_again() -> None:
    """Its last request within the call tells where it is."""
    talk = talk_with()
    session = up_from(talk, HIDDEN)
    info = talk.phone.request("INFO", send=False)
    moved = Hop(Transport.UDP, PUBLIC, 6099)
    talk.ours.endpoint.receive(bytes(info).replace(b";rport", b"").replace(b"branch=", b"rport;branch="), moved, 1.0)
    talk.ours.pump()
    talk.bye(session)
    assert sent_last(talk, "BYE").target == (PUBLIC, 6099)


def test_a_peer_behind_a_proxy_is_called_by_its_route() -> None:
    """Who has record-routed knows the way."""
    talk = talk_with()
    session = up_from(talk, (*HIDDEN, ("Record-Route", "<sip:192.0.2.50;lr>")))
    talk.bye(session)
    assert sent_last(talk, "BYE").target == ("192.0.2.50", 5060)


def test_never() -> None:
    """The Contact as it stands there."""
    talk = talk_with(NatPolicy.NEVER)
    session = up_from(talk, HIDDEN)
    talk.bye(session)
    assert sent_last(talk, "BYE").target == ("10.0.0.7", 5070)


def test_always() -> None:
    """Whatever the Contact says, a name included."""
    talk = talk_with(NatPolicy.ALWAYS)
    session = up_from(talk, NAMED)
    talk.bye(session)
    assert talk.phone.expect_request("BYE").text_uri == "sip:phone@phone.example.com"


@pytest.mark.parametrize(
    ("contact", "source", "expected"),
    [
        ("10.0.0.7", "203.0.113.80", True),
        ("192.168.1.9", "203.0.113.80", True),
        ("100.64.3.2", "203.0.113.80", True),
        ("172.17.0.2", "10.0.0.7", True),  # a container on a machine of another private network
        ("10.0.0.7", "10.200.0.1", False),  # two machines of one private network
        ("0.0.0.0", "10.0.0.7", True),  # noqa: S104  # nothing is bound to it
        ("127.0.0.1", "203.0.113.80", True),
        ("127.0.0.9", "127.0.0.1", False),
        ("10.0.0.7", "127.0.0.1", False),
        ("198.51.100.4", "203.0.113.80", False),  # a public address is where it says
        ("203.0.113.80", "203.0.113.80", False),
        ("phone.example.com", "203.0.113.80", False),
        ("[fd00::1]", "2001:db8::1", True),
        ("[2001:db8::2]", "2001:db8::1", False),
        ("[::]", "2001:db8::1", True),
        ("10.0.0.7", "::ffff:203.0.113.80", True),
    ],
)
def test_which_contacts_cannot_be_reached(contact: str, source: str, *, expected: bool) -> None:
    """An address of a network that exists many times, seen from another one."""
    assert is_hidden(contact, source) is expected


def test_the_way_back_to_ipv6_and_over_streams() -> None:
    """As a URI, so that it is tried like any other."""
    target = SipUri.parse("sip:phone@[fd00::1]")
    hop = Hop(Transport.TLS, "2001:db8::1", 40_000, 3)
    assert str(way_back(target, hop, NatPolicy.AUTO)) == "sip:[2001:db8::1]:40000;transport=tls"
    assert way_back(target, None, NatPolicy.ALWAYS) is target


def test_answers_without_rport_go_to_the_port_of_the_via() -> None:
    """§18.2.2: the address that the request came from, the port that its Via names; nothing is added but received."""
    talk = talk_with()
    invite = talk.phone.invite(send=False, headers=(("Via", "SIP/2.0/UDP 10.0.0.7:5090;branch=z9hG4bKold"),))
    talk.ours.endpoint.receive(bytes(invite), Hop(Transport.UDP, PUBLIC, 41_000), 0.0)
    talk.ours.pump()
    trying = talk.wire.sent[-1]
    assert trying.target == (PUBLIC, 5090)
    assert b"SIP/2.0/UDP 10.0.0.7:5090;received=203.0.113.80;branch=z9hG4bKold\r\n" in trying.data


@pytest.mark.parametrize("transport", list(Transport))
def test_what_is_advertised_stands_in_via_and_contact(transport: Transport) -> None:
    """On every transport, with its own port; the address that we are bound to is told to nobody."""
    talk = talk_with()
    settings = talk.ours.endpoint.settings
    told = {one: ("198.51.100.1", 5060 + number) for number, one in enumerate(Transport)}
    endpoint = type(talk.ours.endpoint)(replace(settings, sent_by=told), talk.wire.token)
    what = order_to(talk, f";transport={transport.value.lower()}")
    endpoint.invite(what, 0.0)
    (invite,) = endpoint.transmissions()
    host, port = told[transport]
    assert f"\r\nVia: SIP/2.0/{transport.value} {host}:{port};".encode() in invite.data
    assert f"\r\nContact: <sip:{host}:{port}".encode() in invite.data
    assert OURS.encode() not in invite.data.partition(b"From:")[0] + invite.data.partition(b"Contact:")[2]
