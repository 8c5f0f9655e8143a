"""RTP packets and telephone-events as values (RFC 3550 §5.1, RFC 4733 §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rtp import telephone_event
from offhook.rtp.errors import MalformedPacket
from offhook.rtp.packet import RtpPacket, parse
from offhook.rtp.telephone_event import TelephoneEvent, key_press

PACKET = RtpPacket(payload_type=101, sequence=0xFFFF, timestamp=0xFEDCBA98, ssrc=1, payload=b"abcd", marker=True)
OCTETS = bytes.fromhex("80e5fffffedcba980000000161626364")


def test_a_packet_is_printed_and_read() -> None:
    """Each field stands where RFC 3550 §5.1 draws it."""
    assert bytes(PACKET) == OCTETS
    assert parse(OCTETS) == PACKET


@pytest.mark.parametrize(
    "octets",
    [
        b"\x82" + OCTETS[1:12] + bytes(8) + b"abcd",
        b"\x90" + OCTETS[1:12] + bytes.fromhex("bede000211111111 22222222") + b"abcd",
        b"\xa0" + OCTETS[1:] + bytes.fromhex("000003"),
        b"\xb1" + OCTETS[1:12] + bytes(4) + bytes.fromhex("bede0000") + b"abcd" + b"\x01",
    ],
    ids=["csrcs", "extension", "padding", "all"],
)
def test_what_nobody_reads_is_left_out(octets: bytes) -> None:
    """CSRCs, extension and padding leave the payload as it is."""
    assert parse(octets) == PACKET


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        OCTETS[:11],
        b"\x40" + OCTETS[1:],
        b"\x8f" + OCTETS[1:],
        b"\x90" + OCTETS[1:12] + b"\xbe\xde",
        b"\x90" + OCTETS[1:12] + bytes.fromhex("bede0009") + bytes(8),
        b"\xa0" + OCTETS[1:-1] + b"\x00",
        b"\xa0" + OCTETS[1:-1] + b"\x05",
    ],
    ids=["empty", "short", "version", "csrcs", "cut extension", "long extension", "no padding", "long padding"],
)
def test_what_does_not_fit_is_refused(octets: bytes) -> None:
    """Every length is checked against what came."""
    with pytest.raises(MalformedPacket):
        parse(octets)


@given(st.binary(max_size=64))
def test_garbage_raises_nothing_else(octets: bytes) -> None:
    """Random octets are a packet or a MalformedPacket, and a packet's payload is part of what came."""
    try:
        packet = parse(octets)
    except MalformedPacket:
        return
    assert packet.payload in octets


@given(
    st.builds(
        RtpPacket,
        payload_type=st.integers(0, 127),
        sequence=st.integers(0, 2**16 - 1),
        timestamp=st.integers(0, 2**32 - 1),
        ssrc=st.integers(0, 2**32 - 1),
        payload=st.binary(max_size=40),
        marker=st.booleans(),
    )
)
def test_parsing_undoes_printing(packet: RtpPacket) -> None:
    """Every packet that can be written reads back as itself."""
    assert parse(bytes(packet)) == packet


@given(st.builds(TelephoneEvent, event=st.integers(0, 255), duration=st.integers(0, 2**16 - 1), is_end=st.booleans()))
def test_a_telephone_event_reads_back(event: TelephoneEvent) -> None:
    """Likewise every event, also one that is no key."""
    assert telephone_event.parse(bytes(event)) == event


def test_a_key_press_is_seven_payloads() -> None:
    """Growing durations, then the end three times (RFC 4733 §2.5.1)."""
    payloads = [bytes(event).hex() for event in key_press("#")]
    assert payloads == ["0b0a00a0", "0b0a0140", "0b0a01e0", "0b0a0280", "0b8a0320", "0b8a0320", "0b8a0320"]


def test_a_payload_is_read() -> None:
    """Event, end bit and duration; an event beyond the sixteen keys is no digit."""
    assert telephone_event.parse(bytes.fromhex("0b8a0320")) == TelephoneEvent(event=11, duration=800, is_end=True)
    assert telephone_event.parse(bytes.fromhex("100a0320")).digit == ""
    with pytest.raises(MalformedPacket):
        telephone_event.parse(b"\x01\x0a\x00")
