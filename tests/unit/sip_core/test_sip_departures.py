"""Where requests go: names asked for and answered, hops tried in turn (RFC 3261 §8.1.2, §12.2.1.1; RFC 3263 §4.3)."""

import pytest

from offhook.sip.errors import IllegalHeader, MalformedValue
from offhook.sip.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    RefusalCause,
)
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import OFFER, Caller
from offhook.testing.wire import Station, Wire, assert_quiet

UDP, TCP, TLS = Transport.UDP, Transport.TCP, Transport.TLS
ONE, TWO = Hop(UDP, "192.0.2.11", 5060), Hop(UDP, "192.0.2.12", 5060)


@pytest.fixture(name="wire")
def fixture_wire() -> Wire:
    """A calm network whose names wait to be answered."""
    wire = Wire(seed=5)
    wire.names = {"many.example": None}
    return wire


@pytest.fixture(name="station")
def fixture_station(wire: Wire) -> Station:
    """Who calls."""
    return wire.station("192.0.2.1")


def call(station: Station, target: str = "sip:bob@many.example", **more: str) -> int:
    """Order an INVITE; its session."""
    order = OutgoingInvite(target=target, from_="<sip:alice@192.0.2.1>", body=OFFER, **more)  # type: ignore[arg-type]  # credentials
    session, _ = station.endpoint.invite(order, station.wire.now)
    station.pump()
    return session


def resolve(station: Station, *hops: Hop) -> None:
    """Answer the one question that waits."""
    (asked,) = station.questions
    station.questions.clear()
    station.endpoint.answer_next_hop(asked.question, hops, station.wire.now)
    station.pump()


def phone_at(wire: Wire, hop: Hop) -> Caller:
    """A phone at this hop."""
    return Caller(wire, hop.host)


def take(phone: Caller) -> Request:
    """Answer an INVITE with 200."""
    invite = phone.expect_request("INVITE")
    phone.answer(invite, 200, body=OFFER)
    phone.expect_request("ACK")
    return invite


def test_nothing_leaves_before_the_name_has_an_address(wire: Wire, station: Station) -> None:
    """The question says what the URI says; the answer is where the INVITE goes."""
    call(station, "sip:bob@many.example:5070;transport=tcp")
    asked = station.questions[0]
    assert (asked.host, asked.port, asked.transport) == ("many.example", 5070, TCP)
    wire.run(100.0)
    assert wire.sent == []
    resolve(station, Hop(TCP, "192.0.2.11", 5070))
    assert [(sent.target, sent.transport) for sent in wire.sent] == [(("192.0.2.11", 5070), TCP)]
    assert wire.sent[0].data.count(b"Via: SIP/2.0/TCP") == 1


def test_a_name_without_addresses_ends_the_call(wire: Wire, station: Station) -> None:
    """Nothing was sent, and nothing is left."""
    session = call(station)
    resolve(station)
    refused = station.expect(InviteRefused)
    assert (refused.session, refused.cause, refused.code) == (session, RefusalCause.UNRESOLVED, 503)
    assert wire.sent == []
    assert_quiet(station)


def test_a_transport_that_we_do_not_have_is_as_good_as_no_address(wire: Wire, station: Station) -> None:
    """There is no TLS here: the next hop is tried, or the call ends."""
    call(station, "sips:bob@192.0.2.11")
    assert station.expect(InviteRefused).cause is RefusalCause.TRANSPORT
    call(station)
    resolve(station, Hop(TLS, "192.0.2.11", 5061), TWO)
    assert wire.sent[-1].target == (TWO.host, TWO.port)


def test_an_answer_to_a_question_nobody_asks_any_more_does_nothing(wire: Wire, station: Station) -> None:
    """The call was given up while its name was looked up."""
    session = call(station)
    station.endpoint.cancel(session, (), wire.now)
    station.pump()
    assert len(station.endpoint.departures) == 0
    assert station.expect(InviteRefused).cause is RefusalCause.CANCELED
    resolve(station, ONE)
    assert wire.sent == []
    assert_quiet(station)


def test_a_hop_that_does_not_answer_makes_way_for_the_next(wire: Wire, station: Station) -> None:
    """RFC 3263 §4.3, sooner than timer B: with a new branch; the dialog is that of who answered."""
    second = phone_at(wire, TWO)
    call(station)
    resolve(station, ONE, TWO)
    invite = second.expect_request("INVITE")
    assert wire.now == pytest.approx(4.01)
    assert invite.cseq.number == 1
    branches = {sent.data.partition(b"branch=")[2][:24] for sent in wire.sent}
    assert len(branches) == 2
    second.answer(invite, 200, body=OFFER)
    station.expect(InviteAnswered)


def test_a_hop_that_cannot_be_reached_makes_way_at_once(wire: Wire, station: Station) -> None:
    """The transport says so."""
    wire.unreachable.add((ONE.host, ONE.port))
    second = phone_at(wire, TWO)
    call(station)
    resolve(station, ONE, TWO)
    take(second)
    assert wire.now < 1.0
    station.expect(InviteAnswered)


def test_a_hop_that_is_overloaded_makes_way(wire: Wire, station: Station) -> None:
    """RFC 3263 §4.3: 503 is acknowledged and not told, when there is another hop."""
    first, second = phone_at(wire, ONE), phone_at(wire, TWO)
    call(station)
    resolve(station, ONE, TWO)
    first.answer(first.expect_request("INVITE"), 503)
    first.expect_request("ACK")
    take(second)
    station.expect(InviteAnswered)


def test_when_every_hop_has_failed_the_last_reason_is_told(wire: Wire, station: Station) -> None:
    """The peer's 503, or the silence of the last."""
    first, second = phone_at(wire, ONE), phone_at(wire, TWO)
    call(station)
    resolve(station, ONE, TWO)
    first.answer(first.expect_request("INVITE"), 503)
    first.expect_request("ACK")
    second.answer(second.expect_request("INVITE"), 503, headers=(("Retry-After", "9"),))
    refused = station.expect(InviteRefused)
    assert (refused.cause, refused.code) == (RefusalCause.RESPONSE, 503)
    assert refused.response is not None
    assert refused.response.headers.get("Retry-After") == "9"
    wire.settle()
    assert_quiet(station)


def test_another_refusal_is_the_answer_and_no_other_hop_is_tried(wire: Wire, station: Station) -> None:
    """486 comes from the callee, wherever the INVITE went."""
    first = phone_at(wire, ONE)
    call(station)
    resolve(station, ONE, TWO)
    invite = first.expect_request("INVITE")
    first.answer(invite, 486)
    assert station.expect(InviteRefused).code == 486
    wire.unreachable.add((ONE.host, ONE.port))  # its ACKs fail from now on
    first.answer(invite, 486)
    wire.settle()
    assert {sent.target[0] for sent in wire.sent} == {ONE.host, "192.0.2.1"}
    assert_quiet(station)


def test_a_call_that_is_given_up_is_not_tried_elsewhere(wire: Wire, station: Station) -> None:
    """A 503 after a CANCEL ends it."""
    first = phone_at(wire, ONE)
    session = call(station)
    resolve(station, ONE, TWO)
    invite = first.expect_request("INVITE")
    first.answer(invite, 180)
    station.endpoint.cancel(session, (("Reason", "SIP;cause=200"),), wire.now)
    station.pump()
    cancel = first.expect_request("CANCEL")
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert cancel.via == invite.via
    first.answer(cancel, 200)
    first.answer(invite, 503)
    wire.run(1.0)
    kinds = [type(event) for event in station.events]
    assert InviteRefused in kinds
    assert all(sent.target[0] != TWO.host for sent in wire.sent)


def test_ringing_by_the_first_hop_does_not_cancel_at_the_second(wire: Wire, station: Station) -> None:
    """§9.1: a CANCEL waits for a provisional response of the hop that it goes to."""
    first, second = phone_at(wire, ONE), phone_at(wire, TWO)
    session = call(station)
    resolve(station, ONE, TWO)
    invite = first.expect_request("INVITE")
    first.answer(invite, 100)
    wire.run(0.1)
    first.answer(invite, 503)
    again = second.expect_request("INVITE")
    station.endpoint.cancel(session, (), wire.now)
    station.pump()
    second.expect_nothing(0.2)
    second.answer(again, 100)
    second.expect_request("CANCEL")


def test_requests_within_the_dialog_ask_for_their_own_next_hop(wire: Wire, station: Station) -> None:
    """§12.2.1.1: ACK and BYE go where the route set says, by its names."""
    wire.names = {"proxy.example": [ONE], "bob.example": [TWO]}
    proxy = phone_at(wire, ONE)
    session = call(station, f"sip:bob@{ONE.host}")
    route = (("Record-Route", "<sip:proxy.example;lr>"), ("Contact", "<sip:bob@bob.example>"))
    proxy.answer(proxy.expect_request("INVITE"), 200, headers=route, body=OFFER)
    ack = proxy.expect_request("ACK")
    assert (ack.text_uri, ack.headers.get("Route")) == ("sip:bob@bob.example", "<sip:proxy.example;lr>")
    station.expect(InviteAnswered)
    station.endpoint.bye(session, (), wire.now)
    station.pump()
    proxy.answer(proxy.expect_request("BYE"), 200)
    station.expect(ByeAnswered)


def test_a_bye_that_leads_nowhere_ends_the_session(wire: Wire, station: Station) -> None:
    """The contact's name has no address: ByeAnswered without a response."""
    phone = phone_at(wire, ONE)
    session = call(station, f"sip:bob@{ONE.host}")
    phone.answer(phone.expect_request("INVITE"), 200, headers=(("Contact", "<sip:bob@gone.example>"),), body=OFFER)
    station.expect(InviteAnswered)
    station.endpoint.bye(session, (), wire.now)
    station.pump()
    assert station.expect(ByeAnswered).response is None
    wire.settle()
    assert_quiet(station)


def test_too_many_questions_at_once_are_not_asked(wire: Wire) -> None:
    """A limit of the settings: the call ends as if the name had no address."""
    settings = EndpointSettings(edge="test", sent_by={UDP: ("192.0.2.1", 5060)}, max_questions=1)
    station = wire.station("192.0.2.1", settings)
    call(station)
    call(station)
    assert len(station.questions) == 1
    assert station.expect(InviteRefused).cause is RefusalCause.UNRESOLVED


@pytest.mark.parametrize(
    ("target", "error"), [("tel:+15550100", MalformedValue), ("sip:b@h\r\nX-Evil: 1", IllegalHeader)]
)
def test_an_order_that_cannot_be_sent_raises_and_leaves_nothing(
    station: Station, target: str, error: type[Exception]
) -> None:
    """The caller is told at once."""
    with pytest.raises(error):
        call(station, target)
    assert_quiet(station)


def test_credentials_that_could_break_a_header_raise_before_anything_is_sent(station: Station) -> None:
    """Not when the challenge comes."""
    with pytest.raises(IllegalHeader):
        call(station, "sip:b@192.0.2.11", username="a\r\nX: 1")
    assert_quiet(station)


def test_a_stream_call_uses_stream_addresses(wire: Wire, station: Station) -> None:
    """Via and Contact name the transport, and so does everything within the dialog (§18.1.1)."""
    other = wire.station("192.0.2.2")
    session = call(station, "sip:bob@192.0.2.2;transport=tcp")
    offered = other.expect(InviteReceived)
    assert offered.request.via.transport == "TCP"
    assert str(offered.request.contact) == "<sip:192.0.2.1:5060;transport=tcp>"
    other.endpoint.accept(offered.session, OFFER, (), wire.now)
    other.pump()
    station.expect(InviteAnswered)
    other.expect(AckReceived)
    station.endpoint.bye(session, (), wire.now)
    station.pump()
    other.expect(ByeReceived)
    station.expect(ByeAnswered)
    wire.settle()
    assert {sent.transport for sent in wire.sent} == {TCP}
    assert_quiet(station)
    assert_quiet(other)
