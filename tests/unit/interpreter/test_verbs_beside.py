"""<Start>, <Stop> and <Connect> on a stage: what is asked for, and what is not there."""

import asyncio

import pytest

from offhook.calls.ports import ProgramStart
from offhook.calls.stream import StreamOrder
from offhook.calls.transcription import TranscriptionOrder
from offhook.interpreter.run import Program
from offhook.interpreter.verbs.beside.orders import socket_url
from offhook.model.call import HttpMethod, WebhookTarget
from offhook.testing.clock import virtual_time
from offhook.testing.stage import Stage

START = ProgramStart(document=WebhookTarget(url="https://app.test/flows/voice"))
URL = "wss://bot.example/stream"


async def run(stage: Stage, verbs: str) -> None:
    """Run these verbs as the voice document."""
    stage.world.webhooks.serve("https://app.test/flows/voice", f"<Response>{verbs}</Response>")
    await Program().run(stage, START)


@virtual_time
async def test_start_answers_and_goes_on() -> None:
    """Every attribute arrives; a status callback is relative to the document."""
    stage = Stage()
    attributes = "name='n' track='both_tracks' statusCallback='told' statusCallbackMethod='GET'"
    parameters = "<Parameter name='a' value='b'/><Parameter name='c'/>"
    await run(stage, f"<Start><Stream url='{URL}' {attributes}>{parameters}</Stream></Start><Pause length='1'/>")
    assert stage.transcript == ["0 answer", f"0 stream {URL}"]
    (stream,) = stage.streams.begun
    assert stream.order == StreamOrder(
        url=URL,
        name="n",
        track="both_tracks",
        parameters={"a": "b", "c": ""},
        callback=WebhookTarget(url="https://app.test/flows/told", method=HttpMethod.GET),
    )
    assert not stream.over.is_set()


@virtual_time
async def test_transcriptions_begin_and_end() -> None:
    """Likewise; <Stop> names them."""
    stage = Stage()
    begin = "<Start><Transcription name='t' languageCode='de-DE' track='inbound_track' hints='a, b'/></Start>"
    await run(stage, f"{begin}<Stop><Transcription name='t'/></Stop>")
    (transcription,) = stage.transcriptions.begun
    assert transcription.order == TranscriptionOrder(
        name="t", language="de-DE", track="inbound_track", hints=("a", "b")
    )
    assert transcription.over.is_set()


@virtual_time
async def test_connect_waits_for_the_end() -> None:
    """Keys are passed on; then the next verb."""
    stage = Stage()
    loop = asyncio.get_running_loop()
    loop.call_later(1, stage.press, "12")

    def end() -> None:
        stage.streams.begun[0].stop()

    loop.call_later(5, end)
    await run(stage, f"<Connect><Stream url='{URL}'/></Connect><Say>over</Say>")
    assert stage.transcript == ["0 answer", f"0 stream {URL}", "5 play 0.25 s"]
    (stream,) = stage.streams.begun
    assert isinstance(stream.order, StreamOrder)
    assert (stream.pressed, stream.order.is_two_way) == ("12", True)


@virtual_time
@pytest.mark.parametrize(
    ("verbs", "codes"),
    [
        ("<Start><Siprec/></Start>", [13750]),
        ("<Stop><Siprec name='x'/></Stop>", [13750]),
        ("<Connect><ConversationRelay url='wss://a/'/></Connect>", [13750]),
        ("<Connect/>", [12200]),
        ("<Start><Stream/></Start>", [31923]),
        ("<Connect><Stream url='http://a/'/></Connect>", [31922, 31923]),
        ("<Stop><Stream name='x'/></Stop>", [12200]),
        (f"<Connect action='ftp://x'><Stream url='{URL}'/></Connect>", [11100]),
        (f"<Start><Stream url='{URL}'><Parameter name='a' value='{'b' * 499}'/></Stream></Start>", [12200]),
    ],
)
async def test_what_cannot_be_done(verbs: str, codes: list[int]) -> None:
    """It is told, and the document goes on where it can."""
    stage = Stage()
    await run(stage, verbs)
    assert stage.codes() == codes


@pytest.mark.parametrize(
    ("reference", "base", "url"),
    [
        (URL, None, URL),
        ("WSS://a/b", None, "WSS://a/b"),
        ("/stream", "https://app.test/flows/voice", "wss://app.test/stream"),
        ("stream?x=1", "http://app.test/flows/voice", "ws://app.test/flows/stream?x=1"),
    ],
)
def test_where_a_stream_goes(reference: str, base: str | None, url: str) -> None:
    """Relative to its document, over TLS if that came so."""
    assert socket_url(reference, base) == url
