"""The messages of Media Streams: JSON text, written as Twilio does and read with suspicion (contract 2 §2).

Pure; net.media_stream puts them on the wire. Counters are strings, as the contract has them.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

MOST_NAME = 1024  # characters of a mark
CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


class StreamMessageRefused(Exception):
    """A message of the server that means nothing here; the text says why."""


class Writer:
    """Writes the messages of one stream in their order."""

    __slots__ = ("_sequence", "_sid")

    def __init__(self, stream_sid: str) -> None:
        self._sid = stream_sid
        self._sequence = 0

    def start(self, account_sid: str, call_sid: str, tracks: tuple[str, ...], parameters: Mapping[str, str]) -> str:
        """The metadata of the stream."""
        return self._event(
            "start",
            {
                "accountSid": account_sid,
                "streamSid": self._sid,
                "callSid": call_sid,
                "tracks": list(tracks),
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": dict(parameters),
            },
        )

    def media(self, track: str, chunk: int, timestamp_ms: int, octets: bytes) -> str:
        """A piece of one track, octets of mu-law; written by hand, since there are fifty a second of each stream."""
        self._sequence += 1
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","media":{{"track":"{track}","chunk":"{chunk}",'
            f'"timestamp":"{timestamp_ms}","payload":"{b64encode(octets).decode()}"}},"streamSid":"{self._sid}"}}'
        )

    def dtmf(self, digit: str) -> str:
        """A key of the caller."""
        return self._event("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        """A mark that comes back."""
        return self._event("mark", {"name": name})

    def stop(self, account_sid: str, call_sid: str) -> str:
        """The last one."""
        return self._event("stop", {"accountSid": account_sid, "callSid": call_sid})

    def _event(self, name: str, detail: Mapping[str, Any]) -> str:
        self._sequence += 1
        message = {"event": name, "sequenceNumber": str(self._sequence), name: detail, "streamSid": self._sid}
        return msgspec.json.encode(message).decode()


@dataclass(frozen=True, slots=True)
class MediaMessage:
    """Octets of mu-law to be played."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class MarkMessage:
    """A mark to be given back."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearMessage:
    """Nothing that waits is to be played."""


ServerMessage = MediaMessage | MarkMessage | ClearMessage


class _Media(msgspec.Struct):
    payload: str


class _Mark(msgspec.Struct):
    name: str


class _Message(msgspec.Struct):
    event: str
    media: _Media | None = None
    mark: _Mark | None = None


_decode = msgspec.json.Decoder(_Message).decode


def parse(text: str) -> ServerMessage:
    """Read a message of the server; its streamSid is not needed. Raises StreamMessageRefused."""
    try:
        message = _decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise StreamMessageRefused(f"not a message: {str(error)[:200]}") from error
    if message.event == "clear":
        return ClearMessage()
    if message.event == "media" and message.media is not None:
        try:
            return MediaMessage(b64decode(message.media.payload, validate=True))
        except (NotBase64, ValueError) as error:
            raise StreamMessageRefused(f"the payload of a media message is no base64: {error}") from error
    if message.event == "mark" and message.mark is not None:
        if len(message.mark.name) > MOST_NAME:
            raise StreamMessageRefused(f"the name of a mark has more than {MOST_NAME} characters")
        return MarkMessage(message.mark.name)
    raise StreamMessageRefused(f"expected media, mark or clear with its part of that name, got {message.event!r:.60}")
