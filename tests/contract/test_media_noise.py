"""Comfort noise (RFC 3389) on every plane: the native one over loopback and the fake in virtual time, one by one."""

import asyncio

import pytest
from test_media_plane import Rig, RunOn, on_plane  # noqa: F401 - on_plane is a fixture
from test_media_tap import TENTHS, Heard, sounding

from offhook.audio.measure import rms_dbfs
from offhook.calls.ports import TapBlock
from offhook.testing.murmur import murmur

LEVEL = 40  # -dBov; a sine that fills the range has -3 dBov and 0 dBFS
DBFS = 3 - LEVEL


def rested(blocks: list[TapBlock]) -> bytes:
    """All that is comfort noise and nothing else."""
    return b"".join(block.inbound for block in blocks if block.is_noise)


def test_comfort_noise_is_heard_at_its_level(on_plane: RunOn) -> None:  # noqa: F811
    """One packet is enough; the peer counts as there, and what it sent after that is noise."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        rig.plane.tap(port, heard.blocks.append)
        rig.peer.rest(port, LEVEL)
        await asyncio.sleep(0.4)
        noise = rested(heard.blocks)
        assert len(noise) > 0.2 * 16_000
        assert rms_dbfs(noise) == pytest.approx(DBFS, abs=1)
        assert all(block.is_received for block in heard.blocks if block.is_noise)

    on_plane(scenario)


def test_noise_stands_between_two_talk_spurts(on_plane: RunOn) -> None:  # noqa: F811
    """Speech is as before, noise follows it, and speech that comes then ends it."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        rig.plane.tap(port, heard.blocks.append)
        rig.peer.say(port, TENTHS)
        await asyncio.sleep(0.3)
        rig.peer.rest(port, LEVEL)
        await asyncio.sleep(0.3)
        before = len(heard.blocks)
        noise = rested(heard.blocks)
        assert rms_dbfs(noise) == pytest.approx(DBFS, abs=1)
        rig.peer.say(port, TENTHS)
        await asyncio.sleep(0.2)
        spoken = b"".join(block.inbound for block in heard.blocks[before:] if not block.is_noise)
        assert sounding(spoken)[1] == pytest.approx(800, abs=5)
        assert any(not block.is_noise for block in heard.blocks[before:])

    on_plane(scenario)


def test_a_partner_without_comfort_noise_hears_it(on_plane: RunOn) -> None:  # noqa: F811
    """As sound of that level."""

    async def scenario(rig: Rig) -> None:
        one, other = rig.leg(), rig.leg()
        rig.plane.connect(one, other)
        heard = Heard()
        rig.plane.tap(other, heard.blocks.append)
        rig.peer.rest(one, LEVEL)
        await asyncio.sleep(0.4)
        assert rms_dbfs(heard.outbound[len(heard.outbound) // 2 :]) == pytest.approx(DBFS, abs=1)

    on_plane(scenario)


def test_a_tap_that_finds_voice_tells_of_it(on_plane: RunOn) -> None:  # noqa: F811
    """Of speech, not of the noise before it; a tap beside it that does not ask is told nothing."""

    async def scenario(rig: Rig) -> None:
        port, heard, beside = rig.leg(), Heard(), Heard()
        rig.plane.tap(port, heard.blocks.append, block=0.1, finds_voice=True)
        rig.plane.tap(port, beside.blocks.append, block=0.1)
        rig.peer.rest(port, LEVEL)
        await asyncio.sleep(0.5)
        assert not any(block.is_sound or block.is_voice for block in heard.blocks)
        rig.peer.say(port, murmur(0.4))
        await asyncio.sleep(0.8)
        assert any(block.is_sound and block.is_voice for block in heard.blocks)
        assert not any(block.is_sound or block.is_voice for block in beside.blocks)

    on_plane(scenario)
