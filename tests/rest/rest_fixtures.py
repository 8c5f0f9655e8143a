"""The fixture that gives a test its server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from rest_server import Server, running_server


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A running API over an empty store."""
    async with running_server(tmp_path) as running:
        yield running
