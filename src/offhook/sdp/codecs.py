"""Payload types and what they mean: static ones (RFC 3551 §6) and those that a=rtpmap names (RFC 8866 §6.6)."""

from collections.abc import Collection
from dataclasses import dataclass

from offhook.sdp.description import Attribute, MediaDescription

MOST_PAYLOAD_TYPE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """An encoding under its registered name; `channels` is what a=rtpmap says: 2 for any Opus (RFC 7587 §7)."""

    name: str
    clock_rate: int = 8000
    channels: int = 1

    def __str__(self) -> str:
        return f"{self.name}/{self.clock_rate}" + (f"/{self.channels}" if self.channels > 1 else "")


PCMU = Codec(name="PCMU")
PCMA = Codec(name="PCMA")
G722 = Codec(name="G722")  # of 16 kHz, for all that its clock says (RFC 3551 §4.5.2)
OPUS = Codec(name="opus", clock_rate=48_000, channels=2)
TELEPHONE_EVENT = Codec(name="telephone-event")
TELEPHONE_EVENT_48000 = Codec(name="telephone-event", clock_rate=48_000)  # beside Opus (RFC 4733 §2.1)
COMFORT_NOISE = Codec(name="CN")  # RFC 3389
COMFORT_NOISE_16000 = Codec(name="CN", clock_rate=16_000)  # whose shape is of 16 kHz, beside G722

G711 = (PCMU, PCMA)
AUDIO_CODECS = (*G711, G722, OPUS)
EVENT_CODECS = (TELEPHONE_EVENT, TELEPHONE_EVENT_48000)
NOISE_CODECS = (COMFORT_NOISE, COMFORT_NOISE_16000)
KNOWN_CODECS = (*AUDIO_CODECS, *EVENT_CODECS, *NOISE_CODECS)
STATIC = {0: PCMU, 8: PCMA, 9: G722, 13: COMFORT_NOISE}
DIGIT_EVENTS = "0-16"  # RFC 4733 §3.2: the sixteen keys, and flash
OPUS_FORMAT = "useinbandfec=1;maxplaybackrate=16000;sprop-maxcapturerate=16000"  # RFC 7587 §6.1


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadFormat:
    """A codec under the payload type that one media line gives it."""

    payload_type: int
    codec: Codec

    def attributes(self) -> list[Attribute]:
        """The a= lines that say so."""
        lines = [Attribute(name="rtpmap", value=f"{self.payload_type} {self.codec}")]
        if self.codec in EVENT_CODECS:
            lines.append(Attribute(name="fmtp", value=f"{self.payload_type} {DIGIT_EVENTS}"))
        if self.codec == OPUS:
            lines.append(Attribute(name="fmtp", value=f"{self.payload_type} {OPUS_FORMAT}"))
        return lines


_PAYLOAD_TYPES = {
    PCMU: 0,
    PCMA: 8,
    G722: 9,
    COMFORT_NOISE: 13,
    OPUS: 96,
    TELEPHONE_EVENT: 101,
    TELEPHONE_EVENT_48000: 102,
    COMFORT_NOISE_16000: 103,
}


def codec_named(name: str) -> Codec | None:
    """The codec of audio with this name, in whatever case."""
    return next((codec for codec in AUDIO_CODECS if codec.name.lower() == name.lower()), None)


def noise_beside(codecs: Collection[Codec]) -> tuple[Codec, ...]:
    """The comfort noise that may stand between packets of these: Opus has its own way to rest (RFC 7587 §3.1.3)."""
    is_usual = any(codec in codecs for codec in (*G711, G722))
    return (*([COMFORT_NOISE] if is_usual else []), *([COMFORT_NOISE_16000] if G722 in codecs else []))


def own_formats(codecs: Collection[Codec], noise: Collection[Codec] = ()) -> tuple[PayloadFormat, ...]:
    """These codecs and comfort noise as we number them, and telephone-event by each of the codecs' clocks."""
    events = (TELEPHONE_EVENT, *([TELEPHONE_EVENT_48000] if OPUS in codecs else []))
    return tuple(PayloadFormat(payload_type=_PAYLOAD_TYPES[codec], codec=codec) for codec in (*codecs, *noise, *events))


def known_formats(media: MediaDescription, codecs: Collection[Codec] = AUDIO_CODECS) -> tuple[PayloadFormat, ...]:
    """The formats of a media line that we understand, in its order: these codecs, and what goes with them.

    That is telephone-event by their clocks, and comfort noise. A static type needs no rtpmap.
    """
    events = (TELEPHONE_EVENT, *([TELEPHONE_EVENT_48000] if OPUS in codecs else []))
    known_codecs = {*codecs, *noise_beside(codecs), *events}
    named = _named(media)
    known = []
    for word in media.formats:
        payload_type = _payload_type(word)
        if payload_type is None:
            continue
        codec = named.get(payload_type, STATIC.get(payload_type))
        if codec in known_codecs:
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
    """An encoding name is compared without regard to case (RFC 8866 §6.6); one channel is the default.

    interop: some write opus/48000 without its channels.
    """
    name, _, rest = encoding.strip().partition("/")
    clock_rate, _, channels = rest.partition("/")
    for codec in KNOWN_CODECS:
        is_named = codec.name.lower() == name.lower() and str(codec.clock_rate) == clock_rate
        if is_named and channels in {"", "1", str(codec.channels)}:
            return codec
    return Codec(name=name, clock_rate=0)  # another encoding under a static number is not the static codec
