"""The ear of <Gather>: what the caller says goes to the recogniser, and partial results to their callback."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import CallbackRequest, Recognition, SpeechOrder, TapBlock, Utterance
from offhook.interpreter.context import Context
from offhook.interpreter.speech_end import AUTO, SpeechEnd
from offhook.model.call import WebhookTarget
from offhook.twiml.verbs import Gather

BLOCK = 0.1  # seconds of sound at once
LAST_WORDS = 60.0  # seconds for what was said last: dictation may take as long as speech does


class GatherEar:
    """One <Gather>'s listening; `begun` is called whenever the caller begins to speak."""

    def __init__(self, verb: Gather, context: Context, begun: Callable[[], None] | None) -> None:
        speech = verb.speech
        silence = verb.timeout if speech.timeout is None else speech.timeout
        self._silence, self._longest = float(silence) or AUTO, float(speech.longest)
        self._context = context
        self._partial_target: WebhookTarget | None = None
        if speech.partial_callback is not None:
            self._partial_target = context.target(speech.partial_callback, speech.partial_method)
        self._order = SpeechOrder(
            language=speech.language,
            hints=speech.hints,
            model=speech.model,
            hides_profanity=speech.hides_profanity,
            is_interim=self._partial_target is not None,
        )
        self._begun = begun
        self._end = SpeechEnd(silence=self._silence, longest=self._longest)
        self._recognition: Recognition | None = None
        self._limit: asyncio.Timeout | None = None
        self._partials = 0
        self.has_words = False  # whether anything has been understood

    @property
    def is_speaking(self) -> bool:
        """Whether the caller has begun to speak."""
        return self._end.has_begun

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen while the block runs. Raises RecognitionFailed, LegEnded."""
        try:
            self.listen()
            with self._context.call.tapping(self._hear, block=BLOCK, finds_voice=True):
                yield
        finally:
            self.close()

    def listen(self) -> None:
        """Begin with the next turn of speech. Raises RecognitionFailed."""
        self.close()
        self._end = SpeechEnd(silence=self._silence, longest=self._longest)
        self._recognition = self._context.call.world.recogniser.listen(self._order)

    def close(self) -> None:
        """Listen no more."""
        if self._recognition is not None:
            self._recognition.close()
            self._recognition = None

    async def result(self) -> Utterance:
        """All that was said in this turn; without text when nothing was understood. Raises RecognitionFailed."""
        try:
            async with asyncio.timeout(None) as self._limit:
                finals = await self._finals()
        except TimeoutError as error:
            raise RecognitionFailed(f"the recogniser did not answer within {LAST_WORDS:g} s") from error
        finally:
            self._limit = None
        if not finals and not self._end.is_over:
            raise RecognitionFailed("the recogniser stopped listening by itself")
        confidences = [one.confidence for one in finals if one.confidence is not None]
        confidence = sum(confidences) / len(confidences) if confidences else None
        return Utterance(text=" ".join(one.text for one in finals if one.text), confidence=confidence)

    async def _finals(self) -> list[Utterance]:
        finals: list[Utterance] = []
        if self._recognition is None:
            return finals
        async for utterance in self._recognition.results():
            self.has_words = self.has_words or bool(utterance.text)
            if utterance.is_final:
                finals.append(utterance)
            else:
                self._tell_partial(utterance)
        return finals

    def _hear(self, block: TapBlock) -> None:
        if self._recognition is None or self._end.is_over:
            return
        is_over = self._end.hear(block.duration, is_voice=block.is_voice)
        self._recognition.hear(block.inbound)
        if self._end.has_begun and self._begun is not None:
            self._begun()
        if is_over:
            self._recognition.finish()
            if self._limit is not None:
                self._limit.reschedule(asyncio.get_running_loop().time() + LAST_WORDS)

    def _tell_partial(self, utterance: Utterance) -> None:
        if self._partial_target is None:
            return
        call = self._context.call
        is_stable = (utterance.stability or 0.0) >= 0.5  # noqa: PLR2004 - more likely to stay than to change
        parameters = {
            **call.parameters(),
            "StableSpeechResult": utterance.text if is_stable else "",
            "UnstableSpeechResult": "" if is_stable else utterance.text,
            "Stability": str(utterance.stability or 0.0),
            "SequenceNumber": str(self._partials),
        }
        self._partials += 1
        call.world.webhooks.notify(
            CallbackRequest(
                account_sid=call.record.account_sid,
                call_sid=call.record.sid,
                target=self._partial_target,
                parameters=parameters,
                event="partial-result",
                about="partial-result",
            )
        )
