"""Text to sound with the real espeak-ng, and with programs that misbehave."""

import asyncio
import os
import struct
from pathlib import Path

import pytest

from offhook.calls.errors import SpeechFailed
from offhook.calls.ports import Sound, Speech
from offhook.speech.cache import SoundCache
from offhook.speech.synthesis import LocalSpeech

pytestmark = pytest.mark.asyncio


def program(folder: Path, script: str) -> str:
    """A stand-in for the speech program: a shell script."""
    path = folder / "speaker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def loudness(sound: Sound) -> int:
    """The highest sample."""
    samples: tuple[int, ...] = struct.unpack(f"<{len(sound.samples) // 2}h", sound.samples)
    return max(map(abs, samples))


async def test_speech_is_heard() -> None:
    """A short text gives about a second of sound that is not silence."""
    speech: Speech = LocalSpeech()
    sound = await speech.synthesize("Hello, this is offhook.", "man", "en-US")
    assert 0.5 < sound.duration < 4
    assert loudness(sound) > 3000


async def test_longer_text_takes_longer() -> None:
    """The length of the sound follows the text."""
    speech = LocalSpeech()
    short = await speech.synthesize("one", "man", "en-US")
    long = await speech.synthesize("one two three four five six seven", "man", "en-US")
    assert long.duration > 2 * short.duration


async def test_voices_and_languages_differ() -> None:
    """A woman's voice and another language sound different."""
    speech = LocalSpeech()
    sounds = {
        (await speech.synthesize("Telefon", voice, language)).samples
        for voice, language in [("man", "en-US"), ("woman", "en-US"), ("man", "de-DE"), ("man", "ja-JP")]
    }
    assert len(sounds) == 4


async def test_markup_is_heard_and_not_read() -> None:
    """A break makes the sound longer by its length, and no tag is spoken."""
    speech = LocalSpeech()
    plain = await speech.synthesize("one two", "man", "en-US")
    marked = await speech.synthesize("one two", "man", "en-US", ssml='one <break time="3s"/> two')
    assert marked.duration - plain.duration == pytest.approx(3, abs=0.7)


async def test_markup_that_cannot_be_read_is_spoken_plainly() -> None:
    """Whatever stands in the markup, the text is heard."""
    speech = LocalSpeech()
    plain = await speech.synthesize("one two", "man", "en-US")
    assert (await speech.synthesize("one two", "man", "en-US", ssml="one <two")).samples == plain.samples


@pytest.mark.parametrize(
    ("voice", "language", "codes"),
    [
        ("man", "en-US", []),
        ("Alice", "pt-BR", []),
        ("Polly.Hans", "xx", []),
        ("bob", "en-US", [13511]),
        ("woman", "tlh", [13512]),
        ("bob", "tlh", [13511, 13512]),
    ],
)
async def test_what_nobody_has_is_remarked(voice: str, language: str, codes: list[int]) -> None:
    """13511 for the voice, 13512 for the language; the text is spoken all the same."""
    remarks: list[int] = []
    await LocalSpeech().synthesize("hi", voice, language, remark=lambda code, _text: remarks.append(code))
    assert remarks == codes


async def test_a_text_is_spoken_once() -> None:
    """The second request for a text comes from the cache, white space apart."""
    speech = LocalSpeech()
    first = await speech.synthesize("again", "man", "en-US")
    assert await speech.synthesize("  again\n", "man", "en-US") is first


async def test_texts_that_wait_for_the_same_sound_share_it() -> None:
    """Callers that ask together get one sound when one runs at a time."""
    speech = LocalSpeech(width=1)
    sounds = await asyncio.gather(*(speech.synthesize("together", "man", "en-US") for _ in range(4)))
    assert all(sound is sounds[0] for sound in sounds)


async def test_shell_and_option_text_is_only_text() -> None:
    """Text that looks like a command or an option is spoken."""
    sound = await LocalSpeech().synthesize("--help; $(touch /tmp/x) [[h@l'oU]]", "-v evil", "; rm")
    assert sound.duration > 1


@pytest.mark.parametrize(("text", "code"), [("", 13520), (" \n\x00", 13520), ("x" * 5001, 13521)])
async def test_text_that_cannot_be_spoken_is_refused(text: str, code: int) -> None:
    """Nothing to speak is 13520, too much is 13521."""
    with pytest.raises(SpeechFailed) as caught:
        await LocalSpeech().synthesize(text, "man", "en-US")
    assert caught.value.error_code == code


async def test_a_missing_program_says_what_to_install() -> None:
    """Without espeak-ng the error names the command that installs it."""
    speech = LocalSpeech(program="no-such-speaker")
    assert not speech.is_installed
    with pytest.raises(SpeechFailed, match="apt-get install espeak-ng"):
        await speech.synthesize("hello", "man", "en-US")


@pytest.mark.parametrize(
    ("script", "told"),
    [("exec sleep 30", "longer than 0.05 s"), ("cat >/dev/null; exit 3", "code 3"), ("cat", "WAV"), ("exit 0", "WAV")],
)
async def test_a_program_that_misbehaves_is_an_error(tmp_path: Path, script: str, told: str) -> None:
    """A hanging, failing or babbling program ends in SpeechFailed, and the next text is served."""
    limit = 0.05 if "sleep" in script else 5.0
    speech = LocalSpeech(program=program(tmp_path, script), width=1, limit=limit)
    for _ in range(2):
        with pytest.raises(SpeechFailed, match=told):
            await speech.synthesize("hello", "man", "en-US")


@pytest.mark.slow
async def test_a_text_of_breaks_alone_costs_no_memory() -> None:
    """All breaks together last a minute, however many there are."""
    ssml = 'a <break time="10s"></break>' * 1500
    sound = await LocalSpeech(cache_bytes=0).synthesize("a", "man", "en-US", ssml=ssml[:65_000])
    assert 60 < sound.duration < 25 * 60


async def test_sound_without_an_end_is_given_up(tmp_path: Path) -> None:
    """The program is ended at the limit, 13521, and the next text is served."""
    speech = LocalSpeech(program=program(tmp_path, "exec cat /dev/zero"), width=1, limit=60)
    for _ in range(2):
        with pytest.raises(SpeechFailed, match="larger than") as caught:
            await speech.synthesize("hello", "man", "en-US")
        assert caught.value.error_code == 13521


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    """When the call goes away the program is killed, and its turn is free again."""
    marker = tmp_path / "pid"
    speech = LocalSpeech(program=program(tmp_path, f"echo $$ > {marker}.new; mv {marker}.new {marker}; exec sleep 30"))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(speech.synthesize("hello", "man", "en-US"))
        while not marker.exists():
            await asyncio.wait({task}, timeout=0.01)
        task.cancel()
    assert task.cancelled()
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)


async def test_the_cache_forgets_the_oldest() -> None:
    """The cache is bounded by bytes, and what was used last stays."""
    cache = SoundCache(10)
    for name in ("a", "b"):
        cache.put(("v", name), Sound(samples=b"1234"))
    cache.get(("v", "a"))
    cache.put(("v", "c"), Sound(samples=b"1234"))
    assert [cache.get(("v", name)) is not None for name in "abc"] == [True, False, True]


async def test_the_cache_keeps_nothing_larger_than_itself() -> None:
    """A sound above the bound is not kept, and the room is not lost."""
    cache = SoundCache(10)
    cache.put(("v", "long"), Sound(samples=b"1" * 11))
    cache.put(("v", "short"), Sound(samples=b"1" * 10))
    cache.put(("v", "short"), Sound(samples=b"2" * 10))
    assert cache.get(("v", "long")) is None
    assert cache.get(("v", "short")) == Sound(samples=b"2" * 10)
