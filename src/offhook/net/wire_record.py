"""Puts every SIP message that is sent or received on the timeline, without the secrets in it."""

import re

from offhook.calls.ports import Clock, Timeline
from offhook.model.timeline import Kind, TimelineEntry
from offhook.sip.hop import Hop, Transmission

# Each pattern can only go forward: a peer chooses what it runs over.
_CALL_ID = re.compile(rb"\r\n(?:call-id|i)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_CREDENTIALS = re.compile(rb"^(?:proxy-)?authorization[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_VALUE = rb'("(?:[^"\\\r\n]|\\.)*"?|[^",\s]+)'
_SIGNS = (b"uthorization", b"a=crypto:", b"a=key-mgmt:", b"\nk=")  # without any of them there is nothing to hide
_KEYS = re.compile(rb"^(a=crypto:|a=key-mgmt:|k=)([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_INLINE = re.compile(rb"inline:[^\s|;]*", re.IGNORECASE)
_PROOF = re.compile(rb"(\b(?:response|cnonce)[ \t]*=[ \t]*)" + _VALUE + rb"|(\bBasic[ \t]+)\S+", re.IGNORECASE)


class WireRecord:
    """Writes the messages of one edge; `local` is what the edge is known by, host and port."""

    def __init__(self, edge: str, local: str, timeline: Timeline, clock: Clock) -> None:
        self._edge = edge
        self._local = local
        self._timeline = timeline
        self._clock = clock

    def sent(self, transmission: Transmission) -> None:
        """A message leaves; a keep-alive belongs to no call and is left out."""
        if not transmission.call_id:
            return
        self._write("sent", transmission.data, transmission.hop, transmission.start_line, transmission.call_id)

    def received(self, data: bytes, source: Hop) -> None:
        """A whole message has come; what has no Call-ID belongs to no call and is left out."""
        found = _CALL_ID.search(data)
        if found is not None:
            start_line = _text(data.lstrip(b"\r\n").partition(b"\r\n")[0])
            self._write("received", data, source, start_line, _text(found[1].strip()))

    def _write(self, direction: str, data: bytes, hop: Hop, start_line: str, call_id: str) -> None:
        self._timeline.record(
            TimelineEntry(
                at=self._clock.now(),
                kind=Kind.SIP,
                summary=start_line,
                detail={
                    "direction": direction,
                    "peer": f"{hop.host}:{hop.port}",
                    "local": self._local,
                    "transport": hop.transport.value,
                    "edge": self._edge,
                    "start_line": start_line,
                    "text": _text(redacted(data)),
                    "call_id": call_id,
                },
            )
        )


def redacted(message: bytes) -> bytes:
    """The message with the proofs in Authorization and Proxy-Authorization blotted out, and the keys in its SDP."""
    lowered = message.lower()
    if not any(sign in lowered for sign in _SIGNS):
        return message
    head, end, body = message.partition(b"\r\n\r\n")
    return _KEYS.sub(_blot_keys, _CREDENTIALS.sub(lambda line: _PROOF.sub(_blot, line[0]), head) + end + body)


def _blot_keys(line: re.Match[bytes]) -> bytes:
    """Suite, lifetime and session parameters tell much when SRTP fails; a line of another form is blotted whole."""
    blotted, count = _INLINE.subn(b"inline:***", line[2])
    return line[1] + (blotted if count else b"***")


def _blot(found: re.Match[bytes]) -> bytes:
    return (found[1] or found[3]) + b'"***"'


def _text(data: bytes) -> str:
    # JSON and SQLite take no surrogates: bytes that are not UTF-8 are shown as the replacement character.
    return data.decode("utf-8", "replace")
