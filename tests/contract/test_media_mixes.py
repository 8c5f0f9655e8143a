"""Who hears whom in a mix: the native plane over loopback and the fake in virtual time, one by one."""

import asyncio
from collections.abc import Callable

import pytest
from test_media_plane import Rig, RunOn, on_plane  # noqa: F401 - on_plane is a fixture

from offhook.audio.measure import tone_dbfs
from offhook.audio.tones import tone
from offhook.base.errors import IllegalInput
from offhook.calls.events import PortId
from offhook.calls.ports import MixRole, Sound, TapBlock

LENGTH = 0.3
WAIT = 0.5
LEVEL = -20.0
ANN_HZ, BOB_HZ, EVE_HZ, NEWS_HZ = 500.0, 900.0, 1300.0, 1900.0
VOICES = (ANN_HZ, BOB_HZ, EVE_HZ)
HEARD, UNHEARD = -24.0, -50.0  # dBFS: a frequency that is there, and one that is not


def voice(frequency: float) -> bytes:
    """What one of them says."""
    return tone((frequency,), LENGTH, level_dbfs=LEVEL)


class Party:
    """Some ports of a rig with a tap on each."""

    def __init__(self, rig: Rig, count: int = 3) -> None:
        self.rig = rig
        self.ports = [rig.leg() for _ in range(count)]
        self._heard: dict[PortId, list[TapBlock]] = {port: [] for port in self.ports}
        for port in self.ports:
            rig.plane.tap(port, self._heard[port].append)

    def speak(self) -> None:
        """Everybody says something of their own."""
        for port, frequency in zip(self.ports, VOICES, strict=False):
            self.rig.peer.say(port, voice(frequency))

    def forget(self) -> None:
        """Let what has been heard so far count no more."""
        for blocks in self._heard.values():
            blocks.clear()

    def heard(self, port: PortId) -> set[float]:
        """Which of the frequencies a port has been sent since it was asked last."""
        samples = b"".join(block.outbound for block in self._heard[port])
        self._heard[port].clear()
        loudest = {hz: max_level(samples, hz) for hz in (*VOICES, NEWS_HZ)}
        assert all(level > HEARD or level < UNHEARD for level in loudest.values()), loudest
        return {hz for hz, level in loudest.items() if level > HEARD}


def max_level(samples: bytes, frequency: float) -> float:
    """The highest level that a frequency has in any 100 ms."""
    window = 1600
    pieces = [samples[at : at + window] for at in range(0, len(samples) - window, window // 2)]
    return max(tone_dbfs(piece, frequency) for piece in pieces)


def test_everybody_hears_all_others(on_plane: RunOn) -> None:  # noqa: F811
    """And nobody themselves."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        mix = rig.plane.mixes.open()
        for port in party.ports:
            rig.plane.mixes.join(mix, port)
        party.speak()
        await asyncio.sleep(WAIT)
        ann, bob, eve = party.ports
        assert party.heard(ann) == {BOB_HZ, EVE_HZ}
        assert party.heard(bob) == {ANN_HZ, EVE_HZ}
        assert party.heard(eve) == {ANN_HZ, BOB_HZ}

    on_plane(scenario)


@pytest.mark.parametrize(
    ("role", "by_ann", "by_bob", "by_eve"),
    [
        (lambda _: MixRole(is_heard=False), {BOB_HZ}, {ANN_HZ}, {ANN_HZ, BOB_HZ}),
        (lambda _: MixRole(hears=False), {BOB_HZ, EVE_HZ}, {ANN_HZ, EVE_HZ}, set()),
        (lambda ann: MixRole(only_by=ann), {BOB_HZ, EVE_HZ}, {ANN_HZ}, {ANN_HZ, BOB_HZ}),
    ],
    ids=["muted", "deaf", "whispers to Ann"],
)
def test_roles(
    on_plane: RunOn,  # noqa: F811
    role: Callable[[PortId], MixRole],
    by_ann: set[float],
    by_bob: set[float],
    by_eve: set[float],
) -> None:
    """Eve is in another role, changed after she came; the others are as they were."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        ann, bob, eve = party.ports
        mix = rig.plane.mixes.open()
        for port in party.ports:
            rig.plane.mixes.join(mix, port)
        rig.plane.mixes.join(mix, eve, role(ann))
        party.speak()
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in (ann, bob, eve)] == [by_ann, by_bob, by_eve]

    on_plane(scenario)


def test_one_leaves(on_plane: RunOn) -> None:  # noqa: F811
    """By disconnect, connect or close; the others go on."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        ann, bob, eve = party.ports
        mix = rig.plane.mixes.open()
        for port in party.ports:
            rig.plane.mixes.join(mix, port)
        rig.plane.disconnect(eve)
        party.speak()
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in (ann, bob, eve)] == [{BOB_HZ}, {ANN_HZ}, set()]
        rig.plane.mixes.join(mix, eve)
        rig.plane.connect(ann, eve)
        rig.peer.say(ann, voice(ANN_HZ))
        rig.peer.say(bob, voice(BOB_HZ))
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in (ann, bob, eve)] == [set(), set(), {ANN_HZ}]
        rig.plane.mixes.join(mix, ann)
        rig.plane.close(ann)
        rig.peer.say(eve, voice(EVE_HZ))
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in (bob, eve)] == [set(), set()]

    on_plane(scenario)


def test_what_is_played_to_one_is_heard_alone(on_plane: RunOn) -> None:  # noqa: F811
    """Music for one who is on hold; others hear the one meanwhile, and the mix comes back after it."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig, 2)
        ann, bob = party.ports
        mix = rig.plane.mixes.open()
        for port in party.ports:
            rig.plane.mixes.join(mix, port)
        rig.plane.play(ann, Sound(samples=tone((NEWS_HZ,), WAIT, level_dbfs=LEVEL)))
        party.speak()
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in party.ports] == [{NEWS_HZ}, {ANN_HZ}]
        rig.peer.say(bob, voice(BOB_HZ))
        await asyncio.sleep(WAIT)
        assert party.heard(ann) - {NEWS_HZ} == {BOB_HZ}

    on_plane(scenario)


def test_announcements(on_plane: RunOn) -> None:  # noqa: F811
    """All who hear have them beside the others, one after the other; each is over once, stopped or not."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        ann, bob, eve = party.ports
        mixes, over = rig.plane.mixes, asyncio.Queue[str]()
        mix = mixes.open()
        for port in (ann, bob):
            mixes.join(mix, port)
        mixes.join(mix, eve, MixRole(hears=False))
        news = Sound(samples=tone((NEWS_HZ,), LENGTH, level_dbfs=LEVEL))
        mixes.announce(mix, news, lambda: over.put_nowait("first"))
        mixes.announce(mix, Sound(samples=b""), lambda: over.put_nowait("second"))
        mixes.announce(mix, news, lambda: over.put_nowait("endless"), loop=0)
        rig.peer.say(ann, voice(ANN_HZ))
        async with asyncio.timeout(2):
            assert [await over.get(), await over.get()] == ["first", "second"]
        await asyncio.sleep(0.2)
        assert [party.heard(port) for port in party.ports] == [{NEWS_HZ}, {ANN_HZ, NEWS_HZ}, set()]
        assert over.empty()
        mixes.hush(mix)
        async with asyncio.timeout(2):
            assert await over.get() == "endless"
        await asyncio.sleep(0.1)
        party.forget()
        await asyncio.sleep(WAIT)
        assert party.heard(ann) == set()
        mixes.announce(mix, news, lambda: over.put_nowait("cut off"))
        mixes.close(mix)
        async with asyncio.timeout(2):
            assert await over.get() == "cut off"

    on_plane(scenario)


def test_the_end_of_a_mix(on_plane: RunOn) -> None:  # noqa: F811
    """Its members are joined to nothing, and what is asked of it is refused."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        mixes = rig.plane.mixes
        mix = mixes.open()
        for port in party.ports:
            mixes.join(mix, port)
        mixes.close(mix)
        party.speak()
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in party.ports] == [set(), set(), set()]
        for refused in (mixes.hush, mixes.close, lambda gone: mixes.join(gone, party.ports[0])):
            with pytest.raises(IllegalInput):
                refused(mix)
        another = mixes.open()
        with pytest.raises(IllegalInput):
            mixes.join(another, PortId(987_654_321))
        with pytest.raises(IllegalInput):
            mixes.join(another, party.ports[0], MixRole(only_by=PortId(987_654_321)))

    on_plane(scenario)


def test_in_one_mix_at_most(on_plane: RunOn) -> None:  # noqa: F811
    """Who joins another leaves the first."""

    async def scenario(rig: Rig) -> None:
        party = Party(rig)
        ann, bob, eve = party.ports
        first, second = rig.plane.mixes.open(), rig.plane.mixes.open()
        for port in (ann, bob):
            rig.plane.mixes.join(first, port)
        rig.plane.mixes.join(second, bob)
        rig.plane.mixes.join(second, eve)
        party.speak()
        await asyncio.sleep(WAIT)
        assert [party.heard(port) for port in (ann, bob, eve)] == [set(), {EVE_HZ}, {BOB_HZ}]

    on_plane(scenario)
