"""Whatever peers send, `receive` raises nothing, holds no more than it should, and the next call goes through."""

import random

import pytest

from offhook.sip.events import AckReceived, ByeReceived, InviteAnswered, InviteReceived, OfferReceived
from offhook.sip.headers import Headers
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request, Response, response_to
from offhook.sip.parse import parse
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.uri import SipUri
from offhook.testing.caller import OFFER, Caller
from offhook.testing.wire import Station, Wire, assert_quiet

MALLORY = Hop(Transport.UDP, "192.0.2.66", 5060)
WORDS = (
    b"\r\n", b"\r", b"\n", b" ", b"\t", b"\x00", b'"', b"\\", b"<", b">", b",", b";", b"=", b":", b"@", b"%", b"\xff",
    b"sip:", b"tel:+1", b";lr", b";tag=x", b"INVITE", b"ACK", b"CANCEL", b"SIP/2.0", b"4294967296", b"Require: x\r\n",
    b"Record-Route: <tel:1>\r\n", b"Via: SIP/2.0/UDP h\r\n", b"Contact: *\r\n", b"[::1]",
)  # fmt: skip


PONG = b"\r\n"


def mutate(source: random.Random, data: bytes) -> bytes:
    """The message with a few pieces cut, doubled, moved or replaced; now and then as it was."""
    for _ in range(source.randint(0, 3)):
        start = source.randrange(len(data) + 1)
        stop = min(len(data), start + source.randrange(30))
        piece = source.choice((b"", data[start:stop] * 2, source.choice(WORDS), source.randbytes(2)))
        data = data[:start] + piece + data[stop:]
    return data


def overhear() -> list[bytes]:
    """Every message of two calls, one of each direction, with what belongs to them."""
    wire = Wire(seed=1)
    ours, phone = wire.station("192.0.2.1"), Caller(wire)
    invite = phone.invite()
    phone.expect(100)
    session = ours.expect(InviteReceived).session
    ours.endpoint.accept(session, OFFER, (), wire.now)
    ours.pump()
    phone.ack(invite, phone.expect(200))
    for method in ("INFO", "UPDATE", "OPTIONS", "INVITE"):
        phone.request(method, body=OFFER if method == "INVITE" else b"")
    phone.cancel(invite)
    order = OutgoingInvite(target="sip:phone@192.0.2.9", from_="<sip:us@192.0.2.1>", body=OFFER, username="u")
    ours.endpoint.invite(order, wire.now)
    ours.pump()
    wire.run(0.1)
    called = next(message for message in phone.inbox if getattr(message, "method", "") == "INVITE")
    challenge = (("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'),)
    for code in (100, 183, 200, 401, 407, 486, 503):
        phone.answer(called, code, headers=challenge, body=OFFER)  # type: ignore[arg-type]  # it is a request
    phone.request("BYE")
    wire.run(0.1)
    return [sent.data for sent in wire.sent]


OVERHEARD = overhear()


def answer(source: random.Random, data: bytes) -> bytes:
    """A response to a request of the endpoint's, or a request in the dialog of its response; else the message."""
    message = parse(data)
    tag = source.choice(("one", "two"))
    body = source.choice((b"", OFFER))
    if isinstance(message, Request) and message.method != "ACK":
        response = response_to(message, source.choice((100, 180, 183, 200, 200, 302, 401, 481, 487, 503)), to_tag=tag)
        response.headers.add("WWW-Authenticate", f'Digest realm="{tag}", nonce="{tag}", qop="auth,auth-int"')
        more, response.body = response.headers, body
        made: Request | Response = response
    elif isinstance(message, Response) and message.cseq.method == "INVITE":
        headers = Headers([("Via", f"SIP/2.0/UDP 192.0.2.66;branch=z9hG4bK{source.random()}")])
        headers.carry(message.headers, "From", "To", "Call-ID")
        method = source.choice(("ACK", "ACK", "BYE", "INFO", "INVITE", "UPDATE", "CANCEL"))
        headers.add("CSeq", f"{message.cseq.number + source.choice((0, 1, 5))} {method}")
        more, made = headers, Request(method, "sip:us@192.0.2.1", headers, body)
    else:
        return data
    more.add("Contact", source.choice(("<sip:m@192.0.2.66>", "<sip:m@m.example;lr?a=b>", "<tel:+1>")))
    more.add("Record-Route", source.choice(("<sip:p@192.0.2.67;lr>", "<sip:192.0.2.68>", "<tel:+2>")))
    if body:
        more.add("Content-Type", "application/sdp")
    return bytes(made)


def talk_nonsense(station: Station, source: random.Random) -> None:
    """Half an hour of a peer that knows the words: also as if it were the other end of the live calls."""
    wire = station.wire
    seen = len(wire.sent)
    for _ in range(60):
        live = [sent.data for sent in wire.sent[seen:] if sent.data != PONG]
        is_answer = live and source.random() < 0.6
        data = mutate(source, answer(source, source.choice(live)) if is_answer else source.choice(OVERHEARD))
        hop = source.choice((MALLORY, Hop(Transport.TCP, "192.0.2.66", 4000, source.randrange(3))))
        if hop.connection is None:
            station.endpoint.receive(data, hop, wire.now)
        elif not station.endpoint.receive_stream(hop.connection, data, hop, wire.now):
            station.endpoint.connection_closed(hop.connection, wire.now)
        station.pump()
        wire.run(source.choice((0.0, 0.0, 0.4, 5.0, 40.0)))


def react(station: Station, source: random.Random) -> None:
    """A user that does this and that with what it is told."""

    def act(event: object) -> None:
        endpoint, now = station.endpoint, station.wire.now
        if isinstance(event, InviteReceived):
            if source.random() < 0.5:
                endpoint.ring(event.session, 180, b"", now)
                endpoint.accept(event.session, OFFER, (), now)
            else:
                endpoint.reject(event.session, 486, "", (), now)
        elif isinstance(event, OfferReceived):
            endpoint.answer_offer(event.session, OFFER, now)
        elif isinstance(event, AckReceived | InviteAnswered):
            endpoint.bye(event.session, (), now)

    station.on_event = act


@pytest.mark.parametrize("seed", range(40))
def test_nonsense_in_the_middle_of_calls_does_no_harm(seed: int) -> None:
    """No exception, nothing left in the end, and an honest caller is still served."""
    source = random.Random(seed)  # noqa: S311  # a replayable test, no secret
    wire = Wire(seed)
    station = wire.station("192.0.2.1")
    react(station, source)
    order = OutgoingInvite(target="sip:m@192.0.2.66", from_="<sip:us@192.0.2.1>", body=OFFER, username="u")
    for _ in range(3):
        station.endpoint.invite(order, wire.now)
        station.pump()
        talk_nonsense(station, source)
    hang_up_all(station)
    wire.settle()
    assert_quiet(station)
    check_own_words(station)
    station.events.clear()
    station.on_event = None
    serve_an_honest_caller(station)


def check_own_words(station: Station) -> None:
    """Whatever we say ourselves can be read; only the peer's From or To may be as odd as it came."""
    for message in (parse(sent.data) for sent in station.wire.sent if sent.data != PONG):
        if isinstance(message, Request):
            assert message.via.has_magic_cookie
            assert isinstance(message.uri, SipUri)
            assert message.max_forwards == 70
            assert message.cseq.method == message.method


def hang_up_all(station: Station) -> None:
    """End whatever the nonsense may have begun, in whatever state it is."""
    now = station.wire.now
    for session in range(1, 500):
        station.endpoint.cancel(session, (), now)
        station.endpoint.bye(session, (), now)
    station.pump()


def serve_an_honest_caller(station: Station) -> None:
    """One whole call."""
    wire, phone = station.wire, Caller(station.wire)
    invite = phone.invite()
    phone.expect(100)
    session = station.expect(InviteReceived).session
    station.endpoint.accept(session, OFFER, (), wire.now)
    station.pump()
    phone.ack(invite, phone.expect(200))
    station.expect(AckReceived)
    phone.request("BYE")
    phone.expect(200)
    station.expect(ByeReceived)
