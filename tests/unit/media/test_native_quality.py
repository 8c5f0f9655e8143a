"""What a port learns from the peer's RTCP (RFC 3550 §6.4), and what it does not believe."""

import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest
from media_bench import Bench, running_bench

from offhook.media.events import SourceLatched
from offhook.media.negotiation import Negotiation
from offhook.media.quality import PortQuality
from offhook.testing.far_end import FarEnd

SR, RR, SDES, BYE = 200, 201, 202, 203
KEPT = 0.03  # seconds for which the peer keeps our report before it answers
PATIENCE = 3.0


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine whose ports report ten times a second."""
    with running_bench(report=0.1) as running:
        yield running


def packet(kind: int, body: bytes, count: int = 0) -> bytes:
    """One packet of a compound."""
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def block(ssrc: int, *, fraction: int = 0, lost: int = 0, jitter: int = 0, last: int = 0, delay: int = 0) -> bytes:
    """A report block about one source."""
    return struct.pack("!IIIIII", ssrc, fraction << 24 | lost & 0xFFFFFF, 0, jitter, last, delay)


class Caller:
    """A peer with an RTCP socket beside its far end, joined to a port."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.far: FarEnd = bench.far()
        self.control = bench.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.control.bind(("127.0.0.1", 0))
        self.control.settimeout(PATIENCE)
        self.port, number = bench.engine.open("127.0.0.1", 20_000, 29_999, 24_000)
        negotiation = Negotiation(address="127.0.0.1", port=number, session_id=1)
        offer = self.far.sdp() + f"a=rtcp:{self.control.getsockname()[1]}\r\n".encode()
        self.far.aim(negotiation.make_answer(offer))
        assert negotiation.agreement is not None
        bench.engine.agree(self.port, negotiation.agreement)
        self.far.send(bytes(160))
        bench.expect_kind(SourceLatched, self.port)
        self.ssrc = self.far.receive().ssrc
        self.target = ("127.0.0.1", number + 1)

    def hear_report(self) -> bytes:
        """Wait for an SR of the port that tells of what this end has sent."""
        while True:
            octets = self.control.recv(2048)
            if octets[1] == SR and octets[0] & 0x1F:
                return octets

    def tell(self, *packets: bytes) -> None:
        """Send a compound from the socket that was announced."""
        self.control.sendto(b"".join(packets), self.target)

    def report(self, about: bytes, *, ssrc: int = 7) -> None:
        """Send an RR with one block."""
        self.tell(packet(RR, ssrc.to_bytes(4, "big") + about, 1))

    def quality(self) -> PortQuality:
        """What the port knows now."""
        return self.bench.engine.quality(self.port)

    def learnt(self) -> PortQuality:
        """What the port knows once it has taken a report."""
        deadline = time.monotonic() + PATIENCE
        while (quality := self.quality()).outbound is None:
            assert time.monotonic() < deadline, "the report was not taken"
            time.sleep(0.005)
        return quality


def middle(report: bytes) -> int:
    """The LSR that answers this SR."""
    return int.from_bytes(report[10:14], "big")


def test_nothing_is_known_before_the_peer_reports(bench: Bench) -> None:
    """What it hears of the peer, though, is."""
    caller = Caller(bench)
    quality = caller.quality()
    assert quality.outbound is None
    assert quality.round_trip is None
    assert quality.inbound.lost == 0


def test_what_the_peer_says_of_us(bench: Bench) -> None:
    """Loss, jitter, and the round trip without the time for which it kept our report."""
    caller = Caller(bench)
    ours = caller.hear_report()
    time.sleep(KEPT)
    about = block(caller.ssrc, fraction=64, lost=12, jitter=80, last=middle(ours), delay=round(KEPT * 65536))
    caller.report(about)
    quality = caller.learnt()
    assert quality.outbound is not None
    assert (quality.outbound.loss, quality.outbound.lost) == (0.25, 12)
    assert quality.outbound.jitter == pytest.approx(0.01)
    assert quality.round_trip is not None
    assert 0 <= quality.round_trip < KEPT
    assert quality.mos(quality.outbound) < quality.mos(quality.inbound)


def test_a_sender_s_report_counts_and_is_answered(bench: Bench) -> None:
    """Its block as an RR's; our next report names it as the last, and how long ago it came."""
    caller = Caller(bench)
    ntp = 0x1234_5678_9ABC_DEF0
    sender = (7).to_bytes(4, "big") + struct.pack("!QIII", ntp, 0, 1, 160) + block(caller.ssrc, lost=-2)
    caller.tell(packet(SR, sender, 1), packet(SDES, bytes(8), 1))
    quality = caller.learnt()
    assert quality.outbound is not None
    assert quality.outbound.lost == -2  # more came than were sent: doubles (RFC 3550 §6.4.1)
    while True:
        ours = caller.hear_report()
        last, delay = struct.unpack_from("!II", ours, 28 + 16)
        if last:
            break
    assert last == 0x5678_9ABC
    assert 0 < delay < 65536


def test_on_one_port(bench: Bench) -> None:
    """A peer that sends RTCP to the RTP port (RFC 5761) is understood, and no sound is made of it."""
    caller = Caller(bench)
    caller.far.send_raw(packet(RR, (7).to_bytes(4, "big") + block(caller.ssrc, lost=3), 1))
    assert caller.learnt().outbound is not None
    assert bench.engine.close(caller.port).malformed == 0


def test_losses_of_the_peer(bench: Bench) -> None:
    """Every fourth packet does not come."""
    caller = Caller(bench)
    for number in range(40):
        if number % 4 == 3 and number < 39:
            caller.far.sequence = (caller.far.sequence + 1) % 2**16
            caller.far.timestamp = (caller.far.timestamp + 160) % 2**32
        else:
            caller.far.send(bytes(160))
    deadline = time.monotonic() + PATIENCE
    while (quality := caller.quality()).inbound.loss != pytest.approx(9 / 41):  # all of them have come
        assert time.monotonic() < deadline, quality.inbound
        time.sleep(0.005)
    assert quality.inbound.lost == 9
    assert quality.mos(quality.inbound) < 3


LIES: dict[str, Callable[[Caller], bytes]] = {
    "another's": lambda caller: packet(RR, bytes(4) + block(caller.ssrc ^ 1, lost=9), 1),
    "cut off": lambda caller: packet(RR, bytes(4) + block(caller.ssrc, lost=9), 1)[:-4],
    "more blocks than there are": lambda caller: packet(RR, bytes(4) + block(caller.ssrc, lost=9), 2),
    "another version": lambda caller: b"\x41" + packet(RR, bytes(4) + block(caller.ssrc, lost=9), 1)[1:],
    "no words": lambda _: packet(BYE, b""),
    "a tail": lambda _: b"\x80",
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_read(bench: Bench, lie: str) -> None:
    """Nothing is taken from it, and a report after it is."""
    caller = Caller(bench)
    caller.tell(LIES[lie](caller))
    caller.report(block(caller.ssrc, lost=3))
    quality = caller.learnt()
    assert quality.outbound is not None
    assert quality.outbound.lost == 3


def test_strangers_are_not_believed(bench: Bench) -> None:
    """Reports from another host than the sound's are not read."""
    caller = Caller(bench)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(packet(RR, bytes(4) + block(caller.ssrc, fraction=255, lost=999), 1), caller.target)
    caller.report(block(caller.ssrc, lost=3))
    quality = caller.learnt()
    assert quality.outbound is not None
    assert quality.outbound.lost == 3
    assert bench.engine.close(caller.port).strangers == 1


@pytest.mark.parametrize(("made_up", "delay"), [(True, 0), (False, 10 * 65536)], ids=["no report of ours", "too long"])
def test_absurd_times(bench: Bench, *, made_up: bool, delay: int) -> None:
    """An LSR that we never sent, or a delay longer than there was time for, gives no round trip."""
    caller = Caller(bench)
    last = middle(caller.hear_report())
    caller.report(block(caller.ssrc, lost=1, last=last ^ 0x10000 if made_up else last, delay=delay))
    assert caller.learnt().round_trip is None
