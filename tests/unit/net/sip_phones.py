"""Services with a queue for their events, to call one another over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeVar

from offhook.calls.events import AttemptFailed, SignallingEvent
from offhook.calls.ports import InviteOrder, SipCredentials
from offhook.model.sids import CallSid
from offhook.model.timeline import TimelineEntry
from offhook.net.clock import SystemClock
from offhook.net.dns import Resolver
from offhook.net.edge import SipEdge
from offhook.net.sip_service import SipService
from offhook.net.tokens import SystemTokens

Told = TypeVar("Told")

OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
ANSWER = OFFER.replace(b"o=- 1", b"o=- 2")


class Entries:
    """A timeline that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def record(self, entry: TimelineEntry) -> None:
        """Keep."""
        self.entries.append(entry)

    def link(self, call_id: str, call_sid: CallSid) -> None:
        """Not asked here."""
        raise AssertionError((call_id, call_sid))

    def lines(self, direction: str) -> list[str]:
        """The first words of each message of a direction."""
        return [
            " ".join(entry.detail["start_line"].replace("SIP/2.0 ", "").split()[:1])
            for entry in self.entries
            if entry.detail["direction"] == direction
        ]

    def texts(self, direction: str) -> list[str]:
        """Each message of a direction."""
        return [entry.detail["text"] for entry in self.entries if entry.detail["direction"] == direction]


@dataclass
class Phone:
    """A service with a queue for its events."""

    service: SipService
    timeline: Entries
    events: "asyncio.Queue[SignallingEvent]" = field(default_factory=asyncio.Queue)

    async def next(self, kind: type[Told]) -> Told:
        """The next event, which must be of this kind; failed attempts before it are passed over."""
        event = await self.events.get()
        while isinstance(event, AttemptFailed) and kind is not AttemptFailed:
            event = await self.events.get()
        assert isinstance(event, kind), event
        return event

    def uri(self, transport: str = "udp", host: str = "127.0.0.1") -> str:
        """Where this phone is called."""
        service = self.service
        port = service.secure_port("ashburn") if transport == "tls" else service.port("ashburn")
        return f"sip:bob@{host}:{port};transport={transport}"


MakePhone = Callable[..., Awaitable[Phone]]


def phone_maker(stack: AsyncExitStack) -> MakePhone:
    """Starts services on free ports, to be closed with the stack."""

    async def make(
        *edges: SipEdge, sink: Callable[[SignallingEvent], None] | None = None, resolver: Resolver | None = None
    ) -> Phone:
        chosen = edges or (SipEdge(name="ashburn", host="127.0.0.1", port=0),)
        timeline = Entries()
        queue: asyncio.Queue[SignallingEvent] = asyncio.Queue()
        service = SipService(
            {edge.name: edge for edge in chosen},
            timeline,
            SystemClock(),
            SystemTokens(),
            sink or queue.put_nowait,
            resolver=resolver,
        )
        await service.start()
        stack.push_async_callback(service.close)
        return Phone(service, timeline, queue)

    return make


def order(target: str, edge: str = "ashburn", credentials: SipCredentials | None = None) -> InviteOrder:
    """An INVITE from Ann."""
    return InviteOrder(
        edge=edge,
        target=target,
        from_user="+15550100",
        from_host="sip.localhost",
        from_display='Ann "the boss"',
        headers=(("X-Colour", "blue"), ("x-Twice", "1"), ("x-Twice", "2")),
        offer=OFFER,
        credentials=credentials,
    )
