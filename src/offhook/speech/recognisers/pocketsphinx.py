"""Speech to text on this machine, by pocketsphinx in processes of its own (extra `speech`).

Its small American English model understands digits, and words and phrases given as hints, quite well over a telephone;
dictation is for trying things out.
"""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import replace
from importlib.util import find_spec

import msgspec

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import Recognition, SpeechOrder, Utterance
from offhook.speech.errors import ProviderFailed
from offhook.speech.http import ProviderHttp
from offhook.speech.profanity import hidden
from offhook.speech.provider import ProviderSettings
from offhook.speech.segmented import SegmentedRecognition

WORKER = "offhook.speech.pocketsphinx_worker"
MISSING = "speech is understood by pocketsphinx, which is not installed: pip install 'offhook[speech]'"
WIDTH = 2  # utterances understood at once
LIMIT = 40.0  # seconds for one; dictation takes about as long as the utterance


class _Answer(msgspec.Struct):
    text: str
    confidence: float


class PocketsphinxRecogniser:
    """Listens with a few worker processes, which are started when first needed and ended by close()."""

    def __init__(self, _settings: ProviderSettings | None = None, _http: ProviderHttp | None = None) -> None:
        self._turns = asyncio.Semaphore(WIDTH)
        self._idle: list[Process] = []
        self._is_closed = False

    def listen(self, order: SpeechOrder) -> Recognition:
        """Begin to listen. Raises RecognitionFailed."""
        if find_spec("pocketsphinx") is None:
            raise RecognitionFailed(MISSING)
        if order.language.partition("-")[0].lower() != "en":
            raise RecognitionFailed(f"the recogniser of this machine knows English only, not {order.language}")

        async def understand(samples: bytes) -> Utterance | None:
            found = await self._understand(samples, order.hints)
            if found is None or not order.hides_profanity:
                return found
            return replace(found, text=hidden(found.text))

        return SegmentedRecognition(understand, is_recorded=order.is_recorded)

    async def close(self) -> None:
        """End the processes."""
        self._is_closed = True
        while self._idle:
            await _end(self._idle.pop())

    async def _understand(self, samples: bytes, hints: tuple[str, ...]) -> Utterance | None:
        async with self._turns:
            worker = self._idle.pop() if self._idle else await _start()
            is_fit = False
            try:
                async with asyncio.timeout(LIMIT):
                    answer = await _ask(worker, samples, hints)
                is_fit = not self._is_closed
            except TimeoutError as error:
                raise ProviderFailed(f"pocketsphinx took longer than {LIMIT:g} s") from error
            finally:
                if is_fit:
                    self._idle.append(worker)
                else:
                    await _end(worker)
        return Utterance(text=answer.text, confidence=answer.confidence) if answer.text else None


async def _start() -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", WORKER, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        raise ProviderFailed(f"pocketsphinx could not be started: {error.strerror}") from error


async def _ask(worker: Process, samples: bytes, hints: tuple[str, ...]) -> _Answer:
    if worker.stdin is None or worker.stdout is None:  # pragma: no cover - both are pipes
        raise ProviderFailed("pocketsphinx has no pipes")
    try:
        worker.stdin.write(msgspec.json.encode({"words": hints, "bytes": len(samples)}) + b"\n" + samples)
        await worker.stdin.drain()
        return msgspec.json.decode(await worker.stdout.readline(), type=_Answer)
    except (OSError, ValueError) as error:
        raise ProviderFailed("pocketsphinx ended in the middle of an utterance") from error


async def _end(worker: Process) -> None:
    if worker.returncode is None:
        worker.kill()
        await worker.wait()
    # The pipes are closed by their transport; without this the loop is left with them.
    if worker.stdin is not None:
        worker.stdin.close()
