"""What of a SIP message is written down, and what never is."""

from time import perf_counter

import pytest

from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.net.clock import SystemClock
from offhook.net.wire_record import WireRecord, redacted
from offhook.sip.hop import Hop, Transmission, Transport

PEER = Hop(Transport.TCP, "192.0.2.9", 5062, 4)


class Entries:
    """A timeline that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def record(self, entry: TimelineEntry) -> None:
        """Keep."""
        self.entries.append(entry)

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """Not asked here."""
        raise AssertionError((call_id, call_sid))


@pytest.fixture
def timeline() -> Entries:
    """A new timeline."""
    return Entries()


@pytest.fixture
def record(timeline: Entries) -> WireRecord:
    """The record of one edge."""
    return WireRecord("dublin", "127.0.0.2:5060", timeline, SystemClock())


def test_a_received_message_is_written_whole(record: WireRecord, timeline: Entries) -> None:
    """Every field of a SIP entry is there; compact Call-ID and leading line ends are understood."""
    message = b"\r\nBYE sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP c\r\nI :  abc@d \r\nX-Name: \xff\r\n\r\nbody"
    record.received(message, PEER)
    (entry,) = timeline.entries
    assert (entry.kind, entry.summary, entry.call_sid) == (Kind.SIP, "BYE sip:a@b SIP/2.0", None)
    assert entry.detail == {
        "direction": "received",
        "peer": "192.0.2.9:5062",
        "local": "127.0.0.2:5060",
        "transport": "TCP",
        "edge": "dublin",
        "start_line": "BYE sip:a@b SIP/2.0",
        "text": message.decode("utf-8", "replace"),
        "call_id": "abc@d",
    }


def test_what_belongs_to_no_call_is_left_out(record: WireRecord, timeline: Entries) -> None:
    """Nonsense without Call-ID and keep-alives make no entry."""
    record.received(b"\x00\xffhello", PEER)
    record.received(b"\r\n\r\n", PEER)
    record.sent(Transmission(b"\r\n", PEER, "", "keep-alive"))
    assert timeline.entries == []


@pytest.mark.parametrize(
    "line",
    [
        b'Authorization: Digest username="ann", response="SECRET", cnonce="SECRET"',
        b'PROXY-AUTHORIZATION : Digest username="ann",response=SECRET',
        b'Authorization: Digest username="ann",\r\n response = "SECRET"',
        b"Authorization: Basic SECRET",
        b'Authorization: Digest username="ann", response="SECRET',
        b'Authorization: Digest username="ann", response="SEC\\"RET"',
    ],
)
def test_proofs_are_blotted_out(line: bytes) -> None:
    """Whatever the spelling, folded or broken, the proof is not in what is kept; all other lines are."""
    before, after = b"INVITE sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\n", b"\r\nX-Response: response=5\r\n\r\nresponse=body"
    kept = redacted(before + line + after)
    assert b"SEC" not in kept
    assert b"RET" not in kept
    assert kept.startswith(before)
    assert kept.endswith(after)


@pytest.mark.parametrize(
    "line",
    [
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET",
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET==|2^20",
        b"A=CRYPTO:1 AES_CM_128_HMAC_SHA1_80 INLINE:SECRET;inline:SECRET|1:4 FEC_KEY=inline:SECRET",
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 SECRET",
        b"a=crypto:SECRET",
        b"k=clear:SECRET",
        b"a=key-mgmt:mikey SECRET",
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_keys_in_sdp_are_blotted_out(line: bytes, end: bytes) -> None:
    """No key of SRTP is in what is kept, however the line is written; its suite and all other lines are."""
    before = end.join([b"INVITE sip:a@b SIP/2.0", b"To: <sip:a@b>", b"", b"v=0", b"m=audio 4 RTP/SAVP 0", b""])
    after = end + b"a=sendrecv" + end
    kept = redacted(before + line + after)
    assert b"SECRET" not in kept
    assert kept.startswith(before + line[:2])
    assert kept.endswith(b"***" + after) or b"***|" in kept
    assert (b"AES_CM_128_HMAC_SHA1_80" in line) == (b"AES_CM_128" in kept) or b"inline:" not in line.lower()


def test_lifetime_and_suite_stay_readable() -> None:
    """They tell why SRTP was refused."""
    line = b"\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA|2^20|1:4 KDR=1\r\n"
    assert redacted(line) == b"\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:***|2^20|1:4 KDR=1\r\n"


def test_messages_without_proofs_are_untouched() -> None:
    """Nothing else is changed, and nothing is copied."""
    message = b"INVITE sip:a@b SIP/2.0\r\nX-A: response=1\r\n\r\n"
    assert redacted(message) is message


@pytest.mark.parametrize(
    "filler",
    [b" " * 60_000, b"\r\n " * 20_000, b'response="' * 6_000, b"i:" * 30_000, b"Authorization: Basic " * 3_000],
)
def test_a_hostile_message_costs_no_more_than_its_length(record: WireRecord, timeline: Entries, filler: bytes) -> None:
    """What a peer sends to run patterns in circles is read in a few milliseconds."""
    begun = perf_counter()
    for head in (b"\r\nCall-ID:", b"\r\nCall-ID: 1\r\nAuthorization: Digest response=", b"\r\nCall-ID"):
        record.received(head + filler + b"\0", PEER)
        record.received(head + filler + b"\r\n\r\n", PEER)
    assert perf_counter() - begun < 0.25
    assert timeline.entries
