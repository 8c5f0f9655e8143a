"""Puts every SIP message that is sent or received on the timeline, without the secrets in it."""

import re
from collections.abc import Callable

from offhook.calls.ports import Clock, Timeline
from offhook.model.timeline import Kind, TimelineEntry
from offhook.sip.endpoint import Endpoint
from offhook.sip.hop import Hop, Transmission
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import Trace

# Each pattern can only go forward: a peer chooses what it runs over.
_CALL_ID = re.compile(rb"\r\n(?:call-id|i)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_CREDENTIALS = re.compile(rb"^(?:proxy-)?authorization[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_VALUE = rb'("(?:[^"\\\r\n]|\\.)*"?|[^",\s]+)'
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


class RecordedEndpoint(Endpoint):
    """An endpoint that puts what it receives on the timeline: datagrams, and messages as they are cut from streams."""

    def __init__(self, settings: EndpointSettings, tokens: Callable[[], str], trace: Trace, record: WireRecord) -> None:
        super().__init__(settings, tokens, trace)
        self._record = record

    def receive(self, data: bytes, source: Hop, now: float) -> None:
        """Record one message and take it.

        Pump law: drain transmissions, then events, then re-arm the timer.
        """
        self._record.received(data, source)
        super().receive(data, source, now)


def redacted(message: bytes) -> bytes:
    """The message with the proofs in Authorization and Proxy-Authorization blotted out."""
    if b"uthorization" not in message.lower():
        return message
    head, end, body = message.partition(b"\r\n\r\n")
    return _CREDENTIALS.sub(lambda line: _PROOF.sub(_blot, line[0]), head) + end + body


def _blot(found: re.Match[bytes]) -> bytes:
    return (found[1] or found[3]) + b'"***"'


def _text(data: bytes) -> str:
    # JSON and SQLite take no surrogates: bytes that are not UTF-8 are shown as the replacement character.
    return data.decode("utf-8", "replace")
