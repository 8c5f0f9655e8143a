"""Calls between two services over real sockets on the loopback, and what hostile peers do to them."""

import asyncio
import random
import socket
from contextlib import suppress

import pytest
from structlog.testing import capture_logs
from tests.unit.net.sip_phones import ANSWER, OFFER, MakePhone, order

from offhook.calls.errors import UnknownEdge
from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    ProvisionalReceived,
    RefusalCause,
    SignallingEvent,
)
from offhook.calls.ports import InviteOrder, SipCredentials
from offhook.net.connection import StreamLimits
from offhook.net.dns import Resolver
from offhook.net.edge import SipEdge
from offhook.net.errors import EdgeUnavailable
from offhook.net.records import Records, Target
from offhook.net.undelivered import HAS_ERROR_QUEUE
from offhook.sip.hop import Transport

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_call_from_invite_to_bye(make_phone: MakePhone, transport: str) -> None:
    """Both sides are told each step with headers and SDP, and both timelines hold every message."""
    ann, bob = await make_phone(), await make_phone()
    placed = ann.service.invite(order(bob.uri(transport)))
    arrived = await bob.next(InviteReceived)
    assert (arrived.call_id, arrived.transport, arrived.source_host) == (placed.call_id, transport, "127.0.0.1")
    assert (arrived.from_uri, arrived.from_display) == (placed.from_uri, 'Ann "the boss"')
    assert placed.from_uri == "sip:+15550100@sip.localhost"
    assert (arrived.request_uri, arrived.offer, arrived.edge) == (placed.to_uri, OFFER, "ashburn")
    sent = [header for header in arrived.headers if header[0].lower().startswith("x-")]
    assert sent == [("X-Colour", "blue"), ("x-Twice", "1"), ("x-Twice", "2")]

    bob.service.ring(arrived.session)
    assert (await ann.next(ProvisionalReceived)).code == 180
    bob.service.accept(arrived.session, ANSWER, (("X-Agent", "7"),))
    answered = await ann.next(InviteAnswered)
    assert (answered.session, answered.answer, answered.source_host) == (placed.session, ANSWER, "127.0.0.1")
    assert ("X-Agent", "7") in answered.headers
    await bob.next(AckReceived)

    ann.service.bye(placed.session, (("X-Reason", "done"),))
    assert ("X-Reason", "done") in (await bob.next(ByeReceived)).headers
    assert (await ann.next(ByeAnswered)).code == 200
    assert ann.timeline.lines("sent") == bob.timeline.lines("received") == ["INVITE", "ACK", "BYE"]
    assert ann.timeline.lines("received") == bob.timeline.lines("sent") == ["100", "180", "200", "200"]
    assert {entry.detail["call_id"] for entry in ann.timeline.entries} == {placed.call_id}
    assert ann.service.live[0] == bob.service.live[0] == 0


async def test_a_cancelled_call(make_phone: MakePhone) -> None:
    """CANCEL ends it on both sides: 487 for the caller, a cancellation for the callee."""
    ann, bob = await make_phone(), await make_phone()
    placed = ann.service.invite(order(bob.uri()))
    arrived = await bob.next(InviteReceived)
    bob.service.ring(arrived.session)
    await ann.next(ProvisionalReceived)
    ann.service.cancel(placed.session)
    assert (await bob.next(CancelReceived)).session == arrived.session
    refused = await ann.next(InviteRefused)
    assert (refused.cause, refused.code) == (RefusalCause.CANCELED, 487)


async def test_a_refused_call(make_phone: MakePhone) -> None:
    """The final response reaches the caller with its code, reason and headers."""
    ann, bob = await make_phone(), await make_phone()
    ann.service.invite(order(bob.uri()))
    arrived = await bob.next(InviteReceived)
    bob.service.reject(arrived.session, 486, "Busy Here", (("X-Until", "noon"),))
    refused = await ann.next(InviteRefused)
    assert (refused.cause, refused.code, refused.reason) == (RefusalCause.RESPONSE, 486, "Busy Here")
    assert ("X-Until", "noon") in refused.headers


async def test_sessions_of_all_edges_have_numbers_of_their_own(make_phone: MakePhone) -> None:
    """The edge of an order is the address it leaves from, and no two sessions share a number."""
    edges = [
        SipEdge(name=name, host=f"127.0.0.{n}", port=0) for n, name in enumerate(("ashburn", "dublin", "tokyo"), 2)
    ]
    ann, bob = await make_phone(*edges), await make_phone()
    seen = {}
    placed = [ann.service.invite(order(bob.uri(), edge.name)) for edge in edges for _ in range(2)]
    for _ in placed:
        arrived = await bob.next(InviteReceived)
        seen[arrived.call_id] = arrived.source_host
    assert len({one.session for one in placed}) == len(placed)
    assert [seen[one.call_id] for one in placed] == [edge.host for edge in edges for _ in range(2)]
    ann.service.cancel(placed[3].session)
    with pytest.raises(UnknownEdge, match="nowhere"):
        ann.service.invite(order(bob.uri(), "nowhere"))


async def test_names_are_resolved(make_phone: MakePhone) -> None:
    """A name is looked up before the INVITE leaves; two calls to it at once share the answer."""
    ann, bob = await make_phone(), await make_phone()
    target = bob.uri().replace("127.0.0.1", "phones.localhost")
    calls = {ann.service.invite(order(target)).call_id for _ in range(2)}
    assert {(await bob.next(InviteReceived)).call_id for _ in calls} == calls


async def test_calls_that_wait_for_one_look_up_are_shared_out(make_phone: MakePhone) -> None:
    """RFC 2782: each of them draws lots of its own; a burst does not go to one target as a whole."""
    bob, cat = await make_phone(), await make_phone()

    class TwoTargets(Records):
        """Two targets of the same weight."""

        async def targets(self, name: str, patience: float) -> tuple[list[Target] | None, float]:  # noqa: ARG002
            """Bob and Cat."""
            await asyncio.sleep(0)
            ports = [phone.service.port("ashburn") for phone in (bob, cat)]
            return [Target(priority=10, weight=50, host="127.0.0.1", port=port) for port in ports], 60.0

    resolver = Resolver(records=TwoTargets(), lots=random.Random(1))  # noqa: S311
    ann = await make_phone(resolver=resolver)
    for _ in range(20):
        ann.service.invite(order("sip:bob@pair.test;transport=udp"))
    async with asyncio.timeout(5):
        while bob.events.qsize() + cat.events.qsize() < 20:  # noqa: ASYNC110 - two queues have no one event
            await asyncio.sleep(0.01)
    assert min(bob.events.qsize(), cat.events.qsize()) >= 4


async def test_what_cannot_be_reached_is_refused(make_phone: MakePhone) -> None:
    """A name without address is UNRESOLVED; a closed port is TRANSPORT; nobody has to wait for a timer."""
    ann = await make_phone()
    ann.service.invite(order("sip:bob@a..b"))
    assert (await ann.next(InviteRefused)).cause is RefusalCause.UNRESOLVED
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for transport in ("tcp", "udp") if HAS_ERROR_QUEUE else ("tcp",):
            ann.service.invite(order(f"sip:bob@127.0.0.1:{closed.getsockname()[1]};transport={transport}"))
            assert (await ann.next(InviteRefused)).cause is RefusalCause.TRANSPORT


@pytest.mark.parametrize("answer", [b"", b"SIP/2.0 100"])
async def test_a_peer_that_takes_an_invite_and_hangs_up(make_phone: MakePhone, answer: bytes) -> None:
    """Its connection ends with no word, or half of one: the call fails then, not when a timer has run out."""
    ann = await make_phone()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        ann.service.invite(order(f"sip:bob@127.0.0.1:{server.sockets[0].getsockname()[1]};transport=tcp"))
        async with asyncio.timeout(5):
            refused = await ann.next(InviteRefused)
    assert refused.cause is RefusalCause.TRANSPORT


async def test_an_invite_too_large_for_a_datagram_is_refused(make_phone: MakePhone) -> None:
    """What the kernel will not send is a transport failure at once."""
    ann, bob = await make_phone(), await make_phone()
    big = InviteOrder(
        edge="ashburn", target=bob.uri(), from_user="a", from_host="b", offer=OFFER + b"a=x:" + b"y" * 70_000 + b"\r\n"
    )
    with capture_logs():
        ann.service.invite(big)
    refused = await ann.next(InviteRefused)
    assert (refused.cause, refused.code) == (RefusalCause.TRANSPORT, 503)


GARBAGE = [
    b"",
    b"\r\n\r\n",
    b"\x00" * 100,
    b"hello",
    bytes(range(256)) * 200,
    b"INVITE sip:x SIP/2.0\r\n\r\n",
    b"INVITE sip:bob@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\nCSeq: banana\r\n\r\n",
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnone\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n",
    b"BYE sip:bob@127.0.0.1 SIP/2.0\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"INVITE sip:bob@127.0.0.1 SIP/2.0\r\nCall-ID: \xff\xfe\r\nFrom: \xff\r\n\r\n",
]


async def test_garbage_does_not_disturb_the_next_call(make_phone: MakePhone) -> None:
    """After every kind of nonsense, on UDP and TCP, a call still goes through."""
    ann, bob = await make_phone(), await make_phone()
    port = bob.service.port("ashburn")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        for datagram in GARBAGE:
            noise.sendto(datagram, ("127.0.0.1", port))
    for piece in GARBAGE:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(piece)
        writer.write_eof()
        with suppress(ConnectionResetError):
            await reader.read()
        writer.close()
    for transport in ("udp", "tcp"):
        placed = ann.service.invite(order(bob.uri(transport)))
        assert (await bob.next(InviteReceived)).call_id == placed.call_id


async def test_a_stream_without_messages_is_closed(make_phone: MakePhone) -> None:
    """RFC 3261 §18.3: a message without Content-Length on TCP leaves no way to find the next one."""
    bob = await make_phone()
    reader, writer = await asyncio.open_connection("127.0.0.1", bob.service.port("ashburn"))
    writer.write(b"OPTIONS sip:bob@127.0.0.1 SIP/2.0\r\nTo: <sip:bob@127.0.0.1>\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_peer_that_hangs_up_the_stream_gets_its_bye_on_another(make_phone: MakePhone) -> None:
    """The connection of a call is gone: a request within the call opens a new one to the peer's Contact."""
    ann = await make_phone(SipEdge(name="ashburn", host="127.0.0.1", port=0, streams=StreamLimits(idle=0.1, ping=0)))
    bob = await make_phone()
    placed = ann.service.invite(order(bob.uri("tcp")))
    arrived = await bob.next(InviteReceived)
    bob.service.accept(arrived.session, ANSWER)
    await ann.next(InviteAnswered)
    await bob.next(AckReceived)
    wire = ann.service._wires[0]._streams[Transport.TCP]
    while wire.connections:
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    ann.service.bye(placed.session)
    assert (await bob.next(ByeReceived)).session == arrived.session
    assert (await ann.next(ByeAnswered)).code == 200


async def test_secrets_stay_out_of_the_timeline(make_phone: MakePhone) -> None:
    """The proof in an Authorization header is blotted out; the rest of the message is there."""
    ann = await make_phone()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.settimeout(5)
        target = f"sip:bob@127.0.0.1:{peer.getsockname()[1]}"
        ann.service.invite(order(target, credentials=SipCredentials(username="ann", password="pw")))
        first, source = await asyncio.to_thread(peer.recvfrom, 65535)
        kept = [
            line
            for line in first.split(b"\r\n")
            if line.split(b":")[0] in {b"Via", b"From", b"To", b"Call-ID", b"CSeq"}
        ]
        kept = [line + (b";tag=1" if line.startswith(b"To:") else b"") for line in kept]
        challenge = b'WWW-Authenticate: Digest realm="here", nonce="n0"'
        peer.sendto(
            b"\r\n".join([b"SIP/2.0 401 Unauthorized", *kept, challenge, b"Content-Length: 0", b"", b""]), source
        )
        messages = [(await asyncio.to_thread(peer.recvfrom, 65535))[0] for _ in range(2)]
    proof = next(message for message in messages if message.startswith(b"INVITE"))
    assert b'response="' in proof
    text = ann.timeline.entries[-1].detail["text"]
    assert 'username="ann"' in text
    assert 'response="***"' in text
    assert proof.split(b'response="')[1].split(b'"')[0].decode() not in text


async def test_a_failing_sink_refuses_the_call_and_lives_on(make_phone: MakePhone) -> None:
    """The caller gets 500, the error is logged, and the next call finds the same answer."""

    def fail(event: SignallingEvent) -> None:
        raise LookupError(event)

    ann, bob = await make_phone(), await make_phone(sink=fail)
    for _ in range(2):
        with capture_logs() as logs:
            ann.service.invite(order(bob.uri()))
            assert (await ann.next(InviteRefused)).code == 500
        assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["event_not_taken"]


async def test_a_taken_address_is_named(make_phone: MakePhone) -> None:
    """Starting on an address in use says which edge and address, and gives back what was bound before."""
    bob = await make_phone()
    port = bob.service.port("ashburn")
    edges = (SipEdge(name="dublin", host="127.0.0.9", port=port), SipEdge(name="ashburn", host="127.0.0.1", port=port))
    for _ in range(2):
        with pytest.raises(EdgeUnavailable, match=rf"edge ashburn cannot use 127\.0\.0\.1:{port} \(UDP\): .*in use"):
            await make_phone(*edges)


async def test_the_port_is_free_after_close(make_phone: MakePhone) -> None:
    """Closing twice does no harm, and another service starts on the same port, although a call was up."""
    ann, bob = await make_phone(), await make_phone()
    ann.service.invite(order(bob.uri("tcp")))
    await bob.next(InviteReceived)
    port = bob.service.port("ashburn")
    await bob.service.close()
    await bob.service.close()
    again = await make_phone(SipEdge(name="ashburn", host="127.0.0.1", port=port))
    assert again.service.port("ashburn") == port
