"""Has complete recordings understood, one after the other beside the calls, and tells what they say (contract 2 §1.8).

What waits is written down: what an earlier process had not understood to the end is begun anew by the next.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.calls.chronicle import Chronicle
from offhook.calls.errors import CallError, RecognitionFailed, RecordingFailed
from offhook.calls.ports import CallbackRequest, SpeechOrder, TranscriptStore
from offhook.calls.recording import url_of
from offhook.calls.world import World
from offhook.model.recording import RecordingRecord
from offhook.model.timeline import Kind
from offhook.model.transcript import Transcript, TranscriptStatus
from offhook.model.webhook import standard_parameters

PREFIX = "TR"
OUT_OF_RANGE, RECORDING_GONE, UNAVAILABLE = 13617, 13618, 13619
SHORTEST, LONGEST = 2.0, 120.0  # seconds (contract 2 §1.8)
TAIL = 1.0  # seconds that a recording may be over LONGEST: maxLength ends it with the block in which it is reached
RATE, WIDTH = 8000, 2
PIECE = 0.2  # seconds of sound handed on at once
PACE = 0.01  # seconds from one to the next, so that calls are not kept waiting
MOST_ATTEMPTS = 3  # a recording that ends the process each time must not end every one
NOT_FOUND = "the recording has been deleted"

Run = Callable[[Coroutine[Any, Any, None]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriberLimits:
    """How many are understood at once, how many may wait, and the seconds that one may take."""

    at_once: int = 1
    waiting: int = 1000
    longest: float = 600.0


class Transcriber:
    """Satisfies calls.ports.Transcriber; `run` begins a task that may be cancelled when the process ends."""

    def __init__(
        self, world: World, transcripts: TranscriptStore, run: Run, limits: TranscriberLimits | None = None
    ) -> None:
        self._world = world
        self._transcripts = transcripts
        self._run = run
        self._limits = limits or TranscriberLimits()
        self._waiting: deque[Transcript] = deque()
        self._working = 0

    def begin(self, recording: RecordingRecord, seconds: float) -> None:
        """Have a recording understood that is complete; one that is too short or too long only earns a warning."""
        if not SHORTEST < seconds < LONGEST + TAIL:
            told = f"recording {recording.sid} is not transcribed: {seconds:.1f} s are not from 2 to 120"
            self._chronicle(recording).notice(OUT_OF_RANGE, told)
            return
        now = self._world.clock.now()
        transcript = Transcript(
            sid=self._world.tokens.sid(PREFIX),
            account_sid=recording.account_sid,
            call_sid=recording.call_sid,
            recording_sid=recording.sid,
            status=TranscriptStatus.IN_PROGRESS,
            date_created=now,
            date_updated=now,
            duration=recording.duration or round(seconds),
            callback=recording.transcribe_callback,
        )
        self._transcripts.add(transcript)
        if len(self._waiting) < self._limits.waiting:
            self._put(transcript)
        else:
            told = f"{self._limits.waiting} recordings wait already"
            self._run(self._fail(transcript, UNAVAILABLE, told))

    async def resume(self) -> int:
        """Begin anew what an earlier process had not understood to the end; how many there are."""
        left = await self._transcripts.unfinished()
        for transcript in left:
            self._put(transcript)
        return len(left)

    def _put(self, transcript: Transcript) -> None:
        self._waiting.append(transcript)
        if self._working < self._limits.at_once:
            self._working += 1
            self._run(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._transcribe(self._waiting.popleft())
        finally:
            self._working -= 1

    async def _transcribe(self, transcript: Transcript) -> None:
        if transcript.attempts >= MOST_ATTEMPTS:
            await self._fail(transcript, UNAVAILABLE, f"{MOST_ATTEMPTS} attempts did not come to an end")
            return
        transcript = msgspec.structs.replace(transcript, attempts=transcript.attempts + 1)
        self._transcripts.save(transcript)
        try:
            await self._check_recording(transcript)
            text = await self._understand(await self._world.recordings.read(transcript.recording_sid))
            await self._check_recording(transcript)
        except RecordingFailed as error:
            await self._fail(transcript, RECORDING_GONE, str(error))
        except RecognitionFailed as error:
            await self._fail(transcript, UNAVAILABLE, str(error))
        except Exception as error:  # noqa: BLE001 - what fails here must not keep the others waiting
            await self._fail(transcript, CallError.error_code, f"internal failure: {type(error).__name__}: {error}")
        else:
            # Nothing was said that could be understood: there is no transcript, and nobody is to blame.
            await self._conclude(transcript, TranscriptStatus.COMPLETED if text else TranscriptStatus.FAILED, text)

    async def _check_recording(self, transcript: Transcript) -> None:
        if await self._world.store.recording(transcript.account_sid, transcript.recording_sid) is None:
            raise RecordingFailed(NOT_FOUND)

    async def _understand(self, samples: bytes) -> str:
        recognition = self._world.recogniser.listen(SpeechOrder(is_recorded=True))
        piece = round(PIECE * RATE) * WIDTH
        try:
            async with asyncio.timeout(self._limits.longest):
                for begin in range(0, len(samples), piece):
                    recognition.hear(samples[begin : begin + piece])
                    await asyncio.sleep(PACE)
                recognition.finish()
                said = [one.text.strip() async for one in recognition.results() if one.is_final]
        except TimeoutError as error:
            raise RecognitionFailed(f"the recogniser took longer than {self._limits.longest:g} s") from error
        finally:
            recognition.close()
        return " ".join(text for text in said if text)

    # --- the end --------------------------------------------------------------------------------------------------

    async def _fail(self, transcript: Transcript, error_code: int, told: str) -> None:
        text = f"recording {transcript.recording_sid} is not transcribed: {told}"
        self._chronicle(transcript).notice(error_code, text)
        await self._conclude(transcript, TranscriptStatus.FAILED, "")

    async def _conclude(self, transcript: Transcript, status: TranscriptStatus, text: str) -> None:
        now = self._world.clock.now()
        transcript = msgspec.structs.replace(transcript, status=status, text=text, date_updated=now)
        self._transcripts.save(transcript)
        event = f"transcription-{status.value}"
        self._chronicle(transcript).trace(Kind.MEDIA, f"{event} {transcript.sid}", event=event, sid=transcript.sid)
        if transcript.callback is None:
            return
        if await self._transcripts.fetch(transcript.account_sid, transcript.sid) is None:
            return  # deleted while it was in progress
        call = await self._world.store.call(transcript.account_sid, transcript.call_sid)
        told = transcript_parameters(transcript, self._world.settings.api_url)
        self._world.webhooks.notify(
            CallbackRequest(
                account_sid=transcript.account_sid,
                call_sid=transcript.call_sid,
                target=transcript.callback,
                parameters={**(standard_parameters(call) if call is not None else {}), **told},
                event=event,
                about=transcript.sid,
            )
        )
        if call is None or call.status.is_final:
            self._world.webhooks.forget(transcript.call_sid)

    def _chronicle(self, of: Transcript | RecordingRecord) -> Chronicle:
        return Chronicle(self._world, of.call_sid, of.account_sid)


def transcript_parameters(transcript: Transcript, api_url: str) -> dict[str, str]:
    """What a transcribeCallback is told beside the standard parameters (contract 2 §1.8)."""
    recording = url_of(api_url, transcript.account_sid, transcript.recording_sid)
    return {
        "AccountSid": transcript.account_sid,
        "CallSid": transcript.call_sid,
        "TranscriptionSid": transcript.sid,
        "TranscriptionText": transcript.text,
        "TranscriptionStatus": transcript.status.value,
        "TranscriptionUrl": f"{recording}/Transcriptions/{transcript.sid}",
        "TranscriptionType": "fast",
        "RecordingSid": transcript.recording_sid,
        "RecordingUrl": recording,
    }
