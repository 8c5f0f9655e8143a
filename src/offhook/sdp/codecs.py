"""Payload types and what they mean: static ones (RFC 3551 §6) and those that a=rtpmap names (RFC 8866 §6.6)."""

from dataclasses import dataclass

from offhook.sdp.description import Attribute, MediaDescription

MOST_PAYLOAD_TYPE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """An encoding under its registered name."""

    name: str
    clock_rate: int = 8000

    def __str__(self) -> str:
        return f"{self.name}/{self.clock_rate}"


PCMU = Codec(name="PCMU")
PCMA = Codec(name="PCMA")
TELEPHONE_EVENT = Codec(name="telephone-event")

AUDIO_CODECS = (PCMU, PCMA)  # in our order of preference
KNOWN_CODECS = (*AUDIO_CODECS, TELEPHONE_EVENT)
STATIC = {0: PCMU, 8: PCMA}
DIGIT_EVENTS = "0-16"  # RFC 4733 §3.2: the sixteen keys, and flash


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFormat:
    """A codec under the payload type that one media line gives it."""

    payload_type: int
    codec: Codec

    def attributes(self) -> list[Attribute]:
        """The a= lines that say so."""
        lines = [Attribute(name="rtpmap", value=f"{self.payload_type} {self.codec}")]
        if self.codec == TELEPHONE_EVENT:
            lines.append(Attribute(name="fmtp", value=f"{self.payload_type} {DIGIT_EVENTS}"))
        return lines


def known_formats(media: MediaDescription) -> tuple[PayloadFormat, ...]:
    """The formats of a media line that we understand, in its order; a static type needs no rtpmap."""
    named = _named(media)
    known = []
    for word in media.formats:
        payload_type = _payload_type(word)
        if payload_type is None:
            continue
        codec = named.get(payload_type, STATIC.get(payload_type))
        if codec in KNOWN_CODECS:
            known.append(PayloadFormat(payload_type=payload_type, codec=codec))
    return tuple(known)


def _named(media: MediaDescription) -> dict[int, Codec]:
    named: dict[int, Codec] = {}
    for value in media.values("rtpmap"):
        word, _, encoding = value.partition(" ")
        payload_type = _payload_type(word)
        codec = _codec(encoding)
        if payload_type is not None and codec is not None:
            named[payload_type] = codec
    return named


def _payload_type(word: str) -> int | None:
    if not (word.isascii() and word.isdigit() and len(word) <= len("127")):
        return None
    return int(word) if int(word) <= MOST_PAYLOAD_TYPE else None


def _codec(encoding: str) -> Codec | None:
    """An encoding name is compared without regard to case (RFC 8866 §6.6); one channel is the default."""
    name, _, rest = encoding.strip().partition("/")
    clock_rate, _, channels = rest.partition("/")
    if channels not in {"", "1"}:
        return None
    for codec in KNOWN_CODECS:
        if codec.name.lower() == name.lower() and str(codec.clock_rate) == clock_rate:
            return codec
    return Codec(name=name, clock_rate=0)  # another encoding under a static number is not the static codec
