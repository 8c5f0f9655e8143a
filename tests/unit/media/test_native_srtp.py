"""SRTP and SRTCP on the native plane (RFC 3711, 4568), against libsrtp at the far end."""

import socket
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from media_bench import Bench, running_bench

from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.media.engine import PortReport, decode, encode
from offhook.media.events import KeyReleased, PlaybackEnded, SourceLatched
from offhook.media.negotiation import Negotiation
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import parse as parse_event
from offhook.sdp.codecs import PCMU
from offhook.sdp.crypto import CryptoSuite
from offhook.testing.far_end import FarEnd
from offhook.testing.secure_far_end import SecureFarEnd

SUITE_80 = CryptoSuite.AES_CM_128_HMAC_SHA1_80
SUITE_32 = CryptoSuite.AES_CM_128_HMAC_SHA1_32
OTHER_KEY = bytes(range(100, 130))


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def _secure(bench: Bench, *suites: CryptoSuite, key: bytes = bytes(range(30)), ssrc: int = 7) -> SecureFarEnd:
    far = SecureFarEnd(suites=suites or (SUITE_80,), key=key, ssrc=ssrc)
    return bench.stack.enter_context(far)


def _heard(bench: Bench, far: FarEnd, port: int) -> None:
    far.send(bytes(160))
    bench.expect_kind(SourceLatched, port)


def _take(far: FarEnd, payload: bytes) -> RtpPacket:
    while True:
        packet = far.receive()
        if packet.payload == payload:
            return packet


def _newest(far: FarEnd) -> RtpPacket:
    """A packet that was sent after now, give or take what waits in the socket."""
    return [far.receive() for _ in range(4)][-1]


def _counted(bench: Bench, far: FarEnd, port: int) -> PortReport:
    """The report, after everything that this far end has sent so far has been read: a key goes behind it."""
    far.press("9")
    bench.expect_kind(KeyReleased, port)
    return bench.engine.close(port)


@pytest.mark.parametrize("suite", [SUITE_80, SUITE_32])
def test_a_tone_comes_out_as_it_went_in(bench: Bench, suite: CryptoSuite) -> None:
    """What a port plays is SRTP under our key, and one tone at its level for a peer that knows it."""
    far = _secure(bench, suite)
    port = bench.leg(far)
    bench.engine.play(port, 1, tone((440.0,), 0.2, level_dbfs=-10), 1)
    heard = b""
    while len(heard) < 1600:
        packet = far.receive()
        heard += packet.payload if heard or packet.payload != encode(PCMU, bytes(320)) else b""
    frequency_hz, level_dbfs = loudest_tone(decode(PCMU, heard))
    assert abs(frequency_hz - 440) < 2
    assert abs(level_dbfs + 10) < 0.5


@pytest.mark.parametrize("suites", [(SUITE_80,), (SUITE_32,), (SUITE_80, SUITE_32), (SUITE_32, SUITE_80)])
def test_the_first_suite_of_the_offer_is_taken(bench: Bench, suites: tuple[CryptoSuite, ...]) -> None:
    """Both suites are understood; the offerer's order decides (RFC 4568 §5.1.2)."""
    far = _secure(bench, *suites)
    port = bench.leg(far)
    assert far.agreed is not None
    assert (far.agreed.tag, far.agreed.suite) == (1, suites[0])
    assert far.agreed.key != far.key
    _heard(bench, far, port)
    assert _counted(bench, far, port).unauthenticated == 0


def test_no_packet_leaves_in_the_clear(bench: Bench) -> None:
    """Every packet is longer by its authentication tag, and silence does not look like silence."""
    far = _secure(bench)
    bench.leg(far)
    packets = [far.socket.recv(2048) for _ in range(5)]
    assert {len(packet) for packet in packets} == {12 + 160 + 10}
    assert all(encode(PCMU, bytes(320)) not in packet for packet in packets)
    assert len({packet[12:] for packet in packets}) == 5


@pytest.mark.parametrize("joined", ["srtp to rtp", "rtp to srtp", "srtp to srtp"])
def test_a_relay_opens_and_seals(bench: Bench, joined: str) -> None:
    """Between SRTP and RTP, and between two keys, the octets of the audio stay as they are, and numbers go on."""
    first, second = joined.split(" to ")
    one = _secure(bench) if first == "srtp" else bench.far()
    other = _secure(bench, SUITE_32, key=OTHER_KEY, ssrc=8) if second == "srtp" else bench.far(ssrc=8)
    ports = bench.leg(one), bench.leg(other)
    for far, port in zip((one, other), ports, strict=True):
        _heard(bench, far, port)
    bench.engine.connect(*ports)
    for sender, listener in ((one, other), (other, one)):
        frames = [bytes([number]) * 160 for number in range(1, 20)]
        for frame in frames:
            sender.send(frame)
        packets = [_take(listener, frames[0]), *(listener.receive() for _ in frames[1:])]
        assert [packet.payload for packet in packets] == frames
        assert all((after.sequence - before.sequence) % 2**16 == 1 for before, after in pairwise(packets))
    one.press("7")
    event = bench.expect_kind(KeyReleased, ports[0])
    assert isinstance(event, KeyReleased)
    assert event.digit == "7"
    durations: list[int] = []
    while len(durations) < 7:
        packet = other.receive()
        if packet.payload_type == 101:
            durations.append(parse_event(packet.payload).duration)
    assert durations[-3:] == [800, 800, 800]


def test_digits_are_played_as_srtp(bench: Bench) -> None:
    """Telephone-events that we send are sealed like audio, each packet under a number of its own."""
    far = _secure(bench)
    port = bench.leg(far)
    bench.engine.play_digits(port, 1, "5")
    bench.expect_kind(PlaybackEnded, port)
    packets = [far.receive() for _ in range(8)]
    events = [parse_event(packet.payload) for packet in packets if packet.payload_type == 101]
    assert events
    assert {event.event for event in events} == {5}


def _packet(sequence: int, payload: bytes) -> bytes:
    return bytes(RtpPacket(payload_type=0, sequence=sequence, timestamp=0, ssrc=7, payload=payload, marker=False))


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:12],
        lambda sealed: sealed[:11],
        lambda _: b"",
        lambda sealed: sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:],
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: sealed[:2] + bytes([sealed[2] ^ 1]) + sealed[3:],
        lambda sealed: bytes([sealed[0] | 0x0F]) + sealed[1:],
        lambda sealed: bytes([sealed[0] | 0x10]) + sealed[1:],
        lambda sealed: sealed * 11,
        lambda _: b"\x80\x00" + bytes(170),
    ],
    ids=["short", "header", "less", "empty", "payload", "tag", "number", "csrc", "extension", "longest", "plain"],
)
def test_what_is_not_under_the_key_does_not_count(bench: Bench, spoil: Spoil) -> None:
    """A packet that is not authentic settles no address, counts as nothing heard, reaches nobody, and is counted."""
    far, other = _secure(bench), bench.far(ssrc=8)
    port, listening = bench.leg(far), bench.leg(other)
    _heard(bench, other, listening)
    bench.engine.connect(port, listening)
    for number in range(5):
        far.send_raw(spoil(far.protect(_packet(10 + number, b"\x01" * 160))))
    assert all(other.receive().payload != b"\x01" * 160 for _ in range(5))
    assert not [event for event in bench.engine.drain() if isinstance(event, SourceLatched) and event.port == port]
    _heard(bench, far, port)
    report = _counted(bench, far, port)
    assert (report.unauthenticated, report.replayed, report.malformed) == (5, 0, 0)


def test_the_wrong_key_is_nobodys(bench: Bench) -> None:
    """A peer with another key than it said is not heard."""
    far = _secure(bench)
    port = bench.leg(far)
    far.key = OTHER_KEY
    far.renew_sending()
    for _ in range(5):
        far.send(bytes(160))
    far.key = bytes(range(30))
    far.renew_sending()
    _heard(bench, far, port)
    assert _counted(bench, far, port).unauthenticated == 5


def test_a_stranger_without_the_key_cannot_take_the_port(bench: Bench) -> None:
    """However many packets come from elsewhere, the port goes on to send to where SDP said."""
    far, stranger = _secure(bench), bench.far()
    port = bench.leg(far)
    stranger.remote = far.remote
    for _ in range(10):
        stranger.send(bytes(160))
    _heard(bench, far, port)
    report = _counted(bench, far, port)
    assert report.unauthenticated == 10
    assert report.remote == f"127.0.0.1:{far.number}"


def test_what_was_heard_before_is_not_heard_again(bench: Bench) -> None:
    """A recorded packet, sent again at once or later, is dropped (RFC 3711 §3.3.2)."""
    far, other = _secure(bench), bench.far(ssrc=8)
    port, listening = bench.leg(far), bench.leg(other)
    _heard(bench, far, port)
    _heard(bench, other, listening)
    bench.engine.connect(port, listening)
    recorded = [far.protect(_packet(number, b"\x01" * 160)) for number in range(1, 200)]
    for packet in recorded:
        far.send_raw(packet)
    for packet in (recorded[-1], recorded[0], recorded[100]):
        far.send_raw(packet)
    far.sequence = 300
    report = _counted(bench, far, port)
    assert (report.replayed, report.unauthenticated) == (3, 0)


def test_a_new_key_of_the_peer_is_followed_without_a_gap(bench: Bench) -> None:
    """After a re-offer with another key, the old one is heard until the first packet under the new one."""
    far = _secure(bench)
    port = bench.leg(far)
    _heard(bench, far, port)
    ours = far.agreed
    late = [far.protect(_packet(65_531 + number, bytes(160))) for number in range(3)]
    far.sequence = 65_534
    far.key = OTHER_KEY
    bench.reoffer(port, far)
    for packet in late[:2]:
        far.send_raw(packet)
    far.renew_sending()
    far.send(bytes(160))
    far.send_raw(late[2])
    assert far.agreed == ours
    assert _counted(bench, far, port).unauthenticated == 1


@pytest.mark.parametrize("runs_on", [False, True], ids=["from 0", "running on"])
def test_a_new_key_after_the_numbers_have_gone_round(bench: Bench, runs_on: bool) -> None:  # noqa: FBT001
    """A peer's rollover counter may begin anew with its key, or run on (RFC 3711 §3.3.1): both are heard."""
    far = _secure(bench)
    port = bench.leg(far)
    _heard(bench, far, port)
    for _ in range(20):  # over 65535
        far.send(bytes(160))
    far.key = OTHER_KEY
    bench.reoffer(port, far)
    far.renew_sending()
    if runs_on:
        for sequence in (0x7000, 0xE000, 5):  # sealed, and sent to nobody
            far.protect(_packet(sequence, b""))
    for _ in range(20):
        far.send(bytes(160))
    assert _counted(bench, far, port).unauthenticated == 0


def test_the_rollover_counters_outlive_a_reoffer(bench: Bench) -> None:
    """Hold and resume after the sequence numbers have gone round: the same keys go on, in both directions."""
    far = _secure(bench)
    port = bench.leg(far)
    _heard(bench, far, port)
    for _ in range(20):  # over 65535
        far.send(bytes(160))
    bench.reoffer(port, far, direction="inactive")
    far.send(bytes(160))  # sent while on hold: not used, but its number counts
    bench.reoffer(port, far)
    far.send(b"\x01" * 160)
    far.receive()
    assert _counted(bench, far, port).unauthenticated == 0


def test_a_peer_that_may_be_another_device_hears_a_new_source(bench: Bench) -> None:
    """Its key or its address changes: our key stays, and our SSRC becomes another, whose rollover counter is 0 for all.

    Whoever only holds and resumes hears the same source go on.
    """
    far = _secure(bench)
    port = bench.leg(far)
    first = far.receive()
    bench.reoffer(port, far, direction="inactive")
    bench.reoffer(port, far)
    assert _newest(far).ssrc == first.ssrc
    far.key = OTHER_KEY
    bench.reoffer(port, far)
    second = _newest(far)
    elsewhere = _secure(bench, key=OTHER_KEY, ssrc=far.ssrc)
    bench.reoffer(port, elsewhere)
    third = elsewhere.receive()
    assert len({packet.ssrc for packet in (first, second, third)}) == 3
    assert elsewhere.agreed == far.agreed


def test_a_suite_that_changes_brings_a_key_of_its_own(bench: Bench) -> None:
    """A keystream is never used twice: another suite means new contexts, and so another key of ours."""
    far = _secure(bench)
    port = bench.leg(far)
    _heard(bench, far, port)
    before = far.agreed
    far.suites, far.key = (SUITE_32,), OTHER_KEY
    bench.reoffer(port, far)
    assert before is not None
    assert far.agreed is not None
    assert (far.agreed.suite, far.agreed.key == before.key) == (SUITE_32, False)
    far.send(bytes(160))
    assert _counted(bench, far, port).unauthenticated == 0


def test_many_sources_under_one_key_cost_bounded_memory(bench: Bench) -> None:
    """Each SSRC of the peer is heard; the oldest are forgotten, and may come again."""
    far = _secure(bench)
    port = bench.leg(far)
    far.sequence = 1000
    for ssrc in [*range(100, 200), 100]:
        far.ssrc = ssrc
        far.send(bytes(160))
    report = _counted(bench, far, port)
    assert report.received > 101
    assert report.unauthenticated == 0


def test_control_packets_are_sealed_and_opened(bench: Bench) -> None:
    """What a port reports is SRTCP under our key; forged, replayed or plain reports of a peer are counted."""
    far = _secure(bench)
    control = bench.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    control.bind(("127.0.0.1", 0))
    control.settimeout(3)
    port, number = bench.engine.open("127.0.0.1", 20_000, 29_999, 24_000)
    negotiation = Negotiation(address="127.0.0.1", port=number, session_id=1, random_octets=bench.chance.randbytes)
    far.aim(negotiation.make_answer(far.sdp() + f"a=rtcp:{control.getsockname()[1]}\r\n".encode()))
    assert negotiation.agreement is not None
    bench.engine.agree(port, negotiation.agreement)
    _heard(bench, far, port)
    report = b"\x80\xc9\x00\x01" + far.ssrc.to_bytes(4, "big")
    sealed = far.protect_control(report)
    wrong_index = sealed[:-14] + bytes([sealed[-14] ^ 1]) + sealed[-13:]
    for packet in (sealed, sealed, wrong_index, report, sealed[:9], b"", b"\x80"):
        control.sendto(packet, ("127.0.0.1", number + 1))
    far.receive()
    far.receive()
    closed = _counted(bench, far, port)
    assert (closed.replayed, closed.unauthenticated) == (1, 5)
    opened = far.unprotect_control(control.recv(2048))
    assert opened[1] == 200
    assert opened[-8:-4] == b"\x81\xcb\x00\x01"


def test_a_source_that_starts_anew_is_still_heard_as_srtp(bench: Bench) -> None:
    """RTP whose numbers fall back under the same SSRC goes on without a silence: its numbers are continued."""
    one, other = bench.far(), _secure(bench, ssrc=8)
    ports = bench.leg(one), bench.leg(other)
    for far, port in zip((one, other), ports, strict=True):
        _heard(bench, far, port)
    bench.engine.connect(*ports)
    one.send(b"\x01" * 160)
    before = _take(other, b"\x01" * 160)
    one.sequence = (one.sequence - 25_000) % 2**16
    one.send(b"\x02" * 160)
    one.send(b"\x03" * 160)
    after = _take(other, b"\x02" * 160)
    assert (after.sequence - before.sequence) % 2**16 < 10
    assert _take(other, b"\x03" * 160).sequence == (after.sequence + 1) % 2**16
