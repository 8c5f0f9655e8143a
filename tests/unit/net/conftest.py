"""Everything that touches sockets is tested on both loops: asyncio's own, and uvloop, which the program runs on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
import uvloop
from tests.unit.net.authority import Authority
from tests.unit.net.sip_phones import MakePhone, phone_maker
from tests.unit.net.stream_desk import OpenEdge, stream_edges


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops that each test of this folder runs on."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture
async def make_phone() -> AsyncIterator[MakePhone]:
    """Starts services on free ports and closes them after the test."""
    async with AsyncExitStack() as stack:
        yield phone_maker(stack)


@pytest_asyncio.fixture
async def open_edge() -> AsyncIterator[OpenEdge]:
    """Opens stream edges on the loopback and closes them after the test."""
    async with stream_edges() as opener:
        yield opener


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs certificates; trust its own to believe them."""
    return Authority(tmp_path_factory.mktemp("authority"))
