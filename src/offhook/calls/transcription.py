"""A transcription of a running call: taps its sound, has it understood, and tells what was said (contract 2 §5).

Begun by a document or by REST; goes on whatever the call does, and ends with it.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import msgspec

from offhook.calls.beside import AccompaniedCall
from offhook.calls.errors import CallError, LegEnded, RecognitionFailed
from offhook.calls.ports import CallbackRequest, Recognition, SpeechOrder, TapBlock, Utterance
from offhook.calls.waiting import first_of
from offhook.model.call import WebhookTarget
from offhook.model.timeline import Kind

Take = Callable[[TapBlock], None]

INBOUND, OUTBOUND, BOTH = "inbound_track", "outbound_track", "both_tracks"
BLOCK = 0.1  # seconds of sound handed on at once
LAST_WORDS = 3.0  # seconds for what was said last, after the end
PROVIDER_UNAVAILABLE = 32655
PREFIX = "GT"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionOrder:
    """What is asked for, with the defaults of contract 2 §5."""

    name: str = ""
    callback: WebhookTarget | None = None
    language: str = "en-US"
    track: str = BOTH
    inbound_label: str = ""
    outbound_label: str = ""
    engine: str = "google"
    speech_model: str = "telephony"
    has_provider_data: bool = False
    hides_profanity: bool = True
    is_partial: bool = False
    is_punctuated: bool = True
    hints: tuple[str, ...] = ()

    @property
    def tracks(self) -> tuple[str, ...]:
        """Which of the two tracks are listened to."""
        return (INBOUND, OUTBOUND) if self.track == BOTH else (self.track,)


class Transcription:
    """One of them; `is_running` until it has told its end."""

    def __init__(self, call: AccompaniedCall, sid: str, order: TranscriptionOrder) -> None:
        self.call = call
        self.sid = sid
        self.order = order
        self.is_running = True
        self.date_updated = call.world.clock.now()
        self._stopped = asyncio.Event()
        self._sequence = 0

    def stop(self) -> None:
        """End it; what was said until now is still told."""
        self._stopped.set()
        if self.is_running:
            self.is_running = False
            self.date_updated = self.call.world.clock.now()

    async def run(self) -> None:
        """Listen until it is stopped or the call is over, and tell; a failure is told as well."""
        self._tell("transcription-started", **self._beginning())
        try:
            await self._listen()
        except CallError as error:
            if not isinstance(error, LegEnded):
                self._tell_error(error)
        self.stop()
        self._tell("transcription-stopped")

    async def _listen(self) -> None:
        recogniser, order = self.call.world.recogniser, self.order
        wanted = SpeechOrder(
            language=order.language,
            hints=order.hints,
            model=f"{order.engine}_{order.speech_model}",
            hides_profanity=order.hides_profanity,
            is_interim=order.is_partial,
            is_punctuated=order.is_punctuated,
        )
        with ExitStack() as stack:
            listening: dict[str, Recognition] = {}
            for track in order.tracks:
                listening[track] = recogniser.listen(wanted)
                stack.callback(listening[track].close)

            def take(block: TapBlock) -> None:
                for track, recognition in listening.items():
                    recognition.hear(block.inbound if track == INBOUND else block.outbound)

            error = await self._follow(listening, take)
        if error is not None:
            raise error

    async def _follow(self, listening: dict[str, Recognition], take: Take) -> RecognitionFailed | None:
        """Errors leave the task group as values, because it would wrap them."""
        failed: list[RecognitionFailed] = []

        async def read(track: str, recognition: Recognition) -> None:
            try:
                async for utterance in recognition.results():
                    self._tell_content(track, utterance)
            except RecognitionFailed as error:
                failed.append(error)
                self._stopped.set()

        with ExitStack() as tap:
            tap.enter_context(self.call.leg.sound.tapping(take, block=BLOCK))
            async with asyncio.TaskGroup() as tasks:
                readers = {tasks.create_task(read(*one)) for one in listening.items()}
                await first_of(self._stopped.wait(), self.call.leg.ended.wait())
                tap.close()
                for recognition in listening.values():
                    recognition.finish()
                _, late = await asyncio.wait(readers, timeout=LAST_WORDS)
                for reader in late:
                    reader.cancel()
        return failed[0] if failed else None

    # --- what is told ---------------------------------------------------------------------------------------------

    def _beginning(self) -> dict[str, str]:
        order = self.order
        configuration = {
            "profanityFilter": _flag(order.hides_profanity),
            "speechModel": order.speech_model,
            "enableAutomaticPunctuation": _flag(order.is_punctuated),
            "hints": ", ".join(order.hints),
        }
        told = {
            "ProviderConfiguration": msgspec.json.encode(configuration).decode(),
            "TranscriptionEngine": order.engine,
            "Name": order.name,
            "Track": order.track,
            "InboundTrackLabel": order.inbound_label,
            "OutboundTrackLabel": order.outbound_label,
            "PartialResults": _flag(order.is_partial),
            "LanguageCode": order.language,
        }
        return {name: value for name, value in told.items() if value}

    def _tell_content(self, track: str, utterance: Utterance) -> None:
        data: dict[str, str | float] = {"transcript": utterance.text}
        told = {"LanguageCode": self.order.language, "Track": track, "Final": _flag(utterance.is_final)}
        if utterance.is_final and utterance.confidence is not None:
            data["confidence"] = utterance.confidence
        if self.order.is_partial and not utterance.is_final and utterance.stability is not None:
            told["Stability"] = f"{utterance.stability:g}"
        told["TranscriptionData"] = msgspec.json.encode(data).decode()
        if self.order.has_provider_data:
            told["TranscriptionProviderData"] = msgspec.json.encode(utterance).decode()
        self._tell("transcription-content", **told)

    def _tell_error(self, error: CallError) -> None:
        self.call.notice(PROVIDER_UNAVAILABLE, f"the transcription ends: {error}", is_error=True)
        told = {"TranscriptionErrorCode": str(PROVIDER_UNAVAILABLE), "TranscriptionError": str(error)}
        self._tell("transcription-error", **told)

    def _tell(self, event: str, **told: str) -> None:
        call = self.call
        call.trace(Kind.MEDIA, f"{event} {self.order.name or self.sid}", event=event, transcription_sid=self.sid)
        if self.order.callback is None:
            return
        self._sequence += 1
        parameters = {
            "AccountSid": call.record.account_sid,
            "CallSid": call.record.sid,
            "TranscriptionSid": self.sid,
            "Timestamp": call.world.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "SequenceId": str(self._sequence),
            "TranscriptionEvent": event,
            **told,
        }
        call.world.webhooks.notify(
            CallbackRequest(
                account_sid=call.record.account_sid,
                call_sid=call.record.sid,
                target=self.order.callback,
                parameters=parameters,
                event=event,
                about=self.sid,
            )
        )


def _flag(is_so: bool) -> str:  # noqa: FBT001 - its whole meaning
    return "true" if is_so else "false"
