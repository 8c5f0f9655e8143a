"""Virtual time: an event loop whose clock jumps to the next deadline, and a wall clock and tokens that follow it.

Feeds the Clock and Tokens of calls.ports. A five-minute pause takes microseconds, nothing real can be waited for (no
sockets, no threads), and a run is the same each time for one seed. Decision: docs/decisions/0010-virtual-time.md.
"""

import asyncio
import functools
import math
import random
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, ParamSpec, TypeVar

from offhook.base.errors import OffhookError

Result = TypeVar("Result")
Parameters = ParamSpec("Parameters")

TICKS = 1_000_000_000  # the clock counts nanoseconds, so that sums of deadlines do not drift
DEFAULT_LIMIT = 7 * 24 * 3600.0
EPOCH = datetime(2026, 1, 5, 12, tzinfo=UTC)


class VirtualTimeError(OffhookError):
    """Something was done that cannot be in virtual time, or a run did not end as it should."""


class VirtualSelector(selectors.BaseSelector):
    """Waits for nothing: instead of sleeping it moves the clock on."""

    def __init__(self, limit: float) -> None:
        self.ticks = 0
        self.is_sealed = False
        self._limit = limit
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Take the loop's own wake-up pipe, which is never looked at. Raises VirtualTimeError for anything else."""
        if self.is_sealed:
            raise VirtualTimeError(f"{fileobj!r} is real: virtual time has no sockets, pipes or files to wait for")
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        return self._keys.setdefault(fileobj, selectors.SelectorKey(fileobj, number, events, data))

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forget it."""
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Move the clock on by `timeout`. Raises VirtualTimeError when nothing will ever happen, or past the limit."""
        if timeout is None:
            raise VirtualTimeError("everything waits and no deadline is set: this would hang for ever")
        if timeout > 0:
            self.ticks += max(1, round(timeout * TICKS))
        if self.ticks > self._limit * TICKS:
            told = f"the run went past its limit of {self._limit:g} virtual seconds"
            self._limit = math.inf  # what is cancelled now may take its time
            raise VirtualTimeError(told)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """What is registered."""
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop in virtual time; `random` is the run's one source of chance."""

    def __init__(self, seed: int = 0, *, limit: float = DEFAULT_LIMIT) -> None:
        self.clock = VirtualSelector(limit)
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.unhandled: list[dict[str, Any]] = []
        super().__init__(self.clock)
        self.clock.is_sealed = True
        self.set_exception_handler(lambda _loop, context: self.unhandled.append(context))

    def time(self) -> float:
        """Seconds since the run began."""
        return self.clock.ticks / TICKS

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *_args: Any) -> NoReturn:  # type: ignore[override]
        """Refuse: a thread would run in real time."""
        raise VirtualTimeError(f"{func!r} wants a thread: virtual time has none")


def run(main: Coroutine[Any, Any, Result], seed: int | None = None, *, limit: float = DEFAULT_LIMIT) -> Result:
    """Run `main` in virtual time to its end; a failure carries the seed as a note.

    Without a seed one is drawn from `random`, which pytest-randomly seeds and prints. Raises VirtualTimeError when
    tasks are left running or when a callback or task failed unseen.
    """
    chosen = random.getrandbits(32) if seed is None else seed
    try:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(chosen, limit=limit)) as runner:
            loop = runner.get_loop()
            result = runner.run(main)
            _check_leftover(loop)
        _check_unhandled(loop)
    except BaseException as error:
        error.add_note(f"virtual time seed: {chosen}")
        raise
    return result


def _check_leftover(loop: asyncio.AbstractEventLoop) -> None:
    leftover = asyncio.all_tasks(loop)
    if leftover:
        raise VirtualTimeError(f"tasks left running: {sorted(map(repr, leftover))}")


def _check_unhandled(loop: asyncio.AbstractEventLoop) -> None:
    unhandled = loop.unhandled if isinstance(loop, VirtualLoop) else []
    for context in unhandled:
        raise VirtualTimeError(f"unseen failure: {context['message']}") from context.get("exception")


def virtual_time(
    test: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Result]:
    """Make an async test an ordinary one that runs in virtual time; fixtures and parameters stay as they are."""

    @functools.wraps(test)
    def in_virtual_time(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return run(test(*args, **kwargs))

    return in_virtual_time


async def advance(seconds: float) -> None:
    """Let this much virtual time pass. Raises VirtualTimeError on any other loop: tests never really wait."""
    if not isinstance(asyncio.get_running_loop(), VirtualLoop):
        raise VirtualTimeError("advance() is for virtual time: mark the test with virtual_time")
    await asyncio.sleep(seconds)


async def settle(turns: int = 50) -> None:
    """Let everything that is ready run, without moving the clock."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def elapsed(what: Awaitable[object]) -> float:
    """Virtual seconds that awaiting something took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await what
    return loop.time() - began


class VirtualClock:
    """Wall-clock time that moves with the running loop's."""

    def __init__(self, epoch: datetime = EPOCH) -> None:
        self._epoch = epoch

    def now(self) -> datetime:
        """The present, aware, UTC."""
        return self._epoch + timedelta(seconds=asyncio.get_running_loop().time())


class SeededTokens:
    """SIDs that are the same in each run of one seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def sid(self, prefix: str) -> str:
        """A new SID."""
        return f"{prefix}{self._random.getrandbits(128):032x}"
