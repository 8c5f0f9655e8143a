"""The one thread that touches the database: takes jobs from the event loop, commits them in groups.

Whatever waits when a commit ends goes into the next one, so that a busy store pays one fsync for many rows. Reads go
the same way and therefore see everything that was handed over before them. A group in which nobody waits for a write
is committed with synchronous=NORMAL: it survives the death of the process, and the next FULL commit (one that somebody
waits for) makes it survive a power cut.
"""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import structlog

from offhook.base.errors import OffhookError
from offhook.calls.errors import StoreFailed

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Any]

GROUP_LIMIT = 2000  # jobs per transaction: a few tens of milliseconds of work
WAITING_LIMIT = 100_000  # jobs handed over and not yet done, before new ones are refused
RETRY_DELAY = 1.0  # seconds between attempts to write what nobody waits for after the disk refused it
ATTEMPT_LIMIT = 60  # about a minute of a full or locked disk
RETRY_LIMIT = 20_000  # jobs kept for retrying; the oldest go first
# Seconds that a write nobody waits for waits for others: one commit, and one waking of the thread, for all of them.
COMPANY = 0.02
BUSY_TIMEOUT = 5.0  # seconds to wait for another process that holds the database

# These concern one row; every other database error concerns the database, and with it the whole group.
_ROW_ERRORS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)

_log = structlog.get_logger("offhook.store")


class Purpose(Enum):
    """What a job is for, which decides how its group is committed."""

    READ = "read"
    AWAITED = "awaited"  # somebody waits until it is durable
    POSTED = "posted"  # nobody waits
    STOP = "stop"


@dataclass(slots=True, kw_only=True)
class Job:
    """One piece of work on the connection and where its result goes."""

    work: Work
    purpose: Purpose
    future: asyncio.Future[Any] | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job that somebody waits for."""

    future: asyncio.Future[Any]
    result: Any
    error: Exception | None


class Writer:
    """Owns the connection; every method but the private ones is called on the event loop."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], name: str) -> None:
        self._connect = connect
        self._name = name
        self._queue: SimpleQueue[list[Job]] = SimpleQueue()
        self._company: list[Job] = []
        self._departure: asyncio.TimerHandle | None = None
        self._retries: deque[Job] = deque(maxlen=RETRY_LIMIT)
        self._waiting = 0
        self._loop = asyncio.get_running_loop()
        self._is_closed = False
        self._level = ""
        self._thread = threading.Thread(target=self._main, name="offhook-store", daemon=True)

    async def start(self) -> None:
        """Open the database. Raises StoreFailed when that is impossible."""
        opened: asyncio.Future[None] = self._loop.create_future()
        self._opened = opened
        self._thread.start()
        await opened

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work` and return its result once it is on disk. Raises StoreFailed."""
        result: Result = await self._submit(work, Purpose.AWAITED)
        return result

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Run `work`, which sees every write handed over so far. Raises StoreFailed."""
        result: Result = await self._submit(work, Purpose.READ)
        return result

    def post(self, work: Work) -> bool:
        """Hand over a write that nobody waits for; False when the store is closed or too far behind to take it."""
        if self._is_closed or self._waiting >= WAITING_LIMIT:
            return False
        self._waiting += 1
        self._company.append(Job(work=work, purpose=Purpose.POSTED))
        if self._departure is None:
            self._departure = self._loop.call_later(COMPANY, self._hand_over)
        return True

    async def close(self) -> None:
        """Write what was handed over, then close the database; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        stopped: asyncio.Future[None] = self._loop.create_future()
        self._put(Job(work=lambda _: None, purpose=Purpose.STOP, future=stopped))
        await stopped
        self._thread.join()

    async def _submit(self, work: Work, purpose: Purpose) -> Any:
        if self._is_closed:
            raise StoreFailed(f"{self._name} is closed")
        if self._waiting >= WAITING_LIMIT:
            raise StoreFailed(f"{self._name} is {self._waiting} writes behind and takes no more")
        future: asyncio.Future[Any] = self._loop.create_future()
        self._put(Job(work=work, purpose=purpose, future=future))
        return await future

    def _put(self, job: Job) -> None:
        """Somebody waits for this one: it leaves at once, with all that were waiting for company."""
        self._waiting += 1
        self._company.append(job)
        self._hand_over()

    def _hand_over(self) -> None:
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        jobs, self._company = self._company, []
        self._queue.put(jobs)

    def _deliver(self, outcomes: Iterable[Outcome], done: int) -> None:
        self._waiting -= done
        for outcome in outcomes:
            if outcome.future.done():  # its waiter was cancelled
                continue
            if outcome.error is None:
                outcome.future.set_result(outcome.result)
            else:
                outcome.future.set_exception(outcome.error)

    # --- on the thread -------------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            connection = self._connect()
        except (sqlite3.Error, OSError, OffhookError) as error:
            failure = StoreFailed(f"{self._name} cannot be opened: {error}")
            failure.__cause__ = error
            self._hand_back([Outcome(self._opened, None, failure)], 0)
            return
        self._hand_back([Outcome(self._opened, None, None)], 0)
        stop: Job | None = None
        while stop is None:
            jobs = self._collect()
            stop = next((job for job in jobs if job.purpose is Purpose.STOP), None)
            self._run_group(connection, [job for job in jobs if job is not stop])
        if self._retries:
            self._run_group(connection, [])
        connection.close()
        if stop.future is not None:
            self._hand_back([Outcome(stop.future, None, None)], 1)

    def _collect(self) -> list[Job]:
        """Wait for work, then take all of it that is there."""
        try:
            jobs = [*self._queue.get(timeout=RETRY_DELAY if self._retries else None)]
        except Empty:
            return []
        while len(jobs) < GROUP_LIMIT:
            try:
                jobs += self._queue.get_nowait()
            except Empty:
                break
        return jobs

    def _run_group(self, connection: sqlite3.Connection, taken: list[Job]) -> None:
        jobs = [*self._retries, *taken]
        self._retries.clear()
        outcomes = self._commit(connection, jobs)
        if isinstance(outcomes, StoreFailed):
            # A disk that takes no writes can still be read.
            reads = [job for job in jobs if job.purpose is Purpose.READ]
            writes = [job for job in jobs if job.purpose is not Purpose.READ]
            answers = self._commit(connection, reads) if writes else outcomes
            failed = self._fail(writes, outcomes)
            outcomes = failed + (self._fail(reads, answers) if isinstance(answers, StoreFailed) else answers)
        self._hand_back(outcomes, len(taken))

    def _commit(self, connection: sqlite3.Connection, jobs: list[Job]) -> list[Outcome] | StoreFailed:
        outcomes: list[Outcome] = []
        try:
            self._begin(connection, jobs)
            for job in jobs:
                self._attempt(connection, job, outcomes)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever happens, waiters are answered and the thread lives on
            _roll_back(connection)
            return self._failure(error)
        return outcomes

    def _begin(self, connection: sqlite3.Connection, jobs: list[Job]) -> None:
        purposes = {job.purpose for job in jobs}
        level = "FULL" if Purpose.AWAITED in purposes else "NORMAL"
        if level != self._level:
            # It cannot change inside a transaction, and stays until it is set again.
            connection.execute(f"PRAGMA synchronous = {level}")
            self._level = level
        connection.execute("BEGIN" if purposes <= {Purpose.READ} else "BEGIN IMMEDIATE")

    def _attempt(self, connection: sqlite3.Connection, job: Job, outcomes: list[Outcome]) -> None:
        try:
            result = job.work(connection)
        except _ROW_ERRORS as error:
            self._refuse(job, self._failure(error), outcomes)
        except sqlite3.Error:
            raise
        except OffhookError as error:
            self._refuse(job, error, outcomes)
        except Exception as error:  # noqa: BLE001 - one faulty job must not take its neighbours along
            self._refuse(job, self._failure(error), outcomes)
        else:
            if job.future is not None:
                outcomes.append(Outcome(job.future, result, None))

    def _refuse(self, job: Job, error: Exception, outcomes: list[Outcome]) -> None:
        if job.future is None:
            _log.error("a record was not written", store=self._name, reason=str(error))
        else:
            outcomes.append(Outcome(job.future, None, error))

    def _fail(self, jobs: list[Job], failure: StoreFailed) -> list[Outcome]:
        if jobs:
            _log.error("a group of records was not written", records=len(jobs), reason=str(failure))
        for job in jobs:
            job.attempts += 1
            if job.future is None and job.attempts < ATTEMPT_LIMIT:
                self._retries.append(job)
        return [Outcome(job.future, None, failure) for job in jobs if job.future is not None]

    def _failure(self, error: Exception) -> StoreFailed:
        failure = StoreFailed(f"{self._name} refused: {error}")
        failure.__cause__ = error
        return failure

    def _hand_back(self, outcomes: list[Outcome], done: int) -> None:
        try:
            self._loop.call_soon_threadsafe(self._deliver, outcomes, done)
        except RuntimeError:  # the loop is gone, and with it everybody who waited
            _log.warning("the event loop ended before the store was closed", store=self._name)


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        _log.error("rollback failed", reason=str(error))
