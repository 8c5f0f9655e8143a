"""From start to stop: the event loop, the banner, the signals. SIGHUP reads the certificate again."""

import asyncio
import gc
import signal
from collections.abc import Callable

import uvloop

from offhook.net.tls import Tls
from offhook.server.compose import CLOCK, Platform, open_platform
from offhook.server.config import Config
from offhook.server.tls import reload_tls


def serve(config: Config, announce: Callable[[Platform], None]) -> None:
    """Run the platform until SIGINT or SIGTERM; `announce` is called when it takes calls. Raises OffhookError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(config, announce))


def calm_collector() -> None:
    """Let the cycle collector pass over what lives as long as the process, and look less often.

    What a call leaves behind is freed by reference counts; the collector only finds the rare cycle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def run(config: Config, announce: Callable[[Platform], None]) -> None:
    """The same on a loop that runs already."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with open_platform(config) as platform:
        calm_collector()
        announce(platform)
        if platform.tls is not None:
            loop.add_signal_handler(signal.SIGHUP, _reload, config, platform.tls)
        await stopped.wait()


def _reload(config: Config, tls: Tls) -> None:
    """Read files away from the loop."""
    asyncio.get_running_loop().run_in_executor(None, reload_tls, config, tls, CLOCK.now())
