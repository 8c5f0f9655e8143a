"""A web application and an offhook process for each test, and peers on demand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from offhook_process import Offhook, offhook
from web_application import WebApplication, web_application

SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder talks to real peers: it is marked so and may take its time."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.interop)
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest_asyncio.fixture
async def application() -> AsyncIterator[WebApplication]:
    """The customer's application."""
    async with web_application() as running:
        yield running


@pytest_asyncio.fixture
async def platform(application: WebApplication, tmp_path: Path) -> AsyncIterator[Offhook]:
    """offhook, configured to ask the application."""
    async with offhook(tmp_path / "offhook", application.url) as running:
        yield running
