"""SIP over TCP: transport in Via and Contact, framing, keep-alives, connections that go (RFC 3261 §18, RFC 5626)."""

import pytest
from talk import ANSWER, OURS, PHONE, Talk, order

from offhook.sip.events import AckReceived, ByeAnswered, ByeReceived, InviteAnswered, InviteReceived, InviteRefused
from offhook.sip.hop import Hop, Transport


def test_a_call_over_tcp() -> None:
    """Via and Contact name the transport, responses go back on the connection, nothing is repeated."""
    talk = Talk(stream=True)
    offered = talk.offered()
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    assert answered.headers.get("Contact") == f"<sip:{OURS}:5060;transport=tcp>"
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.bye(offered.session)
    bye = talk.phone.expect_request("BYE")
    assert bye.via.transport == "TCP"
    assert {source.transport for source in talk.phone.sources} == {Transport.TCP}
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()
    assert talk.wire.now < 33.0


def test_we_call_over_tcp() -> None:
    """`transport=tcp` in the target."""
    talk = Talk(stream=True)
    session = talk.call(order(f"sip:phone@{PHONE};transport=tcp"))
    invite = talk.phone.expect_request("INVITE")
    assert invite.via.transport == "TCP"
    assert invite.headers.get("Contact") == f"<sip:{OURS}:5060;transport=tcp>"
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


def test_on_a_stream_an_invite_is_sent_once_and_times_out() -> None:
    """Timer B runs on any transport."""
    talk = Talk(stream=True)
    talk.call(order("sip:nobody@192.0.2.77;transport=tcp"))
    assert talk.ours.expect(InviteRefused).code == 408
    assert talk.wire.times("INVITE") == [0]
    talk.quiet()


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_message_may_come_in_pieces(size: int) -> None:
    """However the bytes are cut, the messages are the same."""
    talk = Talk(stream=True)
    data = bytes(talk.phone.invite(send=False)) * 1
    for place in range(0, len(data), size):
        talk.phone.send(data[place : place + size])
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    talk.reject(session, 486)
    talk.phone.expect(486)


def test_several_messages_may_come_in_one_piece() -> None:
    """INVITE and a keep-alive, ACK and BYE."""
    talk = Talk(stream=True)
    up = talk.up_from_phone()
    ack = talk.phone.request("ACK", cseq=up.invite.cseq.number, send=False)
    bye = talk.phone.request("BYE", send=False)
    talk.phone.send(bytes(ack) + bytes(bye))
    talk.phone.expect(200)
    talk.ours.expect(ByeReceived)
    talk.quiet()


def test_a_ping_is_answered_with_a_pong() -> None:
    """RFC 5626 §3.5.1: two CRLFs, and one back."""
    talk = Talk()
    source = Hop(Transport.TCP, PHONE, 40000, 3)
    assert talk.ours.endpoint.receive_stream(3, b"\r\n\r\n", source, 0.0) is True
    assert [(one.data, one.hop) for one in talk.ours.endpoint.transmissions()] == [(b"\r\n", source)]


def test_a_stream_that_cannot_be_cut_has_to_be_closed() -> None:
    """§18.3: without Content-Length nobody knows where the next message begins."""
    talk = Talk()
    source = Hop(Transport.TCP, PHONE, 40000, 3)
    assert talk.ours.endpoint.receive_stream(3, b"OPTIONS sip:a SIP/2.0\r\n\r\n", source, 0.0) is False
    talk.ours.endpoint.connection_closed(3, 0.0)
    assert talk.ours.endpoint.receive_stream(3, b"\r\n\r\n", source, 0.0) is True


def test_a_connection_that_goes_leaves_the_call() -> None:
    """The answer is given to the wire with the connection's number; another connection may take it (§18.2.2)."""
    talk = Talk(stream=True)
    offered = talk.offered()
    number = talk.wire.connection(talk.phone.place, talk.ours.place)
    talk.ours.endpoint.connection_closed(number, talk.wire.now)
    talk.ours.pump()
    talk.accept(offered.session)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_an_answer_that_no_connection_takes_ends_a_ringing_call() -> None:
    """The caller is gone: the user is told as of a CANCEL."""
    talk = Talk(stream=True)
    offered = talk.offered()
    talk.wire.unreachable.add(talk.phone.place)
    talk.ring(offered.session)
    talk.wire.run(0.1)
    assert [type(event).__name__ for event in talk.ours.events] == ["CancelReceived"]
    talk.ours.events.clear()
    talk.quiet()


def test_half_a_message_is_kept_until_the_connection_closes() -> None:
    """And forgotten then."""
    talk = Talk()
    source = Hop(Transport.TCP, PHONE, 40000, 3)
    talk.ours.endpoint.receive_stream(3, b"INVITE sip:a@b SIP/2.0\r\nVia", source, 0.0)
    talk.ours.endpoint.connection_closed(3, 0.0)
    assert talk.ours.endpoint._framers == {}
