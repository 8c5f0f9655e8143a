"""What a user agent server says to requests that open no call (RFC 3261 §8.2, §9.2, §12.2.2)."""

import pytest

from offhook.sip.events import AckReceived, ByeReceived, CancelReceived, InfoReceived, InviteReceived
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import OFFER, Caller, Fields
from offhook.testing.wire import Station, Wire, assert_quiet


@pytest.fixture(name="wire")
def fixture_wire() -> Wire:
    """A calm network."""
    return Wire(seed=3)


@pytest.fixture(name="station")
def fixture_station(wire: Wire) -> Station:
    """The endpoint in question."""
    return wire.station("192.0.2.1")


@pytest.fixture(name="phone")
def fixture_phone(wire: Wire) -> Caller:
    """Its peer."""
    return Caller(wire)


def begin(phone: Caller, method: str, *, headers: Fields = (), body: bytes = b"") -> Request:
    """A request outside any dialog."""
    phone.invite(send=False)
    return phone.request(method, headers=headers, body=body)


def call(phone: Caller, station: Station) -> int:
    """A call that is up; its session."""
    invite = phone.invite()
    phone.expect(100)
    session = station.expect(InviteReceived).session
    station.endpoint.accept(session, OFFER, (), phone.wire.now)
    station.pump()
    phone.ack(invite, phone.expect(200))
    station.expect(AckReceived)
    return session


@pytest.mark.parametrize("method", ["REGISTER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "FOO"])
def test_other_methods_are_refused_with_what_is_allowed(
    wire: Wire, station: Station, phone: Caller, method: str
) -> None:
    """§8.2.1: 405 with Allow."""
    begin(phone, method)
    response = phone.expect(405)
    assert response.headers.get("Allow") == "INVITE, ACK, CANCEL, OPTIONS, BYE, INFO, UPDATE, PRACK, REFER, NOTIFY"
    wire.settle()
    assert_quiet(station)


def test_options_tells_what_is_allowed_without_any_event(wire: Wire, station: Station, phone: Caller) -> None:
    """§11.2: as an INVITE would be answered, and it needs no user."""
    begin(phone, "OPTIONS")
    response = phone.expect(200)
    assert response.to_tag
    assert response.headers.get("Accept") == "application/sdp"
    assert "INVITE" in response.allow
    wire.settle()
    assert station.events == []
    assert_quiet(station)


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE"])
@pytest.mark.parametrize("to", [(), (("To", "<sip:offhook@192.0.2.1>;tag=unknown"),)])
def test_what_belongs_to_no_dialog_is_refused(station: Station, phone: Caller, method: str, to: Fields) -> None:
    """§12.2.2: 481."""
    begin(phone, method, headers=to)
    phone.expect(481)
    assert station.events == []


def test_an_invite_for_a_dialog_that_is_gone_is_refused(station: Station, phone: Caller) -> None:
    """§12.2.2: a To tag that nobody gave out is no new call."""
    begin(phone, "INVITE", headers=(("To", "<sip:offhook@192.0.2.1>;tag=gone"),), body=OFFER)
    phone.expect(481)
    assert station.events == []


def test_extensions_that_are_required_are_named_as_unsupported(phone: Caller, station: Station) -> None:
    """§8.2.2.3: 420 with the option tags."""
    begin(phone, "INVITE", headers=(("Require", "100rel, precondition, outbound"),), body=OFFER)
    assert phone.expect(420).headers.get("Unsupported") == "precondition, outbound"
    assert station.events == []


def test_a_body_that_is_no_sdp_is_refused(phone: Caller, station: Station) -> None:
    """§8.2.3: 415 with what would be taken."""
    begin(phone, "INVITE", headers=(("Content-Type", "text/plain"),), body=b"hello")
    assert phone.expect(415).headers.get("Accept") == "application/sdp"
    assert station.events == []


def test_an_invite_that_has_hopped_too_often_is_refused(phone: Caller, station: Station) -> None:
    """483: the call would be passed on, and so would a loop."""
    begin(phone, "INVITE", headers=(("Max-Forwards", "0"),), body=OFFER)
    phone.expect(483)
    assert station.events == []


def test_a_caller_without_an_address_is_refused(phone: Caller, station: Station) -> None:
    """400: nothing within the dialog could ever be sent to it."""
    headers = (("Contact", "<tel:+15550100>"), ("From", "<tel:+15550100>;tag=a"))
    begin(phone, "INVITE", headers=headers, body=OFFER)
    phone.expect(400)
    assert station.events == []


def test_one_invite_that_comes_by_two_ways_is_one_call(wire: Wire, station: Station, phone: Caller) -> None:
    """§8.2.2.2: the second is merged away with 482, even when the first is over already."""
    invite = phone.invite()
    phone.expect(100)
    first = station.expect(InviteReceived)
    invite.headers.set("Via", phone.via())
    phone.send(invite)
    phone.expect(482)
    station.endpoint.reject(first.session, 486, "", (), wire.now)
    station.pump()
    phone.expect(486)
    invite.headers.set("Via", phone.via())
    phone.send(invite)
    phone.expect(482)
    assert station.events == []


def test_a_cancel_of_nothing_is_refused(phone: Caller, station: Station) -> None:
    """§9.2: 481."""
    phone.cancel(phone.invite(send=False))
    phone.expect(481)
    assert station.events == []


def test_a_cancel_after_the_final_response_has_no_effect(wire: Wire, station: Station, phone: Caller) -> None:
    """§9.2: it is answered with 200 and the call stays up."""
    invite = phone.invite()
    phone.expect(100)
    session = station.expect(InviteReceived).session
    station.endpoint.accept(session, OFFER, (), wire.now)
    station.pump()
    answer = phone.expect(200)
    phone.cancel(invite)
    assert phone.expect(200).cseq.method == "CANCEL"
    phone.ack(invite, answer)
    station.expect(AckReceived)
    assert station.endpoint.session_count == 1


def test_a_cancel_of_a_refused_request_is_still_answered(station: Station, phone: Caller) -> None:
    """§9.2: an INVITE that made no session is there to be cancelled, to no effect."""
    invite = begin(phone, "INVITE", headers=(("Require", "precondition"),), body=OFFER)
    phone.expect(420)
    phone.cancel(invite)
    phone.expect(200)
    assert station.events == []


def test_a_cancel_ends_a_ringing_call(wire: Wire, station: Station, phone: Caller) -> None:
    """§9.2: 200 to the CANCEL, 487 to the INVITE, with one To tag."""
    invite = phone.invite()
    phone.expect(100)
    session = station.expect(InviteReceived).session
    station.endpoint.ring(session, 180, b"", wire.now)
    station.pump()
    tag = phone.expect(180).to_tag
    phone.cancel(invite)
    assert phone.expect(200).to_tag == tag
    refusal = phone.expect(487)
    assert refusal.to_tag == tag
    phone.ack(invite, refusal)
    assert station.expect(CancelReceived).session == session
    wire.settle()
    assert_quiet(station)


def test_a_request_with_a_lower_number_is_out_of_order(station: Station, phone: Caller) -> None:
    """§12.2.2: 500."""
    call(phone, station)
    phone.request("INFO", cseq=9)
    phone.expect(200)
    station.expect(InfoReceived)
    phone.request("INFO", cseq=8)
    assert phone.expect(500).headers.get("Retry-After") == "1"
    assert station.events == []


def test_a_dialog_is_only_open_to_its_own_peer(station: Station, phone: Caller) -> None:
    """§12: the remote tag is part of a dialog's name."""
    call(phone, station)
    phone.request("BYE", headers=(("From", "<sip:mallory@192.0.2.66>;tag=guess"),))
    phone.expect(481)
    assert station.events == []
    assert station.endpoint.session_count == 1


def test_an_ack_with_another_number_confirms_nothing(wire: Wire, station: Station, phone: Caller) -> None:
    """§13.2.2.4: the ACK of a 2xx has the number of its INVITE."""
    invite = phone.invite()
    phone.expect(100)
    session = station.expect(InviteReceived).session
    station.endpoint.accept(session, OFFER, (), wire.now)
    station.pump()
    answer = phone.expect(200)
    phone.request("ACK", cseq=invite.cseq.number + 1)
    wire.run(0.4)
    assert station.events == []
    assert [remark.kind for remark in station.remarks].count("stray") == 1
    phone.ack(invite, answer)
    station.expect(AckReceived)


def test_info_and_options_within_a_call(station: Station, phone: Caller) -> None:
    """INFO is answered and told, OPTIONS only answered."""
    session = call(phone, station)
    phone.request("INFO", headers=(("Content-Type", "application/dtmf-relay"),), body=b"Signal=5\r\n")
    phone.expect(200)
    told = station.expect(InfoReceived)
    assert (told.session, told.request.body) == (session, b"Signal=5\r\n")
    phone.request("OPTIONS")
    phone.expect(200)
    assert station.events == []


def test_beyond_the_limit_of_sessions_calls_are_turned_away(wire: Wire) -> None:
    """503 with Retry-After, and room again once a call has ended."""
    sent_by = {Transport.UDP: ("192.0.2.1", 5060)}
    station = wire.station("192.0.2.1", EndpointSettings(edge="test", sent_by=sent_by, max_sessions=1))
    first, second = Caller(wire, "192.0.2.9"), Caller(wire, "192.0.2.10")
    call(first, station)
    second.invite()
    assert second.expect(503).headers.get("Retry-After") == "5"
    first.request("BYE")
    first.expect(200)
    station.expect(ByeReceived)
    second.inbox.clear()
    call(second, station)


def test_beyond_the_limit_of_transactions_only_what_is_known_is_served(wire: Wire) -> None:
    """A flood gets 503 without being held; calls that are up can still be hung up."""
    sent_by = {Transport.UDP: ("192.0.2.1", 5060)}
    station = wire.station("192.0.2.1", EndpointSettings(edge="test", sent_by=sent_by, max_transactions=2))
    phone, flood = Caller(wire, "192.0.2.9"), Caller(wire, "192.0.2.66")
    call(phone, station)
    for _ in range(5):
        flood.invite(send=False)
        flood.request("OPTIONS")
        wire.run(0.1)
    codes = [str(message.code) for message in flood.inbox if isinstance(message, Response)]
    assert codes == ["200", "503", "503", "503", "503"]
    assert station.endpoint.transaction_count == 2
    phone.request("BYE")
    phone.expect(200)
    station.expect(ByeReceived)
    wire.settle()
    assert_quiet(station)


MALFORMED = (
    b"OPTIONS sip:offhook@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5999;branch=z9hG4bKx;rport\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: many\r\n\r\n"
)


def test_a_malformed_request_is_answered_to_where_it_came_from(wire: Wire, station: Station, phone: Caller) -> None:
    """§8.2, RFC 3581 §4: 400, with received and rport in the Via, and nothing is held."""
    phone.send(MALFORMED)
    response = phone.expect(400)
    assert (response.via.received, response.via.rport) == ("192.0.2.9", 5060)
    assert wire.sent[-1].target == ("192.0.2.9", 5060)
    assert_quiet(station)


def test_what_cannot_be_answered_is_remarked_upon(station: Station, phone: Caller) -> None:
    """A malformed ACK, a response and a line of noise get no answer."""
    for data in (MALFORMED.replace(b"OPTIONS", b"ACK"), b"SIP/2.0 999 What\r\n\r\n", b"noise", b"\xff" * 40):
        phone.send(data)
    phone.expect_nothing(1.0)
    assert [remark.kind for remark in station.remarks] == ["refused"] * 4
    assert_quiet(station)


def test_a_keep_alive_is_no_message(station: Station, phone: Caller) -> None:
    """RFC 5626 §3.5.1: CRLFs, or zeros as some telephones send them, are not even remarked upon."""
    phone.send(b"\r\n\r\n")
    phone.send(b"\x00\x00\x00\x00")
    phone.expect_nothing(1.0)
    assert station.remarks == []


def test_a_stream_answers_a_ping_and_is_given_up_when_it_makes_no_sense(station: Station) -> None:
    """RFC 5626 §3.5.1: a double CRLF is answered by a single one; §18.3: what cannot be cut has to be closed."""
    endpoint, hop = station.endpoint, Hop(Transport.TCP, "192.0.2.9", 40_000, 7)
    assert endpoint.receive_stream(7, b"\r\n\r\n", hop, 0.0)
    assert [one.data for one in endpoint.transmissions()] == [b"\r\n"]
    assert not endpoint.receive_stream(7, b"OPTIONS sip:x SIP/2.0\r\nContent-Length: no\r\n\r\n", hop, 0.0)
    endpoint.connection_closed(7, 0.0)
    assert endpoint.receive_stream(7, b"\r\n\r\n", hop, 0.0)


def test_a_response_takes_the_way_the_via_asks_for(wire: Wire, station: Station) -> None:
    """§18.2.2, RFC 3581: to the source port with rport, else to the port in the Via; always to the source address."""
    hop = Hop(Transport.UDP, "192.0.2.9", 61_000)
    lines = MALFORMED.replace(b"Max-Forwards: many", b"Max-Forwards: 70")
    station.endpoint.receive(lines, hop, 0.0)
    station.endpoint.receive(lines.replace(b"z9hG4bKx;rport", b"z9hG4bKy").replace(b"CSeq: 1", b"CSeq: 2"), hop, 0.0)
    station.pump()
    assert [(sent.target, sent.start_line) for sent in wire.sent] == [
        (("192.0.2.9", 61_000), "SIP/2.0 200 OK"),
        (("192.0.2.9", 5999), "SIP/2.0 200 OK"),
    ]


def test_an_ack_before_the_answer_is_of_nothing(wire: Wire, station: Station, phone: Caller) -> None:
    """A re-INVITE that waits for its answer still waits for it, and is refused when the call ends."""
    session = call(phone, station)
    again = phone.request("INVITE", body=OFFER)
    phone.expect(100)
    phone.request("ACK", cseq=again.cseq.number)
    wire.run(0.1)
    station.endpoint.bye(session, (), wire.now)
    station.pump()
    phone.answer(phone.expect_request("BYE"), 200)
    wire.settle()
    assert_quiet(station)
