"""What every plane lets pass through a tap: the native one over loopback and the fake in virtual time, one by one."""

import asyncio
from dataclasses import dataclass, field

import pytest
from test_media_plane import Rig, RunOn, on_plane  # noqa: F401 - on_plane is a fixture

from offhook.audio.measure import loudest_tone
from offhook.audio.tones import tone
from offhook.base.errors import IllegalInput
from offhook.calls.ports import Sound, TapBlock

FRAME = 320  # octets of 20 ms
TONE_HZ = 800.0
TENTHS = tone((TONE_HZ,), 0.2, level_dbfs=-10)
LOUD = -20.0
FADING = 0.07  # seconds in which a sound that stops is let out: its next packet may only be late


@dataclass(slots=True)
class Heard:
    """The blocks of one tap."""

    blocks: list[TapBlock] = field(default_factory=list)

    @property
    def inbound(self) -> bytes:
        """All of one direction."""
        return b"".join(block.inbound for block in self.blocks)

    @property
    def outbound(self) -> bytes:
        """All of the other."""
        return b"".join(block.outbound for block in self.blocks)


def sounding(samples: bytes) -> tuple[float, float]:
    """How much of it is not silent, in seconds, and which frequency that has."""
    values = memoryview(samples).cast("h")
    loud = [index for index, value in enumerate(values) if abs(value) > 200]
    if not loud:
        return 0.0, 0.0
    frequency, level = loudest_tone(samples[2 * loud[0] : 2 * loud[-1]], 8000)
    assert level > LOUD
    return (loud[-1] - loud[0]) / 8000, frequency


def test_blocks_come_one_after_the_other(on_plane: RunOn) -> None:  # noqa: F811
    """Both directions equally long, each block where the last one ended; silence is heard, too."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        rig.plane.tap(port, heard.blocks.append, block=0.06)
        await asyncio.sleep(0.25)
        assert len(heard.blocks) in {3, 4}
        for index, block in enumerate(heard.blocks):
            assert len(block.inbound) == len(block.outbound) == 3 * FRAME
            assert block.at == pytest.approx(index * 0.06)
            assert not block.is_received
        assert not any(heard.inbound)

    on_plane(scenario)


def test_what_the_peer_says_is_inbound(on_plane: RunOn) -> None:  # noqa: F811
    """All of it, without a gap; the other direction stays silent."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        rig.plane.tap(port, heard.blocks.append)
        rig.peer.say(port, TENTHS)
        await asyncio.sleep(0.4)
        seconds, frequency = sounding(heard.inbound)
        assert 0.198 < seconds < 0.2 + FADING
        assert frequency == pytest.approx(TONE_HZ, abs=5)
        assert not any(heard.outbound)
        assert any(block.is_received for block in heard.blocks)

    on_plane(scenario)


def test_what_is_played_is_outbound(on_plane: RunOn) -> None:  # noqa: F811
    """Pieces of odd lengths are one sound."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        rig.plane.tap(port, heard.blocks.append)
        for start in range(0, len(TENTHS), 222):
            rig.plane.play(port, Sound(samples=TENTHS[start : start + 222]))
        await asyncio.sleep(0.4)
        seconds, frequency = sounding(heard.outbound)
        assert seconds == pytest.approx(0.2, abs=0.002)
        assert frequency == pytest.approx(TONE_HZ, abs=5)
        assert not any(heard.inbound)

    on_plane(scenario)


def test_joined_ports_hear_one_another(on_plane: RunOn) -> None:  # noqa: F811
    """What one peer says is outbound for the other one."""

    async def scenario(rig: Rig) -> None:
        one, other = rig.leg(), rig.leg()
        rig.plane.connect(one, other)
        heard, said = Heard(), Heard()
        rig.plane.tap(other, heard.blocks.append)
        rig.plane.tap(one, said.blocks.append)
        rig.peer.say(one, TENTHS)
        await asyncio.sleep(0.4)
        for samples in (heard.outbound, said.inbound):
            seconds, frequency = sounding(samples)
            assert 0.198 < seconds < 0.2 + FADING
            assert frequency == pytest.approx(TONE_HZ, abs=5)

    on_plane(scenario)


def test_each_tap_has_blocks_of_its_own(on_plane: RunOn) -> None:  # noqa: F811
    """Several at one port; the end of one leaves the other, and brings what was left."""

    async def scenario(rig: Rig) -> None:
        port, short, long = rig.leg(), Heard(), Heard()
        rig.plane.tap(port, short.blocks.append)
        tap = rig.plane.tap(port, long.blocks.append, block=1.0)
        await asyncio.sleep(0.15)
        assert long.blocks == []
        rig.plane.untap(tap)
        assert len(long.blocks) == 1
        assert 6 * FRAME <= len(long.inbound) <= 8 * FRAME
        before = len(short.blocks)
        await asyncio.sleep(0.1)
        assert len(short.blocks) > before
        assert len(long.blocks) == 1

    on_plane(scenario)


def test_the_end_of_a_port_is_the_end_of_its_taps(on_plane: RunOn) -> None:  # noqa: F811
    """What is left comes before close returns, and nothing after it."""

    async def scenario(rig: Rig) -> None:
        port, heard = rig.leg(), Heard()
        tap = rig.plane.tap(port, heard.blocks.append, block=10.0)
        await asyncio.sleep(0.1)
        rig.plane.close(port)
        assert len(heard.blocks) == 1
        assert 3 * FRAME <= len(heard.inbound) <= 6 * FRAME
        rig.plane.untap(tap)
        await asyncio.sleep(0.1)
        assert len(heard.blocks) == 1
        with pytest.raises(IllegalInput):
            rig.plane.tap(port, heard.blocks.append)

    on_plane(scenario)


def test_a_tap_may_end_while_it_takes_a_block(on_plane: RunOn) -> None:  # noqa: F811
    """And another goes on in order."""

    async def scenario(rig: Rig) -> None:
        port, other = rig.leg(), Heard()
        taken: list[TapBlock] = []

        def take(block: TapBlock) -> None:
            taken.append(block)
            if len(taken) == 2:
                rig.plane.untap(tap)

        tap = rig.plane.tap(port, take)
        rig.plane.tap(port, other.blocks.append)
        await asyncio.sleep(0.2)
        assert len(taken) in {2, 3}  # what was left may be one more
        assert [round(block.at, 3) for block in other.blocks] == [round(0.02 * n, 3) for n in range(len(other.blocks))]
        assert len(other.blocks) > 5

    on_plane(scenario)
