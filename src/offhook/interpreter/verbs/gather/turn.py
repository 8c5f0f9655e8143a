"""One turn of the caller in a <Gather>: the prompt is heard until there is input, and input is waited for after it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack

from offhook.calls.errors import CallError, RecognitionFailed
from offhook.calls.ports import Utterance
from offhook.interpreter.context import Context
from offhook.interpreter.digits import DigitCollector
from offhook.interpreter.verbs.gather.ear import GatherEar
from offhook.twiml.verbs import Gather

DEFAULT_TIMEOUT = 5  # what timeout="auto" comes to


class Turn:
    """Waits for keys, speech, the end of the prompt and the end of patience; the first kind of input is the one."""

    def __init__(self, verb: Gather, context: Context, prompt: Callable[[], Awaitable[None]]) -> None:
        self._verb = verb
        self._context = context
        self._prompt = prompt
        timeout = verb.timeout or DEFAULT_TIMEOUT
        self._digits = DigitCollector(most=verb.num_digits, finish=verb.finish_on_key, timeout=float(timeout))
        self._ear: GatherEar | None = None
        self._heard: asyncio.Task[None] | None = None
        self._spoken: asyncio.Task[None] | None = None
        self._said = Utterance(text="")
        self._failure: CallError | None = None

    async def take(self) -> Mapping[str, str] | None:
        """What the action is told; None when it is not asked. Raises what ended the prompt."""
        with ExitStack() as stack:
            keys = stack.enter_context(self._context.call.keys())
            self._open_ear(stack)
            async with asyncio.TaskGroup() as tasks:
                await self._listen(keys, tasks)
        if self._failure is not None:
            raise self._failure
        return self._told()

    def _told(self) -> Mapping[str, str] | None:
        if self._said.text:
            confidence = self._said.confidence
            return {
                "SpeechResult": self._said.text,
                **({} if confidence is None else {"Confidence": f"{confidence:g}"}),
            }
        if self._digits.digits:
            return {"Digits": self._digits.digits}
        if not self._verb.action_on_empty_result:
            return None
        return {"Digits": ""} if "dtmf" in self._verb.kinds else {"SpeechResult": ""}

    # --- waiting --------------------------------------------------------------------------------------------------

    async def _listen(self, keys: "asyncio.Queue[str]", tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        self._heard = heard = tasks.create_task(self._play())
        if self._ear is not None:
            self._spoken = tasks.create_task(self._understand(self._ear))
        pressed = tasks.create_task(keys.get())
        try:
            while True:
                waited = {task for task in (heard, self._spoken, pressed) if task is not None and not task.done()}
                await asyncio.wait(waited, timeout=self._patience(loop.time()), return_when=asyncio.FIRST_COMPLETED)
                if pressed.done():
                    if self._take_key(pressed.result(), loop.time()):
                        return
                    pressed = tasks.create_task(keys.get())
                if self._is_over(loop.time()):
                    return
                if self._spoken is not None and self._spoken.done() and not self._said.text:
                    self._spoken = self._listen_again(tasks)
        finally:
            for task in (heard, self._spoken, pressed):
                if task is not None:
                    task.cancel()

    def _take_key(self, key: str, now: float) -> bool:
        """Whether the input is whole by it."""
        if "dtmf" not in self._verb.kinds or self._has_spoken(key):
            return False
        self._hush()
        if self._spoken is not None:
            self._spoken.cancel()
        if self._ear is not None:
            self._ear.close()
        self._ear = self._spoken = None
        return self._digits.press(key, now)

    def _has_spoken(self, key: str) -> bool:
        # A sound alone may be noise: it is no reason to pass over digits, but one to pass over the finish key.
        if self._ear is None:
            return False
        return self._ear.has_words or (self._ear.is_speaking and self._digits.finishes(key))

    def _is_over(self, now: float) -> bool:
        if self._failure is not None:
            return True
        is_heard = self._heard is not None and self._heard.done()
        if self._said.text:
            return is_heard or self._verb.barge_in
        if is_heard:
            self._digits.begin(now)
        return self._digits.is_late(now) and (not self._is_speaking or self._is_understood)

    def _patience(self, now: float) -> float | None:
        if self._digits.deadline is None or self._is_speaking:
            return None
        return max(0.0, self._digits.deadline - now)

    @property
    def _is_speaking(self) -> bool:
        return self._ear is not None and self._ear.is_speaking

    @property
    def _is_understood(self) -> bool:
        return self._spoken is not None and self._spoken.done()

    # --- the prompt, and the caller's voice -----------------------------------------------------------------------

    async def _play(self) -> None:
        # A failure is kept as a value: the task group would wrap it.
        try:
            await self._prompt()
        except CallError as error:
            self._failure = error

    def _hush(self) -> None:
        if self._heard is not None:
            self._heard.cancel()

    def _open_ear(self, stack: ExitStack) -> None:
        if "speech" not in self._verb.kinds:
            return
        ear = GatherEar(self._verb, self._context, self._hush if self._verb.barge_in else None)
        try:
            stack.enter_context(ear.open())
        except RecognitionFailed as error:
            self._lose_ear(error)
        else:
            self._ear = ear

    async def _understand(self, ear: GatherEar) -> None:
        try:
            self._said = await ear.result()
        except RecognitionFailed as error:
            self._lose_ear(error)

    def _listen_again(self, tasks: asyncio.TaskGroup) -> asyncio.Task[None] | None:
        """After a sound that nobody understood."""
        if self._ear is None:
            return None
        try:
            self._ear.listen()
        except RecognitionFailed as error:
            self._lose_ear(error)
            return None
        return tasks.create_task(self._understand(self._ear))

    def _lose_ear(self, error: RecognitionFailed) -> None:
        """Keys still count, and the prompt is heard."""
        if self._ear is not None:
            self._ear.close()
        self._ear = None
        told = f"line {self._context.line}: <Gather> cannot listen to speech: {error}"
        self._context.call.notice(error.error_code, told, is_error=True, url=self._context.url or "")
