"""Offer and answer (RFC 3264, 4568): one audio line of our codecs and telephone-event; every other line is rejected."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from offhook.sdp.codecs import (
    AUDIO_CODECS,
    COMFORT_NOISE,
    COMFORT_NOISE_16000,
    EVENT_CODECS,
    G711,
    G722,
    NOISE_CODECS,
    TELEPHONE_EVENT,
    Codec,
    PayloadFormat,
    known_formats,
    noise_beside,
    own_formats,
)
from offhook.sdp.crypto import Crypto, CryptoSuite, SrtpUse, acceptable_crypto, answering_crypto, offered_crypto
from offhook.sdp.description import Attribute, Direction, MediaDescription, Origin, SessionDescription
from offhook.sdp.errors import MalformedDescription, NoCommonMedia, SrtpNotAccepted, SrtpRequired
from offhook.sdp.parse import MOST_PORT

PLAIN = "RTP/AVP"
SECURE = "RTP/SAVP"
PTIME_MS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMedia:
    """Our side of a session: the address to advertise and the RTP port, RTCP being one above.

    `codecs` are those of audio that may be used, the best first in an offer. `noise` is the comfort noise to offer:
    that of a peer which has offered it itself, for who is offered it may fall silent. `key_of` gives the master key
    and salt that we send under with a suite; None where there is no SRTP.
    """

    session_id: int
    version: int
    address: str
    port: int
    key_of: Callable[[CryptoSuite], bytes] | None = None
    codecs: tuple[Codec, ...] = G711
    noise: tuple[Codec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """SRTP as both sides agreed to it: the suite, the key that we send under, and the one that the peer sends under."""

    suite: CryptoSuite
    local_key: bytes = field(repr=False)
    remote_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What both sides settled, from our side; `remote_address` is None while the peer wants no packets from us."""

    remote_address: str | None
    remote_port: int
    remote_rtcp_port: int
    direction: Direction
    codec: Codec
    payload_type: int
    telephone_event: int | None  # the payload type that keys are sent under ...
    received: tuple[PayloadFormat, ...]
    security: Security | None = None
    event_codec: Codec = TELEPHONE_EVENT  # ... and by which clock
    comfort_noise: PayloadFormat | None = None  # to send

    @property
    def received_noise(self) -> tuple[Codec, ...]:
        """The comfort noise that the peer may send."""
        return tuple(payload.codec for payload in self.received if payload.codec in NOISE_CODECS)


def make_offer(local: LocalMedia, suite: CryptoSuite | None = None) -> SessionDescription:
    """The offer of everything we can: as SRTP with this suite alone, or as RTP."""
    crypto = _own_crypto(local, 1, suite) if suite is not None else None
    return _describe(local, (_audio(local.port, own_formats(local.codecs, local.noise), Direction.SENDRECV, crypto),))


def make_answer(
    local: LocalMedia, offer: SessionDescription, use: SrtpUse = SrtpUse.REFUSED
) -> tuple[SessionDescription, Agreement]:
    """Answer an offer: its first usable audio line, SRTP before RTP, under its payload types (RFC 3264 §6).

    Every other line gets port 0. Raises NoCommonMedia, MalformedDescription.
    """
    chosen, theirs = choose(offer, use, local.codecs)
    media = offer.media[chosen]
    formats = _answerable(known_formats(media, local.codecs))
    direction = offer.direction_of(media).mirrored
    ours = _own_crypto(local, theirs.tag, theirs.suite) if theirs is not None else None
    answered = _audio(local.port, formats, direction, ours)
    lines = tuple(answered if index == chosen else _rejected(line) for index, line in enumerate(offer.media))
    agreement = _agree(offer, media, formats, received=formats, direction=direction)
    return _describe(local, lines), replace(agreement, security=_security(ours, theirs))


def accept_answer(offer: SessionDescription, answer: SessionDescription) -> Agreement:
    """Take the answer to our own offer. Raises NoCommonMedia, MalformedDescription."""
    if len(answer.media) != len(offer.media):
        raise MalformedDescription(f"expected {len(offer.media)} media lines in the answer, got {len(answer.media)}")
    line = next(index for index, media in enumerate(offer.media) if media.port != 0)
    media = answer.media[line]
    ours = offered_crypto(offer.media[line])
    received = known_formats(offer.media[line])
    codecs = tuple(payload.codec for payload in received if payload.codec in AUDIO_CODECS)
    if ours is not None and _is_usable(media, PLAIN, codecs):
        raise SrtpRequired(f"expected an answer with SRTP, got {_summary(answer)}")
    if not _is_usable(media, offer.media[line].protocol, codecs):
        raise NoCommonMedia(f"expected {offer.media[line].protocol} {_audio_in(codecs)}, got {_summary(answer)}")
    theirs = answering_crypto(media, ours) if ours is not None else None
    # interop: an answerer may number telephone-event its own way (RFC 3264 §6.1 only asks it not to), and some then
    # send under their number; both are taken.
    taken = {payload.payload_type for payload in received}
    answered = known_formats(media, codecs)
    extra = tuple(payload for payload in answered if payload.payload_type not in taken)
    direction = answer.direction_of(media).mirrored
    agreement = _agree(answer, media, answered, received=received + extra, direction=direction)
    return replace(agreement, security=_security(ours, theirs))


def _own_crypto(local: LocalMedia, tag: int, suite: CryptoSuite) -> Crypto:
    if local.key_of is None:
        raise SrtpNotAccepted("there are no keys for SRTP here")
    return Crypto(tag=tag, suite=suite, key=local.key_of(suite))


def _security(ours: Crypto | None, theirs: Crypto | None) -> Security | None:
    if ours is None or theirs is None:
        return None
    return Security(suite=ours.suite, local_key=ours.key, remote_key=theirs.key)


def choose(offer: SessionDescription, use: SrtpUse, codecs: Collection[Codec] = G711) -> tuple[int, Crypto | None]:
    """The line to answer; alternatives of one audio stream are offered as RTP/SAVP and RTP/AVP lines side by side.

    Raises NoCommonMedia.
    """
    secure = [index for index, media in enumerate(offer.media) if _is_usable(media, SECURE, codecs)]
    plain = [index for index, media in enumerate(offer.media) if _is_usable(media, PLAIN, codecs)]
    refusals: list[str] = []
    if use is not SrtpUse.REFUSED:
        for index in secure:
            crypto = acceptable_crypto(offer.media[index], refusals)
            if crypto is not None:
                return index, crypto
    if plain and use is not SrtpUse.REQUIRED:
        return plain[0], None
    if secure and use is SrtpUse.REFUSED:
        raise SrtpNotAccepted(f"SRTP is not accepted here, got {_summary(offer)}")
    if refusals:
        raise NoCommonMedia(f"no a=crypto line of the offer can be used: {'; '.join(refusals[:4])}")
    if plain:
        raise SrtpRequired(f"SRTP is required here, got {_summary(offer)}")
    wanted = {SrtpUse.REFUSED: PLAIN, SrtpUse.ACCEPTED: f"{PLAIN} or {SECURE}", SrtpUse.REQUIRED: SECURE}[use]
    raise NoCommonMedia(f"expected {wanted} {_audio_in(codecs)}, got {_summary(offer)}")


def _describe(local: LocalMedia, lines: tuple[MediaDescription, ...]) -> SessionDescription:
    origin = Origin(username="offhook", session_id=local.session_id, version=local.version, address=local.address)
    return SessionDescription(origin=origin, name="offhook", address=local.address, media=lines)


def _audio(
    port: int, formats: tuple[PayloadFormat, ...], direction: Direction, crypto: Crypto | None
) -> MediaDescription:
    attributes = [] if crypto is None else [crypto.attribute()]
    attributes += [attribute for payload in formats for attribute in payload.attributes()]
    attributes += [
        Attribute(name="ptime", value=str(PTIME_MS)),
        Attribute(name="maxptime", value=str(PTIME_MS)),
        Attribute(name=direction.value),
    ]
    return MediaDescription(
        kind="audio",
        port=port,
        protocol=PLAIN if crypto is None else SECURE,
        formats=tuple(str(payload.payload_type) for payload in formats),
        attributes=tuple(attributes),
    )


def _is_usable(media: MediaDescription, protocol: str, codecs: Collection[Codec]) -> bool:
    is_audio = media.kind == "audio" and media.protocol == protocol and media.port != 0
    return is_audio and any(payload.codec in codecs for payload in known_formats(media, codecs))


def _audio_in(codecs: Collection[Codec]) -> str:
    return f"audio in {' or '.join(codec.name for codec in codecs)}"


def _answerable(offered: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    """Each codec once, in the offerer's order, audio before the others."""
    chosen: dict[Codec, PayloadFormat] = {}
    for payload in offered:
        chosen.setdefault(payload.codec, payload)
    left_out = set(NOISE_CODECS) - set(noise_beside(chosen))
    formats = [payload for codec, payload in chosen.items() if codec not in left_out]
    return tuple(sorted(formats, key=lambda payload: payload.codec not in AUDIO_CODECS))


def _rejected(media: MediaDescription) -> MediaDescription:
    return MediaDescription(kind=media.kind, port=0, protocol=media.protocol, formats=media.formats)


def _agree(
    theirs: SessionDescription,
    media: MediaDescription,
    sent: tuple[PayloadFormat, ...],
    *,
    received: tuple[PayloadFormat, ...],
    direction: Direction,
) -> Agreement:
    audio = next(payload for payload in sent if payload.codec in AUDIO_CODECS)
    keys = [payload for payload in sent if payload.codec in EVENT_CODECS]
    # By the clock of the audio where there is one (RFC 4733 §2.1), else by that of all telephones.
    digits = min(keys, key=lambda payload: payload.codec.clock_rate != audio.codec.clock_rate, default=None)
    address = _destination(theirs.address_of(media))
    return Agreement(
        remote_address=None if address.is_unspecified else str(address),
        remote_port=media.port,
        remote_rtcp_port=_rtcp_port(media),
        direction=direction,
        codec=audio.codec,
        payload_type=audio.payload_type,
        telephone_event=None if digits is None else digits.payload_type,
        received=received,
        event_codec=TELEPHONE_EVENT if digits is None else digits.codec,
        comfort_noise=_noise_of(audio.codec, sent),
    )


def _noise_of(audio: Codec, sent: tuple[PayloadFormat, ...]) -> PayloadFormat | None:
    """What says that nobody speaks in a stream of this codec: by its rate if there is such, else by the telephone's."""
    wanted = (COMFORT_NOISE_16000, COMFORT_NOISE) if audio == G722 else noise_beside([audio])
    found = {payload.codec: payload for payload in sent}
    return next((found[codec] for codec in wanted if codec in found), None)


def _destination(address: str | None) -> IPv4Address | IPv6Address:
    """Where the peer wants its packets; 0.0.0.0 is the old way of hold (RFC 3264 §8.4)."""
    if address is None:
        raise MalformedDescription("expected a c= line, got none")
    try:
        destination = ip_address(address)
    except ValueError as error:
        raise MalformedDescription(f"expected a numeric address in c=, got {address!r:.80}") from error
    if destination.is_multicast or str(destination) == "255.255.255.255":
        raise MalformedDescription(f"expected the address of one host in c=, got {address}")
    return destination


def _rtcp_port(media: MediaDescription) -> int:
    """One above RTP, unless a=rtcp says otherwise (RFC 3605); 0 when there is none."""
    for value in media.values("rtcp"):
        word = value.partition(" ")[0]
        if word.isascii() and word.isdigit() and len(word) <= len(str(MOST_PORT)) and int(word) <= MOST_PORT:
            return int(word)
    return media.port + 1 if media.port < MOST_PORT else 0


def _summary(description: SessionDescription) -> str:
    lines = [
        f"{media.kind:.16} {media.port} {media.protocol:.24} {','.join(media.formats):.40}"
        for media in description.media[:4]
    ]
    return "; ".join(lines) or "no media line"
