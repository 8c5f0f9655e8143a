"""a=crypto lines (RFC 4568 §9.1): what is read, what is refused, and that no key shows."""

import binascii
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.sdp.crypto import MASTER_OCTETS, Crypto, CryptoSuite, SrtpUse, parse_crypto
from offhook.sdp.description import SessionDescription
from offhook.sdp.errors import MalformedCrypto, SdpError
from offhook.sdp.negotiate import Agreement, LocalMedia, Security, accept_answer, make_answer, make_offer
from offhook.sdp.parse import parse

SUITE_80 = CryptoSuite.AES_CM_128_HMAC_SHA1_80
SUITE_32 = CryptoSuite.AES_CM_128_HMAC_SHA1_32
INLINE = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
KEY = bytes(range(MASTER_OCTETS))
LINE = f"1 {SUITE_80.value} inline:{INLINE}"


@pytest.mark.parametrize(
    ("value", "tag", "suite", "lifetime"),
    [
        (LINE, 1, SUITE_80, None),
        (f"2 {SUITE_32.value} inline:{INLINE}", 2, SUITE_32, None),
        (f"999999999 {SUITE_80.value.lower()} INLINE:{INLINE}", 999_999_999, SUITE_80, None),
        (f"0 {SUITE_80.value} inline:{INLINE}", 0, SUITE_80, None),
        (f"1  {SUITE_80.value}   inline:{INLINE} ", 1, SUITE_80, None),
        (LINE + "=", 1, SUITE_80, None),
        (LINE + "==", 1, SUITE_80, None),
        (LINE + "|2^20", 1, SUITE_80, 2**20),
        (LINE + "==|2^31", 1, SUITE_80, 2**31),
        (LINE + "|2^48", 1, SUITE_80, 2**48),
        (LINE + "|1048576", 1, SUITE_80, 2**20),
        (LINE + " WSH=128", 1, SUITE_80, None),
        (LINE + " -FUTURE=1 -x", 1, SUITE_80, None),
    ],
)
def test_what_is_understood(value: str, tag: int, suite: CryptoSuite, lifetime: int | None) -> None:
    """Both suites, needless padding, a lifetime in both forms, a window hint, and extensions that may be ignored."""
    assert parse_crypto(value) == Crypto(tag=tag, suite=suite, key=KEY, lifetime=lifetime)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        f"1 {SUITE_80.value}",
        f"x {SUITE_80.value} inline:{INLINE}",
        f"-1 {SUITE_80.value} inline:{INLINE}",
        f"1234567890 {SUITE_80.value} inline:{INLINE}",
        f"\u0661 {SUITE_80.value} inline:{INLINE}",
        f"1 AES_CM_256_HMAC_SHA1_80 inline:{INLINE}",
        f"1 F8_128_HMAC_SHA1_80 inline:{INLINE}",
        f"1 {SUITE_80.value} {INLINE}",
        f"1 {SUITE_80.value} uri:{INLINE}",
        f"1 {SUITE_80.value} inline:",
        LINE[:-1],
        LINE + "A",
        LINE + "AA",
        LINE + "===",
        LINE[:-1] + "*",
        LINE[:-1] + "=",
        LINE[:-4] + "=AAA",
        LINE[:-1] + "é",
        LINE + "|2^20|1:4",
        LINE + "|1:4",
        LINE + "|",
        LINE + "|0",
        LINE + "|2^49",
        LINE + "|2^",
        LINE + "|2^999999999999",
        LINE + "|x",
        LINE + "|2^20|2^20",
        LINE + f";inline:{INLINE}",
        LINE + " KDR=1",
        LINE + " UNENCRYPTED_SRTP",
        LINE + " UNENCRYPTED_SRTCP",
        LINE + " UNAUTHENTICATED_SRTP",
        LINE + " FEC_ORDER=FEC_SRTP",
        LINE + f" FEC_KEY=inline:{INLINE}",
        LINE + " FUTURE=1",
        LINE + " WSH=128" * 40,
    ],
)
def test_what_is_refused(value: str) -> None:
    """Everything else; above all what would weaken SRTP, or what we would have to do and cannot (RFC 4568 §6.3)."""
    with pytest.raises(MalformedCrypto) as refused:
        parse_crypto(value)
    assert INLINE[:8] not in str(refused.value)


def test_a_key_is_not_shown() -> None:
    """Neither the value of a line nor what was agreed shows a key when it is printed for people."""
    crypto = parse_crypto(LINE)
    security = Security(suite=SUITE_80, local_key=KEY, remote_key=KEY)
    for shown in (repr(crypto), repr(security), str(crypto), str(security)):
        assert INLINE not in shown
        assert repr(KEY) not in shown


@given(
    tag=st.integers(1, 999_999_999),
    suite=st.sampled_from(CryptoSuite),
    key=st.binary(min_size=MASTER_OCTETS, max_size=MASTER_OCTETS),
)
def test_what_is_printed_is_read_back(tag: int, suite: CryptoSuite, key: bytes) -> None:
    """Any key comes back, without padding."""
    crypto = Crypto(tag=tag, suite=suite, key=key)
    value = crypto.attribute().value
    assert value is not None
    assert "=" not in value
    assert parse_crypto(value) == crypto


LETTERS = string.ascii_letters + string.digits + "+/=|^:;- \t_é\x00"
PIECES = st.sampled_from(["1", SUITE_80.value, "inline:", INLINE, "|2^20", "|1:4", " ", "=", ";", "WSH=64", "KDR=1"])


@given(value=st.one_of(st.text(LETTERS, max_size=120), st.lists(PIECES, max_size=12).map("".join)))
@example(value=LINE)
def test_any_line_is_read_or_refused(value: str) -> None:
    """Whatever stands in the line, it is a key of thirty octets or MalformedCrypto."""
    try:
        crypto = parse_crypto(value)
    except MalformedCrypto:
        return
    assert len(crypto.key) == MASTER_OCTETS
    assert parse_crypto(crypto.attribute().value or "").key == crypto.key


HEAD = "v=0\r\no=far 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
LOCAL = LocalMedia(session_id=7, version=1, address="198.51.100.5", port=40_000, key_of=lambda _: KEY)


@given(
    protocols=st.lists(
        st.sampled_from(["RTP/AVP", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/SAVP", "rtp/savp", "RTP/AVPF"]), max_size=4
    ),
    cryptos=st.lists(st.one_of(st.just(LINE), st.text(LETTERS, max_size=60)), max_size=40),
    use=st.sampled_from(SrtpUse),
)
def test_any_offer_is_answered_or_refused(protocols: list[str], cryptos: list[str], use: SrtpUse) -> None:
    """An answer is SRTP exactly where the line is RTP/SAVP, and carries one key; everything else is an SdpError."""
    lines = "".join(f"a=crypto:{line}\r\n" for line in cryptos)
    offer = HEAD + "".join(f"m=audio 4000 {protocol} 0\r\n{lines}" for protocol in protocols)
    try:
        answer, agreement = make_answer(LOCAL, parse(offer.encode()), use)
    except SdpError as error:
        told = str(error)
    else:
        _check_answer(answer, agreement, use)
        told = ""
    assert INLINE not in told


def _check_answer(answer: SessionDescription, agreement: Agreement, use: SrtpUse) -> None:
    (line,) = [media for media in answer.media if media.port]
    assert (line.protocol == "RTP/SAVP") is (agreement.security is not None)
    assert len(line.values("crypto")) == (agreement.security is not None)
    assert use is not SrtpUse.REQUIRED or agreement.security is not None
    assert use is not SrtpUse.REFUSED or agreement.security is None


def test_a_whole_secure_offer() -> None:
    """Its text, as contract 1 §2.5 has it."""
    assert str(make_offer(LOCAL, SUITE_80)).partition("t=0 0\r\n")[2] == (
        "m=audio 40000 RTP/SAVP 0 8 101\r\n"
        f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}\r\n"
        "a=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\n"
        "a=fmtp:101 0-16\r\n"
        "a=ptime:20\r\n"
        "a=maxptime:20\r\n"
        "a=sendrecv\r\n"
    )


def test_both_keys_of_an_answer() -> None:
    """We send under ours and read under theirs."""
    theirs = bytes(range(100, 130))
    line = f"a=crypto:1 {SUITE_80.value} inline:{binascii.b2a_base64(theirs, newline=False).decode()}\r\n"
    offer = make_offer(LOCAL, SUITE_80)
    agreement = accept_answer(offer, parse((HEAD + "m=audio 4000 RTP/SAVP 0\r\n" + line).encode()))
    assert agreement.security == Security(suite=SUITE_80, local_key=KEY, remote_key=theirs)
