"""Two scripted telephones call one another over real sockets on the loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from offhook.audio.tones import tone
from offhook.testing.handset import Script
from offhook.testing.phone import Phone, PhoneEvent
from offhook.testing.phone_call import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.asyncio]

HOST = "127.0.0.1"
LIMIT = 8.0


@dataclass
class Diary:
    """What a telephone told."""

    events: list[PhoneEvent] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: PhoneEvent) -> None:
        """Write it down."""
        self.events.append(event)
        self.news.set()

    def names(self) -> list[str]:
        """The events of calls, in order."""
        return [event.event for event in self.events if event.call]

    async def first(self, name: str) -> dict[str, Any]:
        """The detail of the first event of this name; waits for it."""
        async with asyncio.timeout(LIMIT):
            while True:
                for event in self.events:
                    if event.event == name:
                        return dict(event.detail)
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def answering(behaviour: Behaviour) -> AsyncIterator[tuple[str, Diary]]:
    """A telephone that takes calls: its URI and its diary."""
    diary = Diary()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Phone((HOST, 0), behaviour, diary).run())
        port = (await diary.first("listening"))["port"]
        yield f"sip:kate@{HOST}:{port}", diary
        task.cancel()


async def call(uri: str, behaviour: Behaviour) -> Diary:
    """Place a call and wait for its end."""
    diary = Diary()
    async with asyncio.timeout(LIMIT):
        await Phone((HOST, 0), behaviour, diary).run(uri, "alice")
    return diary


def script(frequency_hz: int, keys: str = "") -> Script:
    """Play a tone for ever."""
    return Script(samples=tone((frequency_hz,), 1.0, level_dbfs=-12), is_endless=True, keys=keys)


async def test_both_hear_what_the_other_plays() -> None:
    """A call is answered, carries sound and keys both ways, and ends for both when one hangs up."""
    async with answering(Behaviour(script=script(550))) as (uri, kate):
        caller = Behaviour(script=script(660, keys="1w#"), calls=1, hang_up_after=2.2)
        alice = await call(uri, caller)
        assert (await kate.first("bye"))["by"] == "peer"
    assert (await alice.first("heard"))["frequency_hz"] == pytest.approx(550, abs=2)
    heard = [event.detail["frequency_hz"] for event in kate.events if event.event == "heard"]
    assert heard[-1] == pytest.approx(660, abs=2)
    assert [event.detail["digit"] for event in kate.events if event.event == "digit"] == ["1", "#"]
    assert alice.names() == ["calling", "progress", "answered", "heard", "bye", "ended"]


async def test_an_echo_is_heard_by_whoever_speaks() -> None:
    """An echoing telephone sends the caller's own tone back."""
    async with answering(Behaviour(script=Script(echoes=True))) as (uri, _):
        alice = await call(uri, Behaviour(script=script(700), calls=1, hang_up_after=1.0))
    assert (await alice.first("heard"))["frequency_hz"] == pytest.approx(700, abs=2)


async def test_an_invite_is_told_with_all_its_headers() -> None:
    """Who called from where, and each header as it arrived."""
    async with answering(Behaviour(refuse_with=486)) as (uri, kate):
        await call(uri, Behaviour(calls=1))
        invite = await kate.first("invite")
    assert invite["from"] == f"sip:alice@{HOST}"
    assert invite["request_uri"] == uri
    assert invite["source"].startswith(f"{HOST}:")
    assert ("CSeq", "1 INVITE") in invite["headers"]


async def test_a_refusal_is_told_by_both() -> None:
    """The code that was asked for arrives, and nothing else of the call is left."""
    async with answering(Behaviour(refuse_with=603)) as (uri, kate):
        alice = await call(uri, Behaviour(calls=1))
        assert (await kate.first("refused"))["by"] == "us"
        await kate.first("ended")
    assert (await alice.first("refused"))["code"] == 603
    assert kate.names() == ["invite", "refused", "ended"]


async def test_a_caller_who_is_stopped_while_it_rings_gives_up() -> None:
    """CANCEL reaches a telephone that rings for ever."""
    async with answering(Behaviour(rings_for_ever=True)) as (uri, kate):
        diary = Diary()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(Phone((HOST, 0), Behaviour(), diary).run(uri))
            await diary.first("progress")
            task.cancel()
        assert (await kate.first("canceled"))["by"] == "peer"
        await kate.first("ended")


async def test_a_telephone_that_is_stopped_hangs_up() -> None:
    """Whoever talks with it gets a BYE."""
    alice = Diary()
    async with asyncio.TaskGroup() as group:
        async with answering(Behaviour()) as (uri, _):
            group.create_task(Phone((HOST, 0), Behaviour(calls=1), alice).run(uri))
            await alice.first("answered")
        assert (await alice.first("bye"))["by"] == "peer"
