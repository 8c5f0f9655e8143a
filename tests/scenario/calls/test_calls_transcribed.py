"""Transcriptions of calls: what is listened to, what is told, and how they end (contract 2 §5)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from offhook.calls.errors import CallNotFound, IllegalCallState
from offhook.calls.events import SessionId
from offhook.calls.ports import Utterance
from offhook.calls.transcription import Transcription, TranscriptionOrder
from offhook.model.call import CallRecord, WebhookTarget
from offhook.model.sids import AccountSid, CallSid
from offhook.testing.clock import advance, virtual_time
from offhook.testing.recogniser import ScriptedRecognition
from offhook.testing.switchboard import ACCOUNT, Switchboard

LOUD = b"\x00\x20" * 1600
ONE = [Utterance(text="on", is_final=False, stability=0.5), Utterance(text="one", confidence=0.9)]
TWO = [Utterance(text="two")]


async def begun(twiml: str = '<Response><Pause length="60"/></Response>') -> tuple[Switchboard, SessionId, CallRecord]:
    """A call that came in and was answered."""
    board = Switchboard()
    board.app.serve("/voice", twiml.replace("<Pause", "<Say>hi</Say><Pause"))
    board.answer_number_with("/voice")
    caller = board.call_in()
    await advance(3)
    return board, caller, board.records()[0]


async def transcribe(board: Switchboard, call: CallRecord, **order: Any) -> Transcription:
    """Begin one by REST."""
    wanted = TranscriptionOrder(callback=WebhookTarget(url=board.app.url("/told")), **order)
    return await board.exchange.transcribe(ACCOUNT, call.sid, wanted)


def told(board: Switchboard) -> list[dict[str, str]]:
    """The parameters of the callbacks about transcriptions."""
    return [dict(one.parameters) for one in board.app.callbacks if one.target.url.endswith("/told")]


@virtual_time
async def test_what_both_say_is_told_track_by_track() -> None:
    """From its start to its end, numbered from 1."""
    board, caller, call = await begun()
    board.recogniser.scripts = [ONE, TWO]
    running = await transcribe(
        board, call, name="t", hints=("one", "two"), inbound_label="caller", speech_model="nova-3", engine="deepgram"
    )
    board.plane.speak(board.port_of(caller), LOUD)
    await advance(1)
    assert [one.order.model for one in board.recogniser.listenings] == ["deepgram_nova-3"] * 2
    assert any(board.recogniser.listenings[0].heard)
    assert not any(board.recogniser.listenings[1].heard)
    board.signalling.hang_up(caller)
    await board.all_over()
    started, first, second, stopped = told(board)
    common = {"AccountSid": ACCOUNT, "CallSid": call.sid, "TranscriptionSid": running.sid}
    assert [one["SequenceId"] for one in (started, first, second, stopped)] == ["1", "2", "3", "4"]
    assert all(common.items() <= one.items() for one in (started, first, second, stopped))
    assert started["Timestamp"].endswith("Z")
    configuration = msgspec.json.decode(started.pop("ProviderConfiguration"))
    assert configuration == {
        "profanityFilter": "true",
        "speechModel": "nova-3",
        "enableAutomaticPunctuation": "true",
        "hints": "one, two",
    }
    expected = {
        "TranscriptionEvent": "transcription-started",
        "TranscriptionEngine": "deepgram",
        "Name": "t",
        "Track": "both_tracks",
        "InboundTrackLabel": "caller",
        "PartialResults": "false",
        "LanguageCode": "en-US",
    }
    assert expected.items() <= started.items()
    assert "OutboundTrackLabel" not in started
    assert first["TranscriptionEvent"] == "transcription-content"
    assert (first["Track"], first["Final"], first["LanguageCode"]) == ("inbound_track", "true", "en-US")
    assert msgspec.json.decode(first["TranscriptionData"]) == {"transcript": "one", "confidence": 0.9}
    assert "Stability" not in first
    assert second["Track"] == "outbound_track"
    assert msgspec.json.decode(second["TranscriptionData"]) == {"transcript": "two"}
    assert stopped.keys() == {*common, "Timestamp", "SequenceId", "TranscriptionEvent"}
    assert stopped["TranscriptionEvent"] == "transcription-stopped"
    assert all(one.is_closed for one in board.recogniser.listenings)


@virtual_time
async def test_partial_results_have_a_stability_and_no_confidence() -> None:
    """Finals the opposite; they come while the call goes on."""
    board, caller, call = await begun()
    board.recogniser.scripts = [ONE]
    running = await transcribe(board, call, track="inbound_track", is_partial=True, has_provider_data=True)
    board.plane.speak(board.port_of(caller), LOUD)
    await advance(1)
    partial = told(board)[-1]
    assert (partial["Final"], partial["Stability"]) == ("false", "0.5")
    assert msgspec.json.decode(partial["TranscriptionData"]) == {"transcript": "on"}
    assert "TranscriptionProviderData" in partial
    running.stop()
    await advance(1)
    final, stopped = told(board)[-2:]
    assert final["Final"] == "true"
    assert "Stability" not in final
    assert stopped["TranscriptionEvent"] == "transcription-stopped"
    assert not board.store.record(call.sid).status.is_final
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
@pytest.mark.parametrize("way", ["refuses", "fails"])
async def test_a_recogniser_that_fails_is_told_and_the_call_goes_on(way: str) -> None:
    """32655, as a callback and on the call."""
    board, caller, call = await begun()
    setattr(board.recogniser, way, "out of order")
    board.recogniser.scripts = [ONE]
    running = await transcribe(board, call, track="inbound_track", is_partial=True)
    await advance(0.1)
    board.plane.speak(board.port_of(caller), LOUD)
    await advance(1)
    events = told(board)
    assert [one["TranscriptionEvent"] for one in events] == [
        "transcription-started",
        "transcription-error",
        "transcription-stopped",
    ]
    assert events[1]["TranscriptionErrorCode"] == "32655"
    assert "out of order" in events[1]["TranscriptionError"]
    assert board.store.codes(call.sid) == [32655]
    assert not running.is_running
    assert not board.store.record(call.sid).status.is_final
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_last_words_are_waited_for_but_not_for_ever() -> None:
    """Three seconds after the end nobody waits any more."""
    board, caller, call = await begun()

    async def never(_self: ScriptedRecognition) -> AsyncIterator[Utterance]:
        await asyncio.Event().wait()
        yield Utterance(text="")

    board.recogniser.listen = lambda order: type("Deaf", (ScriptedRecognition,), {"results": never})(order, [])  # type: ignore[method-assign]
    await transcribe(board, call)
    await advance(1)
    loop = asyncio.get_running_loop()
    board.signalling.hang_up(caller)
    ended = loop.time()
    await board.all_over()
    assert 3 <= loop.time() - ended < 4
    assert told(board)[-1]["TranscriptionEvent"] == "transcription-stopped"


@virtual_time
async def test_a_call_has_four_at_a_time_and_a_name_once() -> None:
    """A name may be used again when its first bearer has ended."""
    board, caller, call = await begun()
    first = await transcribe(board, call, name="t")
    with pytest.raises(IllegalCallState, match="'t'"):
        await transcribe(board, call, name="t")
    first.stop()
    second = await transcribe(board, call, name="t")
    for _ in range(3):
        await transcribe(board, call)
    with pytest.raises(IllegalCallState, match="4 transcriptions"):
        await transcribe(board, call)
    assert await board.exchange.transcription(ACCOUNT, call.sid, "t") is second
    assert await board.exchange.transcription(ACCOUNT, call.sid, first.sid) is first
    assert await board.exchange.transcription(ACCOUNT, call.sid, "") is None
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_only_a_call_in_progress_is_transcribed() -> None:
    """Not one that is over, nor one of somebody else."""
    board, caller, call = await begun()
    with pytest.raises(CallNotFound):
        await board.exchange.transcribe(AccountSid("AC" + "9" * 32), call.sid, TranscriptionOrder())
    with pytest.raises(CallNotFound):
        await board.exchange.transcription(ACCOUNT, CallSid("CA" + "9" * 32), "t")
    board.signalling.hang_up(caller)
    await board.all_over()
    with pytest.raises(IllegalCallState):
        await transcribe(board, call)
    assert await board.exchange.transcription(ACCOUNT, call.sid, "t") is None


@virtual_time
async def test_a_document_begins_and_stops_transcriptions() -> None:
    """<Start> goes on at once with the next verb, <Stop> ends it by its name; the URL may be relative."""
    board, caller, call = await begun(
        """<Response>
          <Start>
            <Transcription name="t" statusCallbackUrl="/told" track="inbound_track" hints="one, two"
              languageCode="en-GB" speechModel="nova-3" transcriptionEngine="deepgram" partialResults="true"
              enableProviderData="true" profanityFilter="false" enableAutomaticPunctuation="false"
              inboundTrackLabel="caller"/>
          </Start>
          <Pause length="5"/>
          <Stop><Transcription name="t"/></Stop>
          <Stop><Transcription name="nobody"/></Stop>
          <Pause length="10"/>
        </Response>"""
    )
    board.recogniser.scripts = [ONE]
    order = board.recogniser.listenings[0].order
    assert (order.hints, order.language, order.model) == (("one", "two"), "en-GB", "deepgram_nova-3")
    assert (order.is_interim, order.hides_profanity, order.is_punctuated) == (True, False, False)
    await advance(4)
    events = told(board)
    assert [one["TranscriptionEvent"] for one in events] == ["transcription-started", "transcription-stopped"]
    assert events[0]["InboundTrackLabel"] == "caller"
    assert not board.store.record(call.sid).status.is_final
    assert len(board.store.codes(call.sid)) == 1  # nobody has this name
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_a_transcription_outlives_its_document() -> None:
    """Another document by REST changes nothing about it; the end of the call does."""
    board, caller, call = await begun(
        "<Response><Start><Transcription statusCallbackUrl='/told'/></Start><Pause length='60'/></Response>"
    )
    board.app.serve("/other", "<Response><Pause length='60'/></Response>")
    await board.exchange.redirect(ACCOUNT, call.sid, board.start("/other"))
    await advance(5)
    assert [one["TranscriptionEvent"] for one in told(board)] == ["transcription-started"]
    board.signalling.hang_up(caller)
    await board.all_over()
    assert [one["TranscriptionEvent"] for one in told(board)][-1] == "transcription-stopped"
