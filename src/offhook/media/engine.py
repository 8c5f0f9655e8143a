"""The Python face of the native media plane: typed commands in, typed events out; no packet passes here.

The sockets, the 20 ms tick and the relay are in media/native, on a thread of their own. net.media_service drives it.
"""

from dataclasses import dataclass

from offhook.media import _native
from offhook.media.codec_libraries import addresses_of
from offhook.media.errors import PortsExhausted
from offhook.media.events import FramesTapped, KeyReleased, PlaneEvent, PlaybackEnded, SourceLatched, SourceSilenced
from offhook.media.lateness import Lateness
from offhook.media.quality import Heard, PortQuality
from offhook.media.srtp import SrtpSessions, discard, library_addresses, renew
from offhook.sdp.codecs import (
    COMFORT_NOISE,
    COMFORT_NOISE_16000,
    G711,
    G722,
    OPUS,
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    TELEPHONE_EVENT_48000,
    Codec,
)
from offhook.sdp.negotiate import Agreement

LAWS = {PCMU: 0, PCMA: 1}
_KINDS: dict[Codec, int] = {  # payload_kind of native/payload_kind.h
    PCMU: 1,
    PCMA: 2,
    TELEPHONE_EVENT: 3,
    TELEPHONE_EVENT_48000: 4,
    G722: 5,
    OPUS: 6,
    COMFORT_NOISE: 7,
    COMFORT_NOISE_16000: 8,
}
_PAYLOAD_TYPES = 128
_STATIC_NOISE = 13
REPORT = 5.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReport:
    """What a port has moved, at its end; jitter in milliseconds, the last five are packets that were not used.

    `unauthenticated` and `replayed` are of SRTP and SRTCP: not written under the peer's key, or seen before.
    """

    received: int
    sent: int
    lost: int
    jitter_ms: float
    remote: str
    malformed: int
    unwanted: int
    strangers: int
    unauthenticated: int
    replayed: int


class Engine:
    """One native thread with its ports. `seed` makes SSRCs and first sequence numbers; `silence` is in seconds.

    `codecs` are those of audio that its ports may use. `report` is how many seconds lie between the RTCP reports of a
    port, on average (RFC 3550 §6.2). Raises CodecUnavailable, SrtpUnavailable.
    """

    def __init__(self, *, seed: int, silence: float, codecs: tuple[Codec, ...] = G711, report: float = REPORT) -> None:
        _native.use_srtp(*library_addresses())
        if G722 in codecs:
            _native.use_g722(*addresses_of(G722))
        if OPUS in codecs:
            _native.use_opus(*addresses_of(OPUS))
        self._plane = _native.Plane(seed=seed, silence=silence, report=report)
        self._srtp: dict[int, SrtpSessions] = {}

    def fileno(self) -> int:
        """Becomes readable when events wait; then call drain."""
        return self._plane.fileno()

    def drain(self) -> list[PlaneEvent]:
        """Take all events that wait, oldest first."""
        return [_event(native) for native in self._plane.drain()]

    def open(self, address: str, low: int, high: int, start: int) -> tuple[int, int]:
        """Bind a free pair, the search beginning at `start`; returns the port and its RTP number.

        Raises PortsExhausted.
        """
        try:
            return self._plane.open(address, low, high, start)
        except OSError as error:
            raise PortsExhausted(f"no free pair of ports on {address}:{low}-{high}: {error.strerror}") from error

    def agree(self, port: int, agreement: Agreement) -> None:
        """Apply what was negotiated; SRTP whose keys stay runs on as it is.

        Raises ValueError when the peer's address is not numeric or a codec's library is not loaded, SrtpUnavailable.
        """
        present = self._srtp.get(port, SrtpSessions())
        sessions = renew(present, agreement.security)
        try:
            self._agree(port, agreement, sessions)
        except BaseException:
            discard(sessions, present)
            raise
        self._srtp[port] = sessions

    def _agree(self, port: int, agreement: Agreement, sessions: SrtpSessions) -> None:
        kinds = bytearray(_PAYLOAD_TYPES)
        # interop: gateways send comfort noise under its static type without a word of it in SDP.
        kinds[_STATIC_NOISE] = _KINDS[COMFORT_NOISE]
        for payload in agreement.received:
            kinds[payload.payload_type] = _KINDS[payload.codec]
        self._plane.agree(
            port,
            agreement.remote_address,
            agreement.remote_port,
            agreement.remote_rtcp_port,
            _KINDS[agreement.codec],
            agreement.payload_type,
            -1 if agreement.telephone_event is None else agreement.telephone_event,
            _KINDS[agreement.event_codec],
            -1 if agreement.comfort_noise is None else agreement.comfort_noise.payload_type,
            _KINDS[COMFORT_NOISE if agreement.comfort_noise is None else agreement.comfort_noise.codec],
            agreement.direction.may_send,
            agreement.direction.may_receive,
            sessions.sending,
            sessions.receiving,
            bytes(kinds),
        )

    def connect(self, one: int, other: int) -> None:
        """Relay between two ports, both ways; what either was joined to before is parted."""
        self._plane.connect(one, other)

    def disconnect(self, port: int) -> None:
        """End the relay to and from this port."""
        self._plane.disconnect(port)

    def take(self, other: "Engine", port: int) -> None:
        """Take a port over from another thread, with all that it plays and has yet to tell; it is parted from others.

        Raises OSError, and then it is where it was.
        """
        self._plane.move(other._plane, port)  # noqa: SLF001 - of the same class
        if (sessions := other._srtp.pop(port, None)) is not None:  # noqa: SLF001
            self._srtp[port] = sessions

    def play(self, port: int, playback: int, samples: bytes, loop: int) -> None:
        """Queue 16-bit mono samples at 8 kHz, `loop` times (0: for ever); they are not copied."""
        self._plane.play(port, playback, samples, loop)

    def play_digits(self, port: int, playback: int, digits: str) -> None:
        """Queue telephone-events and pauses."""
        self._plane.play_digits(port, playback, digits)

    def stop(self, port: int) -> None:
        """Drop all that is queued or playing; each ends with PlaybackEnded(stopped=True)."""
        self._plane.stop(port)

    def tap(self, port: int, frames: int) -> None:
        """Keep what passes through a port; FramesTapped tells when so many frames of 20 ms wait, 1 to 64."""
        self._plane.tap(port, frames)

    def untap(self, port: int) -> None:
        """Keep nothing any more; what waits is gone."""
        self._plane.untap(port)

    def hear(self, port: int) -> tuple[bytes, bytes, bytes]:
        """Take what waits: 16-bit samples inbound and outbound, and an octet for each frame.

        Its lowest bit says whether packets came, or the peer rests; the next one that it is all comfort noise.
        """
        return self._plane.hear(port)

    def open_mix(self) -> int:
        """Begin a mix; ports take part by join and leave it by disconnect."""
        return self._plane.open_mix()

    def join(self, mix: int, port: int, *, is_heard: bool, hears: bool, only_by: int) -> None:
        """Let a port take part in a mix, or take another part; `only_by` is the port that alone hears it, or 0."""
        self._plane.join(mix, port, is_heard, hears, only_by)

    def announce(self, mix: int, playback: int, samples: bytes, loop: int) -> None:
        """Queue samples for everybody in a mix; PlaybackEnded follows, with the mix in place of a port."""
        self._plane.announce(mix, playback, samples, loop)

    def hush(self, mix: int) -> None:
        """Drop all announcements of a mix; each ends with PlaybackEnded(stopped=True)."""
        self._plane.hush(mix)

    def close_mix(self, mix: int) -> None:
        """End a mix: its members are joined to nothing; announcements end as in hush."""
        self._plane.close_mix(mix)

    def quality(self, port: int) -> PortQuality:
        """How both directions of a port have come through so far."""
        received, lost, jitter, outbound, round_trip = self._plane.quality(port)
        expected = received + lost
        heard = Heard(lost=lost, loss=lost / expected if expected else 0.0, jitter=jitter)
        said = None if outbound is None else Heard(loss=outbound[0], lost=outbound[1], jitter=outbound[2])
        return PortQuality(inbound=heard, outbound=said, round_trip=round_trip)

    def close(self, port: int) -> PortReport:
        """Release a port and its sockets."""
        self._srtp.pop(port, None)
        received, sent, lost, jitter_ms, remote, *unused = self._plane.close(port)
        malformed, unwanted, strangers, unauthenticated, replayed = unused
        return PortReport(
            received=received,
            sent=sent,
            lost=lost,
            jitter_ms=jitter_ms,
            remote=remote,
            malformed=malformed,
            unwanted=unwanted,
            strangers=strangers,
            unauthenticated=unauthenticated,
            replayed=replayed,
        )

    def lateness(self) -> Lateness:
        """How late ticks have come since the start."""
        missed, worst, total, dropped, buckets = self._plane.lateness()
        return Lateness(missed=missed, worst=worst, total=total, dropped_events=dropped, buckets=buckets)

    def shut_down(self) -> None:
        """End the thread and release every port; nothing may be commanded afterwards."""
        self._plane.shut_down()


def encode(codec: Codec, samples: bytes) -> bytes:
    """16-bit little-endian samples to octets of G.711."""
    return _native.encode(LAWS[codec], samples)


def decode(codec: Codec, octets: bytes) -> bytes:
    """Octets of G.711 to 16-bit little-endian samples."""
    return _native.decode(LAWS[codec], octets)


def _event(native: "_native.NativeEvent") -> PlaneEvent:
    if native[0] == 0:
        return KeyReleased(port=native[1], digit=native[2], duration=native[3], is_tone=native[4])
    if native[0] == 1:
        return PlaybackEnded(port=native[1], playback=native[2], stopped=native[3])
    if native[0] == 2:  # noqa: PLR2004 - the kinds of _native.pyi
        return SourceLatched(port=native[1], remote=native[2])
    if native[0] == 4:  # noqa: PLR2004
        return FramesTapped(port=native[1])
    return SourceSilenced(port=native[1], silence=native[2])
