"""What the media plane tells; frozen values, past participle. A `port` and a `playback` are the plane's own numbers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReleased:
    """One key of RFC 4733, or of tones, once; it was held for `duration` seconds."""

    port: int
    digit: str
    duration: float
    is_tone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded:
    """Everything has left the port, or was stopped."""

    port: int
    playback: int
    stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLatched:
    """Packets come from this address, and the port answers there."""

    port: int
    remote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSilenced:
    """No packet for `silence` seconds although the peer may send."""

    port: int
    silence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesTapped:
    """As many frames of a tap wait as were wanted; Engine.hear takes them."""

    port: int


PlaneEvent = KeyReleased | PlaybackEnded | SourceLatched | SourceSilenced | FramesTapped
