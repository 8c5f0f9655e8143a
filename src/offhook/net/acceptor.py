"""Takes connections from a listener, no more than its edge admits, and sees them through their TLS handshakes."""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable

import structlog

from offhook.net.chores import Chores
from offhook.net.connection import Connection, StreamLimits
from offhook.net.sparing_log import SparingLog
from offhook.net.tls import Tls, explain

log = structlog.get_logger(__name__)

# How many connections are taken before other callbacks of the loop get their turn.
BATCH = 32
# How long a process without file descriptors waits before it tries again.
PAUSE = 1.0
SHUTDOWN = 2.0  # seconds for a peer's close_notify


class Acceptor:
    """Owns a bound listener; `make` makes a connection, `objection` says why a host may have none ("" if it may)."""

    def __init__(
        self,
        listener: socket.socket,
        limits: StreamLimits,
        make: Callable[[], Connection],
        objection: Callable[[str], str],
        tls: Tls | None,
    ) -> None:
        self.handshakes: Counter[str] = Counter()
        self._listener = listener
        self._limits = limits
        self._make = make
        self._objection = objection
        self._tls = tls
        self._chores = Chores(limits.handshakes)
        self._loop = asyncio.get_running_loop()
        self._troubles = SparingLog(self._loop.time)
        self._rest: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to accept on the running loop."""
        await self._chores.start()
        self._listener.listen(self._limits.backlog)
        self._loop.add_reader(self._listener.fileno(), self._ready)

    async def close(self) -> None:
        """Stop accepting, and cut those in their handshake; may be called twice."""
        if self._rest is not None:
            self._rest.cancel()
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
        await self._chores.close()

    def _ready(self) -> None:
        for _ in range(BATCH):
            try:
                accepted, source = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # Out of file descriptors: without a pause this would be all that the loop does.
                log.error("connections_not_accepted", reason=str(error))  # noqa: TRY400 - the reason says it all
                self._loop.remove_reader(self._listener.fileno())
                self._rest = self._loop.call_later(PAUSE, self._resume)
                return
            self._admit(accepted, source[0])

    def _resume(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listener.fileno(), self._ready)

    def _admit(self, accepted: socket.socket, host: str) -> None:
        accepted.setblocking(False)  # noqa: FBT003 - positional by nature
        objection = self._objection(host)
        if not objection and self.handshakes[host] >= self._limits.handshakes_per_source:
            objection = "too many handshakes"
        if objection or not self._chores.add(self._welcome(accepted, host)):
            self._troubles.tell("connection_refused", host, reason=objection or "too many handshakes in all")
            accepted.close()

    async def _welcome(self, accepted: socket.socket, host: str) -> None:
        self.handshakes[host] += 1
        context = None if self._tls is None else self._tls.accept_context
        patience, shutdown = (None, None) if context is None else (self._limits.handshake, SHUTDOWN)
        try:
            await self._loop.connect_accepted_socket(
                self._make, accepted, ssl=context, ssl_handshake_timeout=patience, ssl_shutdown_timeout=shutdown
            )
        except (OSError, ssl.SSLError, TimeoutError) as error:
            self._troubles.tell("handshake_failed", host, reason=explain(error))
            accepted.close()
        finally:
            self.handshakes[host] -= 1
            if not self.handshakes[host]:
                del self.handshakes[host]
