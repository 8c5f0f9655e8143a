"""The ear of <Gather>: what the caller says goes to the recogniser, and partial results to their callback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from offhook.calls.ports import CallbackRequest, Recognition, SpeechOrder, TapBlock, Utterance
from offhook.interpreter.context import Context
from offhook.interpreter.speech_end import AUTO, SpeechEnd
from offhook.model.call import WebhookTarget
from offhook.twiml.verbs import Gather

BLOCK = 0.1  # seconds of sound at once


class GatherEar:
    """One <Gather>'s listening; `begun` is called once, when the caller begins to speak."""

    def __init__(self, verb: Gather, context: Context, begun: Callable[[], None] | None) -> None:
        speech = verb.speech
        silence = verb.timeout if speech.timeout is None else speech.timeout
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
        self._end = SpeechEnd(silence=float(silence) or AUTO, longest=float(speech.longest))
        self._begun = begun
        self._recognition: Recognition | None = None
        self._partials = 0

    @property
    def is_speaking(self) -> bool:
        """Whether the caller has begun to speak."""
        return self._end.has_begun

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen while the block runs. Raises RecognitionFailed, LegEnded."""
        call = self._context.call
        self._recognition = call.world.recogniser.listen(self._order)
        try:
            with call.tapping(self._hear, block=BLOCK):
                yield
        finally:
            self._recognition.close()

    async def result(self) -> Utterance:
        """All that was said in this turn; without text when nothing was understood. Raises RecognitionFailed."""
        assert self._recognition is not None  # noqa: S101 - open() comes before
        finals: list[Utterance] = []
        async for utterance in self._recognition.results():
            if utterance.is_final:
                finals.append(utterance)
            else:
                self._tell_partial(utterance)
        confidences = [one.confidence for one in finals if one.confidence is not None]
        confidence = sum(confidences) / len(confidences) if confidences else None
        return Utterance(text=" ".join(one.text for one in finals if one.text), confidence=confidence)

    def _hear(self, block: TapBlock) -> None:
        if self._recognition is None or self._end.is_over:
            return
        is_over = self._end.hear(block.inbound, block.duration)
        self._recognition.hear(block.inbound)
        if self._end.has_begun and self._begun is not None:
            self._begun()
            self._begun = None
        if is_over:
            self._recognition.finish()

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
            )
        )
