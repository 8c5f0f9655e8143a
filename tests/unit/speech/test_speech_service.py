"""Which voice is spoken by whom, and what happens when the provider cannot."""

import asyncio
import sys
from pathlib import Path

import pytest

from offhook.calls.ports import Sound, Speech
from offhook.speech.errors import PluginMissing, ProviderFailed
from offhook.speech.plugins import find_plugin
from offhook.speech.provider import VoiceOrder
from offhook.speech.service import SpeechService, VoiceSource
from offhook.testing.clock import virtual_time
from offhook.testing.speech import StageVoice

SOUND = Sound(samples=bytes(320))


class Vendor:
    """Keeps its orders; takes a second for each; fails with `error` if there is one."""

    def __init__(self, error: Exception | None = None, *, length: float = 1.0) -> None:
        self.orders: list[VoiceOrder] = []
        self.error = error
        self.length = length

    async def synthesize(self, order: VoiceOrder) -> Sound:
        """A sound, or the error."""
        self.orders.append(order)
        await asyncio.sleep(self.length)
        if self.error is not None:
            raise self.error
        return SOUND


class Remarks(list[tuple[int, str]]):
    """Keeps what was remarked."""

    def __call__(self, code: int, text: str) -> None:
        """Keep it."""
        self.append((code, text))


def opened(vendor: Vendor, local: StageVoice) -> tuple[Speech, Remarks]:
    """A service with one provider."""
    source = VoiceSource(name="Polly", provider=vendor, voices={"woman": "Amy"}, timeout=3)
    return SpeechService(local, [source]), Remarks()


@virtual_time
@pytest.mark.parametrize(
    ("voice", "theirs"),
    [("Polly.Joanna-Neural", "Joanna-Neural"), ("polly.Joanna", "Joanna"), ("woman", "Amy"), ("Woman", "Amy")],
)
async def test_a_provider_speaks_its_voices(voice: str, theirs: str) -> None:
    """By their prefix, and those that the configuration gives it."""
    vendor, local = Vendor(), StageVoice()
    speech, remarks = opened(vendor, local)
    assert await speech.synthesize("hi", voice, "en-US", ssml="<s>hi</s>", remark=remarks) is SOUND
    assert vendor.orders == [VoiceOrder(text="hi", ssml="<s>hi</s>", voice=theirs, language="en-US")]
    assert (local.spoken, remarks) == ([], [])


@virtual_time
@pytest.mark.parametrize(("voice", "is_told"), [("man", False), ("Google.en-US-Standard-A", True), ("x.y", False)])
async def test_the_local_voice_speaks_the_rest(voice: str, *, is_told: bool) -> None:
    """With a remark when the voice is a vendor's that nobody configured."""
    vendor, local = Vendor(), StageVoice()
    speech, remarks = opened(vendor, local)
    await speech.synthesize("hi", voice, "en-US", ssml="<s>hi</s>", remark=remarks)
    assert [(one.voice, one.ssml) for one in local.spoken] == [(voice, "<s>hi</s>")]
    assert [code for code, _ in remarks] == ([13511] if is_told else [])


@virtual_time
@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        (Vendor(ProviderFailed("it answered 401")), "401"),
        (Vendor(ZeroDivisionError("secret")), "ZeroDivisionError"),
        (Vendor(length=60), "longer than 3 s"),
    ],
)
async def test_the_local_voice_stands_in_for_a_provider_that_fails(vendor: Vendor, told: str) -> None:
    """The text is heard all the same, and the call is told why it sounds different."""
    local = StageVoice()
    speech, remarks = opened(vendor, local)
    await speech.synthesize("hi", "Polly.Amy", "en-US", remark=remarks)
    assert [one.voice for one in local.spoken] == ["Polly.Amy"]
    assert remarks[0][0] == 13511
    assert told in remarks[0][1]
    assert "secret" not in remarks[0][1]


@virtual_time
async def test_a_provider_that_is_out_of_order_rests() -> None:
    """Callers do not wait for it again before 15 seconds are over; a refusal is no such thing."""
    vendor, local = Vendor(ProviderFailed("down", is_outage=True), length=0), StageVoice()
    speech, remarks = opened(vendor, local)
    for pause in (0, 14, 2):
        await asyncio.sleep(pause)
        await speech.synthesize("hi", "Polly.Amy", "en-US", remark=remarks)
    assert len(vendor.orders) == 2
    assert len(local.spoken) == 3


@virtual_time
async def test_a_text_is_paid_for_once() -> None:
    """Callers that ask together, and those that ask later, share one answer; another voice is another."""
    vendor = Vendor()
    speech = SpeechService(StageVoice(), [VoiceSource(name="Polly", provider=vendor)])
    await asyncio.gather(*(speech.synthesize("hi", "Polly.Amy", "en-US") for _ in range(5)))
    await speech.synthesize("hi", "Polly.Amy", "en-US")
    assert len(vendor.orders) == 1
    await speech.synthesize("hi", "Polly.Joey", "en-US")
    assert len(vendor.orders) == 2


def test_other_packages_bring_providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point of an installed package is found by its name; what cannot be loaded says so."""
    (tmp_path / "their_voices.py").write_text("class Voice: pass\n")
    info = tmp_path / "theirs-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[offhook.voices]\ntheirs = their_voices:Voice\nbroken = no_such:Voice\n")
    monkeypatch.syspath_prepend(tmp_path)
    factory = find_plugin("offhook.voices", "theirs", {})
    assert factory is sys.modules["their_voices"].Voice
    with pytest.raises(PluginMissing, match="cannot be loaded"):
        find_plugin("offhook.voices", "broken", {})
    with pytest.raises(PluginMissing, match="broken, ours, theirs"):
        find_plugin("offhook.voices", "absent", {"ours": object})
