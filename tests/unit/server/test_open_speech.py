"""What speaks is opened from the configuration; what cannot be is told at start."""

import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from offhook.calls.errors import RecognitionFailed
from offhook.calls.ports import SpeechOrder
from offhook.server.config import load
from offhook.server.errors import StartFailed
from offhook.server.settings import RecogniserProvider, Settings, VoiceProvider
from offhook.server.speech import open_speech

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "voices.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow  # botocore is a large library
@pytest.mark.asyncio
@pytest.mark.parametrize("block", BLOCKS)
async def test_every_configuration_of_the_page_can_be_opened(block: str, tmp_path: Path) -> None:
    """Nobody is asked for that."""
    path = tmp_path / "offhook.toml"
    path.write_text(block, encoding="utf-8")
    async with AsyncExitStack() as stack:
        await open_speech(stack, load(path, {}).settings, tmp_path)


@pytest.mark.asyncio
async def test_an_unknown_provider_is_told_at_start(tmp_path: Path) -> None:
    """With its place, and with the names that there are."""
    async with AsyncExitStack() as stack:
        with pytest.raises(StartFailed, match=r"voice\[0\]: there is no 'opnai': write one of elevenlabs, google"):
            await open_speech(stack, Settings(voice=(VoiceProvider(provider="opnai"),)), tmp_path)


@pytest.mark.asyncio
async def test_speech_is_understood_on_the_machine_by_default(tmp_path: Path) -> None:
    """Without a word in the configuration; the language decides."""
    async with AsyncExitStack() as stack:
        _, recogniser = await open_speech(stack, Settings(), tmp_path)
        recogniser.listen(SpeechOrder()).close()
        with pytest.raises(RecognitionFailed, match="English"):
            recogniser.listen(SpeechOrder(language="fr-FR"))


def test_keys_are_not_shown() -> None:
    """Wherever settings are printed."""
    assert "k3y" not in repr(Settings(recogniser=(RecogniserProvider(provider="openai", key="k3y"),)))
