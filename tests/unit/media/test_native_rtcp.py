"""RTCP that a port sends (RFC 3550 §6), read at the far end."""

import socket
import struct
from collections.abc import Iterator

import pytest
from media_bench import Bench, running_bench

from offhook.media.events import SourceLatched
from offhook.media.negotiation import Negotiation


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine of this test's own."""
    with running_bench() as running:
        yield running


def _packets(compound: bytes) -> list[tuple[int, bytes]]:
    """Each packet's type and the octets after its header."""
    found = []
    while compound:
        first, kind, words = struct.unpack_from("!BBH", compound)
        assert first >> 6 == 2
        length = 4 * (words + 1)
        found.append((kind, compound[4:length]))
        compound = compound[length:]
    return found


def test_a_port_says_goodbye_with_a_last_report(bench: Bench) -> None:
    """On close: SR with what was sent and received, SDES with a CNAME, BYE; to where a=rtcp says (RFC 3605)."""
    far = bench.far()
    control = bench.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    control.bind(("127.0.0.1", 0))
    control.settimeout(3)
    port, number = bench.engine.open("127.0.0.1", 20_000, 29_999, 24_000)
    negotiation = Negotiation(address="127.0.0.1", port=number, session_id=1)
    far.aim(negotiation.make_answer(far.sdp() + f"a=rtcp:{control.getsockname()[1]}\r\n".encode()))
    assert negotiation.agreement is not None
    bench.engine.agree(port, negotiation.agreement)
    far.send(bytes(160))
    bench.expect_kind(SourceLatched, port)
    ours = far.receive()
    report = bench.engine.close(port)
    while True:
        packets = _packets(control.recv(2048))
        if packets[-1][0] == 203:
            break
    (report_kind, report_body), (description_kind, description), (_, goodbye) = packets
    assert (report_kind, description_kind) == (200, 202)
    ssrc, _, _, _, sent, octets = struct.unpack_from("!IIIIII", report_body)
    assert (ssrc, sent, octets) == (ours.ssrc, report.sent, report.sent * 160)
    source, lost, highest = struct.unpack_from("!III", report_body, 24)
    assert (source, lost, highest & 0xFFFF) == (far.ssrc, 0, (far.sequence - 1) % 2**16)
    assert description[4] == 1
    assert len(description[6:22].rstrip(b"\0")) == description[5] == 16
    assert goodbye == ssrc.to_bytes(4, "big")
