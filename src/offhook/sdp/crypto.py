"""Keys for SRTP in SDP (RFC 4568): a=crypto lines as values, with the two suites that are understood.

A key is never part of an error's text or of a value's repr.
"""

import binascii
from dataclasses import dataclass, field
from enum import Enum

from offhook.sdp.description import Attribute, MediaDescription
from offhook.sdp.errors import MalformedCrypto, NoCommonMedia

MASTER_OCTETS = 30  # of key and salt together, in both suites (RFC 4568 §6.2)
MOST_TAG = 999_999_999  # RFC 4568 §9.1: one to nine digits
MOST_LIFETIME = 2**48  # packets under one key (RFC 3711 §9.2)
MOST_LETTERS = 256  # of a line's value; ours has 80
MOST_LINES = 32  # of one media line; Linphone, which offers every suite it knows, sends eight
_INLINE_LETTERS = 40  # letters of 30 octets: no padding is needed
_METHOD = "inline:"


class CryptoSuite(Enum):
    """The suites that the contract names (1 §2.5), in the words of RFC 4568 §6.2."""

    AES_CM_128_HMAC_SHA1_80 = "AES_CM_128_HMAC_SHA1_80"
    AES_CM_128_HMAC_SHA1_32 = "AES_CM_128_HMAC_SHA1_32"


class SrtpUse(Enum):
    """Whether a session's media may be SRTP, and whether it may be anything else."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Crypto:
    """One a=crypto line: `key` is the writer's master key and salt, `lifetime` in packets, None when it is not said."""

    tag: int
    suite: CryptoSuite
    key: bytes = field(repr=False)
    lifetime: int | None = None

    def attribute(self) -> Attribute:
        """The a= line; without lifetime, MKI and session parameters."""
        inline = binascii.b2a_base64(self.key, newline=False).decode()
        return Attribute(name="crypto", value=f"{self.tag} {self.suite.value} {_METHOD}{inline}")


def parse_crypto(value: str) -> Crypto:
    """Read what follows a=crypto: . Raises MalformedCrypto, also for what is well formed but cannot be done here."""
    if len(value) > MOST_LETTERS:
        raise MalformedCrypto(f"expected at most {MOST_LETTERS} letters in a=crypto, got {len(value)}")
    words = value.split()
    if len(words) < len(("tag", "suite", "key")):
        raise MalformedCrypto(f"expected tag, suite and key in a=crypto, got {len(words)} words")
    tag, suite, parameters = _tag(words[0]), _suite(words[1]), words[2]
    for word in words[3:]:
        _check_session_parameter(word)
    key, lifetime = _key(parameters)
    return Crypto(tag=tag, suite=suite, key=key, lifetime=lifetime)


def acceptable_crypto(media: MediaDescription, refusals: list[str]) -> Crypto | None:
    """The first line of an offer that can be used (RFC 4568 §5.1.2); why others cannot is added to `refusals`."""
    values = media.values("crypto")
    for value in values[:MOST_LINES]:
        try:
            return parse_crypto(value)
        except MalformedCrypto as error:
            refusals.append(str(error))
    if not values:
        refusals.append("there is none")
    return None


def offered_crypto(media: MediaDescription) -> Crypto | None:
    """Ours, out of an offer of ours; None when that is RTP in the clear."""
    return next((parse_crypto(value) for value in media.values("crypto")), None)


def answering_crypto(media: MediaDescription, ours: Crypto) -> Crypto:
    """The line that answers ours, with its tag and suite (RFC 4568 §5.1.3). Raises NoCommonMedia."""
    refusals: list[str] = []
    crypto = acceptable_crypto(media, refusals)
    if crypto is None:
        raise NoCommonMedia(f"the answer's a=crypto cannot be used: {refusals[0]}")
    if (crypto.tag, crypto.suite) != (ours.tag, ours.suite):
        raise NoCommonMedia(
            f"expected a=crypto:{ours.tag} {ours.suite.value} in the answer, got {crypto.tag} {crypto.suite.value}"
        )
    return crypto


def _tag(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(MOST_TAG))):
        raise MalformedCrypto(f"expected a tag of up to nine digits, got {word!r:.20}")
    return int(word)


def _suite(word: str) -> CryptoSuite:
    try:
        return CryptoSuite(word.upper())
    except ValueError as error:
        raise MalformedCrypto(f"expected one of {', '.join(CryptoSuite.__members__)}, got {word!r:.60}") from error


def _key(parameters: str) -> tuple[bytes, int | None]:
    """Key and lifetime of `inline:key|lifetime`; several keys, or one with an MKI, cannot be told apart here."""
    method, letters = parameters[: len(_METHOD)], parameters[len(_METHOD) :]
    if method.lower() != _METHOD:
        raise MalformedCrypto("expected the key method inline, got another")
    if ";" in letters:
        raise MalformedCrypto("expected one key in a=crypto, got several")
    inline, *rest = letters.split("|")
    if len(rest) > 1 or any(":" in word for word in rest):
        raise MalformedCrypto("expected a key without MKI, got one with it")
    return _master(inline), _lifetime(rest[0]) if rest else None


def _master(inline: str) -> bytes:
    # interop: 30 octets need no padding, yet some write "=" behind them, as they do for the suites of 38 and 46.
    letters = inline.rstrip("=")
    if len(letters) != _INLINE_LETTERS or len(inline) - len(letters) > len("=="):
        raise MalformedCrypto(f"expected {_INLINE_LETTERS} letters of base64 as key, got {len(inline)}")
    try:
        return binascii.a2b_base64(letters, strict_mode=True)
    except ValueError:
        raise MalformedCrypto("expected a key in base64, got other letters") from None  # the cause may show the key


def _lifetime(word: str) -> int:
    digits = word.removeprefix("2^")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(MOST_LIFETIME))):
        raise MalformedCrypto(f"expected a lifetime, got {word!r:.20}")
    is_power = digits != word
    if is_power and int(digits) > MOST_LIFETIME.bit_length() - 1:
        raise MalformedCrypto(f"expected a lifetime up to 2^48, got {word!r:.20}")
    lifetime = 1 << int(digits) if is_power else int(digits)
    if not 0 < lifetime <= MOST_LIFETIME:
        raise MalformedCrypto(f"expected a lifetime from 1 to 2^48, got {word!r:.20}")
    return lifetime


def _check_session_parameter(word: str) -> None:
    """A window hint binds nobody, "-" marks what may be ignored; anything else must be understood (RFC 4568 §6.3.7)."""
    if word.startswith("-") or word.upper().startswith("WSH="):
        return
    raise MalformedCrypto(f"expected no session parameters in a=crypto, got {word.partition('=')[0]!r:.40}")
