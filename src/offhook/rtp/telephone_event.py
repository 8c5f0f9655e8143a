"""RFC 4733 telephone-events as values, and the packets that make one key press."""

import struct
from dataclasses import dataclass

from offhook.rtp.errors import MalformedPacket

DIGITS = "0123456789*#ABCD"  # by event code, RFC 4733 §3.2
_PAYLOAD = struct.Struct("!BBH")
_VOLUME = 10  # -10 dBm0


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneEvent:
    """One payload: `duration` is in timestamp units, and `is_end` is the end bit."""

    event: int
    duration: int
    is_end: bool = False

    @property
    def digit(self) -> str:
        """The key, or an empty text when the event is none."""
        return DIGITS[self.event] if self.event < len(DIGITS) else ""

    def __bytes__(self) -> bytes:
        return _PAYLOAD.pack(self.event, (0x80 if self.is_end else 0) | _VOLUME, self.duration)


def parse(payload: bytes) -> TelephoneEvent:
    """Read the first event of a payload. Raises MalformedPacket."""
    if len(payload) < _PAYLOAD.size:
        raise MalformedPacket(f"expected {_PAYLOAD.size} octets of telephone-event, got {len(payload)}")
    event, flags, duration = _PAYLOAD.unpack_from(payload)
    return TelephoneEvent(event=event, duration=duration, is_end=bool(flags & 0x80))


def key_press(digit: str, *, steps: int = 5, step: int = 160, end_copies: int = 3) -> list[TelephoneEvent]:
    """The payloads of one key held for `steps` packets of `step` timestamp units, the last repeated (§2.5.1)."""
    event = DIGITS.index(digit.upper())
    pressed = [TelephoneEvent(event=event, duration=step * count) for count in range(1, steps)]
    return pressed + [TelephoneEvent(event=event, duration=step * steps, is_end=True)] * end_copies
