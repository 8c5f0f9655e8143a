"""Text to sound by espeak-ng, a program of its own on this machine; satisfies calls.ports.Speech.

The program is GPL: it is run at arm's length, with the text on its standard input, and never linked.
"""

import asyncio
import shutil
from asyncio.subprocess import DEVNULL, PIPE, Process

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Remark, Sound, no_remark
from offhook.speech.cache import SoundCache
from offhook.speech.local_markup import local_markup, printable
from offhook.speech.named_voices import named_voice
from offhook.speech.voices import espeak_language, espeak_voice, is_known
from offhook.speech.wav import read_wav

PROGRAM = "espeak-ng"
MISSING = f"{PROGRAM} is not installed, so no text can be spoken: install espeak-ng (apt-get install espeak-ng)"
UNKNOWN_VOICE = 13511
UNKNOWN_LANGUAGE = 13512
EMPTY_TEXT = 13520
TEXT_TOO_LONG = 13521

MAX_TEXT = 5000  # the most of contract 2 §1.1; who speaks a shorter text only is said there too
MAX_MARKUP = 65536  # a document can hold no more
LONGEST_SOUND = 64 * 1024 * 1024  # bytes: 25 minutes, of which the longest text takes ten
_PIECE = 65536


class LocalSpeech:
    """Speaks with espeak-ng, a few texts at a time, and remembers what was spoken last.

    `limit` is how long one text may take in seconds, `width` how many run at once, `cache_bytes` how many bytes of
    samples are kept; a cache of none is 0.
    """

    def __init__(
        self, *, program: str = PROGRAM, limit: float = 20.0, width: int = 2, cache_bytes: int = 16_000_000
    ) -> None:
        self._program = program
        self._limit = limit
        self._turns = asyncio.Semaphore(width)
        self._cache = SoundCache(cache_bytes)

    @property
    def is_installed(self) -> bool:
        """Whether the program is on this machine."""
        return shutil.which(self._program) is not None

    async def synthesize(
        self,
        text: str,
        voice: str,
        language: str,
        *,
        ssml: str = "",
        remark: Remark = no_remark,
    ) -> Sound:
        """Speak `text`, or `ssml` when given; an unknown voice or language falls back, with a remark.

        Raises SpeechFailed (13520, 13521).
        """
        spoken = _speakable(text)
        if not is_known(voice):
            remark(UNKNOWN_VOICE, f"there is no voice {voice[:60]!r}: a man speaks")
        if named_voice(voice) is None and not espeak_language(language):
            remark(UNKNOWN_LANGUAGE, f"no voice speaks {language[:60]!r}: it is read as English")
        marked = local_markup(ssml) if 0 < len(ssml) <= MAX_MARKUP else ""
        key = (espeak_voice(voice, language), marked or spoken, "ssml" if marked else "text")
        sound = self._cache.get(key)
        if sound is None:
            async with self._turns:
                # Whoever waited behind the same text finds it done.
                sound = self._cache.get(key) or read_wav(await self._run(key[0], key[1], is_marked=bool(marked)))
            self._cache.put(key, sound)
        return sound

    async def _run(self, voice: str, text: str, *, is_marked: bool) -> bytes:
        arguments = ("-v", voice, "-b", "1", "--stdin", "--stdout", *(("-m",) if is_marked else ()))
        try:
            process = await asyncio.create_subprocess_exec(
                self._program, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
        except FileNotFoundError as error:
            raise SpeechFailed(MISSING) from error
        except OSError as error:
            raise SpeechFailed(f"{self._program} could not be started: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._limit):
                output = await _spoken(process, text.encode())
                await process.wait()
        except TimeoutError as error:
            told = f"{self._program} took longer than {self._limit:g} s for {len(text)} characters"
            raise SpeechFailed(told) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise SpeechFailed(f"{self._program} ended with code {process.returncode} for voice {voice}")
        return output


async def _spoken(process: Process, text: bytes) -> bytes:
    """All that the program writes when it is given a text. Raises SpeechFailed (13521)."""
    if process.stdin is None or process.stdout is None:  # pragma: no cover - both are pipes
        raise SpeechFailed(f"{PROGRAM} has no pipes")
    process.stdin.write(text)  # not awaited: what it writes is read meanwhile
    process.stdin.close()
    output = bytearray()
    while piece := await process.stdout.read(_PIECE):
        output += piece
        if len(output) > LONGEST_SOUND:
            raise _failed(TEXT_TOO_LONG, f"its sound is larger than {LONGEST_SOUND} bytes")
    return bytes(output)


def _speakable(text: str) -> str:
    """The text on one line, printable. Raises SpeechFailed."""
    if len(text) > MAX_TEXT:
        raise _failed(TEXT_TOO_LONG, f"a text may have {MAX_TEXT} characters, this one has {len(text)}")
    spoken = " ".join(printable(text).split())
    if not spoken:
        raise _failed(EMPTY_TEXT, "there is no text to speak")
    return spoken


def _failed(code: int, message: str) -> SpeechFailed:
    error = SpeechFailed(message)
    error.error_code = code
    return error
