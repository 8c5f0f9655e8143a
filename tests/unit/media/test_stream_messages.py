"""The messages of Media Streams: as Twilio writes them, and what is made of a server's."""

import json
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from offhook.media.stream_messages import (
    CONNECTED,
    MOST_NAME,
    ClearMessage,
    MarkMessage,
    MediaMessage,
    StreamMessageRefused,
    Writer,
    parse,
)

SID = "MZ" + "0" * 32


def test_what_a_server_is_told() -> None:
    """Fields, types and order of contract 2 §2.2: counters are strings that begin with 1, rates are numbers."""
    writer = Writer(SID)
    told = [
        CONNECTED,
        writer.start("AC1", "CA1", ("inbound", "outbound"), {"a": 'b "c"'}),
        writer.media("outbound", 1, 0, b"\xff" * 160),
        writer.dtmf("#"),
        writer.mark("m\u00e4rk"),
        writer.stop("AC1", "CA1"),
    ]
    connected, start, media, dtmf, mark, stop = [json.loads(text) for text in told]
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "start": {
            "accountSid": "AC1",
            "streamSid": SID,
            "callSid": "CA1",
            "tracks": ["inbound", "outbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"a": 'b "c"'},
        },
        "streamSid": SID,
    }
    payload = b64encode(b"\xff" * 160).decode()
    assert media == {
        "event": "media",
        "sequenceNumber": "2",
        "media": {"track": "outbound", "chunk": "1", "timestamp": "0", "payload": payload},
        "streamSid": SID,
    }
    assert (dtmf["dtmf"], dtmf["sequenceNumber"]) == ({"track": "inbound_track", "digit": "#"}, "3")
    assert (mark["mark"], mark["sequenceNumber"]) == ({"name": "m\u00e4rk"}, "4")
    assert (stop["stop"], stop["sequenceNumber"]) == ({"accountSid": "AC1", "callSid": "CA1"}, "5")


def test_what_a_server_says() -> None:
    """With or without the streamSid, and with fields that mean nothing."""
    assert parse('{"event":"media","streamSid":"x","media":{"payload":"/w==","more":1}}') == MediaMessage(b"\xff")
    assert parse('{"event":"mark","mark":{"name":"one"}}') == MarkMessage("one")
    assert parse('{"event":"clear","streamSid":"x"}') == ClearMessage()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"event":1}',
        '{"event":"media"}',
        '{"event":"media","media":{}}',
        '{"event":"media","media":{"payload":5}}',
        '{"event":"media","media":{"payload":"a"}}',
        '{"event":"media","media":{"payload":"\\u00e4\\u00e4\\u00e4\\u00e4"}}',
        '{"event":"mark"}',
        '{"event":"mark","mark":{"name":"' + "n" * (MOST_NAME + 1) + '"}}',
        '{"event":"dtmf","dtmf":{"digit":"1"}}',
        '{"a":' * 100_000,
    ],
)
def test_what_means_nothing(text: str) -> None:
    """It is refused in words."""
    with pytest.raises(StreamMessageRefused) as refused:
        parse(text)
    assert str(refused.value)


@given(some.text() | some.dictionaries(some.text(max_size=8), some.text() | some.integers()).map(json.dumps))
def test_no_message_breaks_the_reader(text: str) -> None:
    """Whatever it is."""
    with suppress(StreamMessageRefused):
        parse(text)
