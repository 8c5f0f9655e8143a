"""Offer and answer (RFC 3264): one audio line of PCMU, PCMA and telephone-event; every other line is rejected."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from offhook.sdp.codecs import AUDIO_CODECS, PCMA, PCMU, TELEPHONE_EVENT, Codec, PayloadFormat, known_formats
from offhook.sdp.description import Attribute, Direction, MediaDescription, Origin, SessionDescription
from offhook.sdp.errors import MalformedDescription, NoCommonMedia
from offhook.sdp.parse import MOST_PORT

PROTOCOL = "RTP/AVP"
PTIME_MS = 20
OFFERED = (
    PayloadFormat(payload_type=0, codec=PCMU),
    PayloadFormat(payload_type=8, codec=PCMA),
    PayloadFormat(payload_type=101, codec=TELEPHONE_EVENT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalMedia:
    """Our side of a session: the address to advertise and the RTP port, RTCP being one above."""

    session_id: int
    version: int
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What both sides settled, from our side; `remote_address` is None while the peer wants no packets from us."""

    remote_address: str | None
    remote_port: int
    remote_rtcp_port: int
    direction: Direction
    codec: Codec
    payload_type: int
    telephone_event: int | None
    received: tuple[PayloadFormat, ...]


def make_offer(local: LocalMedia) -> SessionDescription:
    """The offer of everything we can."""
    return _describe(local, (_audio(local.port, OFFERED, Direction.SENDRECV),))


def make_answer(local: LocalMedia, offer: SessionDescription) -> tuple[SessionDescription, Agreement]:
    """Answer an offer: its first usable audio line, under its payload types; other lines get port 0 (RFC 3264 §6).

    Raises NoCommonMedia, MalformedDescription.
    """
    chosen = next((index for index, media in enumerate(offer.media) if _is_usable(media)), None)
    if chosen is None:
        raise NoCommonMedia(f"expected RTP/AVP audio in PCMU or PCMA, got {_summary(offer)}")
    media = offer.media[chosen]
    formats = _answerable(known_formats(media))
    direction = offer.direction_of(media).mirrored
    answered = _audio(local.port, formats, direction)
    lines = tuple(answered if index == chosen else _rejected(line) for index, line in enumerate(offer.media))
    return _describe(local, lines), _agree(offer, media, formats, received=formats, direction=direction)


def accept_answer(offer: SessionDescription, answer: SessionDescription) -> Agreement:
    """Take the answer to our own offer. Raises NoCommonMedia, MalformedDescription."""
    if len(answer.media) != len(offer.media):
        raise MalformedDescription(f"expected {len(offer.media)} media lines in the answer, got {len(answer.media)}")
    line = next(index for index, media in enumerate(offer.media) if media.port != 0)
    media = answer.media[line]
    if not _is_usable(media):
        raise NoCommonMedia(f"expected RTP/AVP audio in PCMU or PCMA, got {_summary(answer)}")
    received = known_formats(offer.media[line])
    # interop: an answerer may number telephone-event its own way (RFC 3264 §6.1 only asks it not to), and some then
    # send under their number; both are taken.
    taken = {payload.payload_type for payload in received}
    extra = tuple(payload for payload in known_formats(media) if payload.payload_type not in taken)
    direction = answer.direction_of(media).mirrored
    return _agree(answer, media, known_formats(media), received=received + extra, direction=direction)


def _describe(local: LocalMedia, lines: tuple[MediaDescription, ...]) -> SessionDescription:
    origin = Origin(username="offhook", session_id=local.session_id, version=local.version, address=local.address)
    return SessionDescription(origin=origin, name="offhook", address=local.address, media=lines)


def _audio(port: int, formats: tuple[PayloadFormat, ...], direction: Direction) -> MediaDescription:
    attributes = [attribute for payload in formats for attribute in payload.attributes()]
    attributes += [
        Attribute(name="ptime", value=str(PTIME_MS)),
        Attribute(name="maxptime", value=str(PTIME_MS)),
        Attribute(name=direction.value),
    ]
    return MediaDescription(
        kind="audio",
        port=port,
        protocol=PROTOCOL,
        formats=tuple(str(payload.payload_type) for payload in formats),
        attributes=tuple(attributes),
    )


def _is_usable(media: MediaDescription) -> bool:
    is_audio = media.kind == "audio" and media.protocol == PROTOCOL and media.port != 0
    return is_audio and any(payload.codec in AUDIO_CODECS for payload in known_formats(media))


def _answerable(offered: tuple[PayloadFormat, ...]) -> tuple[PayloadFormat, ...]:
    """Each codec once, in the offerer's order, audio before telephone-event."""
    chosen: dict[Codec, PayloadFormat] = {}
    for payload in offered:
        chosen.setdefault(payload.codec, payload)
    return tuple(sorted(chosen.values(), key=lambda payload: payload.codec == TELEPHONE_EVENT))


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
    digits = next((payload.payload_type for payload in sent if payload.codec == TELEPHONE_EVENT), None)
    address = _destination(theirs.address_of(media))
    return Agreement(
        remote_address=None if address.is_unspecified else str(address),
        remote_port=media.port,
        remote_rtcp_port=_rtcp_port(media),
        direction=direction,
        codec=audio.codec,
        payload_type=audio.payload_type,
        telephone_event=digits,
        received=received,
    )


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
