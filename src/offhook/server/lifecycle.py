"""From start to stop: the event loop, the banner, the signals."""

import asyncio
import signal
from collections.abc import Callable

import uvloop

from offhook.server.compose import Platform, open_platform
from offhook.server.config import Config


def serve(config: Config, announce: Callable[[Platform], None]) -> None:
    """Run the platform until SIGINT or SIGTERM; `announce` is called when it takes calls. Raises OffhookError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(config, announce))


async def run(config: Config, announce: Callable[[Platform], None]) -> None:
    """The same on a loop that runs already."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with open_platform(config) as platform:
        announce(platform)
        await stopped.wait()
