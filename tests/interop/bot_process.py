"""The bots of tests/interop/peers as processes: pipecat, and Twilio's SDK for Node."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventually import eventually, eventually_true
from free_ports import free_port
from offhook_process import ACCOUNT, TOKEN, Offhook

PEERS = Path(__file__).parent / "peers"
BOTS = Path(__file__).parents[2] / "build" / "bots"
MISSING = "the bots are not installed: run tools/install_bots.sh"


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot, and what it prints."""

    port: int
    log: Path

    @property
    def web(self) -> str:
        """Where its pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream(self) -> str:
        """Where its sockets are."""
        return f"ws://127.0.0.1:{self.port}"

    def output(self) -> str:
        """All that it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def told(self, event: str) -> list[dict[str, Any]]:
        """What the bot of Node says happened."""
        lines = [json.loads(line) for line in self.output().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    async def tells(self, event: str) -> dict[str, Any]:
        """Wait for the first of a kind."""

        async def look() -> dict[str, Any] | None:
            return next(iter(self.told(event)), None)

        found = await eventually(look, f"{event} of the bot")
        assert found
        return found


@asynccontextmanager
async def pipecat_bot(platform: Offhook, folder: Path) -> AsyncIterator[Bot]:
    """Pipecat with its Twilio serializer, unmodified."""
    program = BOTS / "pipecat" / "bin" / "python"
    assert program.exists(), MISSING
    async with _running(platform, folder, str(program), str(PEERS / "pipecat" / "bot.py")) as bot:
        await eventually_true(lambda: "Uvicorn running" in bot.output(), "pipecat to be ready", limit=60)
        yield bot


@asynccontextmanager
async def node_bot(platform: Offhook, folder: Path) -> AsyncIterator[Bot]:
    """Twilio's SDK for Node, and ws."""
    program = shutil.which("node")
    assert program, "node is missing: apt-get install nodejs"
    assert (BOTS / "node" / "node_modules").exists(), MISSING
    async with _running(platform, folder, program, str(PEERS / "node" / "bot.js")) as bot:
        await bot.tells("ready")
        yield bot


@asynccontextmanager
async def _running(platform: Offhook, folder: Path, *command: str) -> AsyncIterator[Bot]:
    await asyncio.to_thread(folder.mkdir)
    bot = Bot(free_port(), folder / "output.log")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "NODE_PATH": str(BOTS / "node" / "node_modules")}
    with bot.log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(bot.port),
            platform.http,
            ACCOUNT,
            TOKEN,
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield bot
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
