"""Two things that claim to be calls.ports.Signalling, each with a peer that can be told what to do."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from offhook.calls.events import (
    InviteReceived,
    OfferReceived,
    ReferReceived,
    SessionId,
    SignallingEvent,
)
from offhook.calls.ports import InviteOrder, Signalling
from offhook.media.negotiation import Negotiation
from offhook.net.clock import SystemClock
from offhook.net.edge import SipEdge
from offhook.net.sip_service import SipService
from offhook.net.tokens import SystemTokens
from offhook.testing.clock import run
from offhook.testing.records import MemoryTimeline
from offhook.testing.signalling import FakeSignalling, Script

EDGE, PEERS_EDGE = "ashburn", "dublin"
OUR_HOST, PEERS_HOST = "127.0.0.1", "127.0.0.2"
PATIENCE = 3.0

Event = TypeVar("Event", bound=SignallingEvent)


class Peer(Protocol):
    """Who is at the other end. Its users answer, are busy, ring, play early media, are elsewhere, take or decline."""

    def uri(self, user: str) -> str:
        """Where one of its users is called."""

    def call(self, *, replaces: SessionId | None = None) -> None:
        """Send an INVITE."""

    def cancel(self, session: SessionId) -> None:
        """Give up the INVITE that made this session of ours."""

    def hang_up(self, session: SessionId) -> None:
        """Send BYE."""

    def refer(self, session: SessionId, target: str) -> None:
        """Send REFER."""

    def hold(self, session: SessionId) -> None:
        """Send a re-INVITE that says sendonly."""

    def saw(self, session: SessionId, what: str) -> bool:
        """Whether this came to it: 486, ACK, BYE, NOTIFY 200, or with its method a response of ours: REFER 202."""


@dataclass(slots=True)
class Rig:
    """Signalling under test, its peer, and what it has told so far."""

    signalling: Signalling
    peer: Peer
    call_ids: dict[SessionId, str] = field(default_factory=dict)
    events: "asyncio.Queue[SignallingEvent]" = field(default_factory=asyncio.Queue)
    passed: list[SignallingEvent] = field(default_factory=list)

    def hear(self, event: SignallingEvent) -> None:
        """Take an event."""
        if isinstance(event, InviteReceived):
            self.call_ids[event.session] = event.call_id
        self.events.put_nowait(event)

    def sdp(self) -> Negotiation:
        """Our side of some media."""
        return Negotiation(address=OUR_HOST, port=4000, session_id=1)

    def invite(self, user: str) -> SessionId:
        """Call one of the peer's users."""
        placed = self.signalling.invite(
            InviteOrder(
                edge=EDGE,
                target=self.peer.uri(user),
                from_user="ann",
                from_host=OUR_HOST,
                offer=self.sdp().make_offer(),
            )
        )
        self.call_ids[placed.session] = placed.call_id
        return placed.session

    async def next(self, kind: type[Event]) -> Event:
        """Wait for the next event of a kind; others are kept in `passed`."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(event := await self.events.get(), kind):
                self.passed.append(event)
        return event

    async def until_seen(self, session: SessionId, what: str) -> None:
        """Wait until something has come to the peer."""
        async with asyncio.timeout(PATIENCE):
            while not self.peer.saw(session, what):  # noqa: ASYNC110 - what a peer has seen is not told to us
                await asyncio.sleep(0.01)


class RealPeer:
    """A second SipService over loopback; `ours` finds the Call-ID of a session of the rig."""

    def __init__(self, ours: Callable[[SessionId], str], our_port: int) -> None:
        self._ours = ours
        self._our_port = our_port
        self._sessions: dict[str, SessionId] = {}
        self._users: dict[SessionId, str] = {}
        self._timeline = MemoryTimeline()
        self.contacts = (("busy", "0.2"), ("answers", "0.9"))
        self.line = SipService(
            {PEERS_EDGE: SipEdge(name=PEERS_EDGE, host=PEERS_HOST, port=0)},
            self._timeline,
            SystemClock(),
            SystemTokens(),
            self._take,
        )

    def uri(self, user: str) -> str:
        """Where one of its users is called."""
        return f"sip:{user}@{PEERS_HOST}:{self.line.port(PEERS_EDGE)}"

    def newest(self, user: str) -> SessionId:
        """Its own session with the newest call to one of its users."""
        return max(session for session, name in self._users.items() if name == user)

    def call(self, *, replaces: SessionId | None = None) -> None:
        """Send an INVITE."""
        self.call_for("" if replaces is None else self._ours(replaces))

    def call_for(self, replaced: str = "") -> None:
        """Send an INVITE, to take the place of the call with this Call-ID when there is one."""
        headers = (("Replaces", self.dialog(replaced)),) if replaced else ()
        order = InviteOrder(
            edge=PEERS_EDGE,
            target=f"sip:+15550001@{OUR_HOST}:{self._our_port}",
            from_user="bob",
            from_host=PEERS_HOST,
            headers=headers,
            offer=self._sdp().make_offer(),
        )
        placed = self.line.invite(order)
        self._sessions[placed.call_id] = placed.session
        self._users[placed.session] = "bob"

    def cancel(self, session: SessionId) -> None:
        """Give up an INVITE."""
        self.line.cancel(self._own(session))

    def hang_up(self, session: SessionId) -> None:
        """Send BYE."""
        self.line.bye(self._own(session))

    def refer(self, session: SessionId, target: str) -> None:
        """Send REFER."""
        self.line.refer(self._own(session), target)

    def hold(self, session: SessionId) -> None:
        """Send a re-INVITE that says sendonly."""
        self.offer(self._own(session), "sendonly")

    def offer(self, own: SessionId, direction: str) -> None:
        """Send a re-INVITE with this direction in a session of its own."""
        self.line.offer(own, self._sdp().make_offer().replace(b"sendrecv", direction.encode()))

    def saw(self, session: SessionId, what: str) -> bool:
        """Whether its messages of this call hold such a one."""
        return self.heard(self._ours(session), what)

    def heard(self, call_id: str, what: str) -> bool:
        """Likewise, by Call-ID."""
        method, _, code = what.rpartition(" ")
        return any(self._is(text, method, code) for text in self._received(call_id))

    def descriptions(self, call_id: str) -> list[str]:
        """The SDP of all responses of this call that came to it, in order."""
        bodies = (text.partition("\r\n\r\n")[2] for text in self._received(call_id) if text.startswith("SIP/2.0"))
        return [body for body in bodies if body.startswith("v=0")]

    def _received(self, call_id: str) -> list[str]:
        entries = (entry.detail for entry in self._timeline.entries if entry.detail["direction"] == "received")
        return [text for detail in entries if call_id in (text := str(detail["text"]))]

    @staticmethod
    def _is(text: str, method: str, code: str) -> bool:
        if method == "NOTIFY":
            return text.startswith("NOTIFY") and f"SIP/2.0 {code}" in text
        if method:
            return text.startswith(f"SIP/2.0 {code}") and f" {method}\r\n" in text
        return text.startswith((f"SIP/2.0 {code}", f"{code} "))

    def _take(self, event: SignallingEvent) -> None:
        line, session = self.line, event.session
        match event:
            case InviteReceived():
                self._sessions[event.call_id] = session
                self._users[session] = user = event.request_uri.removeprefix("sip:").partition("@")[0]
                self._act(user, session, event.offer or b"")
            case OfferReceived():
                line.answer_offer(session, self._sdp().make_answer(event.offer or b""))
            case ReferReceived() if self._users.get(session) == "declines":
                line.refuse_refer(session, 603)
            case ReferReceived():
                line.accept_refer(session)
                line.notify_refer(session, 180, "Ringing")
                line.notify_refer(session, 200, "OK")
            case _:
                pass

    def _act(self, user: str, session: SessionId, offer: bytes) -> None:
        if user.startswith("busy"):
            self.line.reject(session, 486)
        elif user == "elsewhere":
            contacts = ", ".join(f"<{self.uri(user)}>;q={q}" for user, q in self.contacts)
            self.line.reject(session, 302, headers=(("Contact", contacts),))
        else:
            answer = self._sdp().make_answer(offer)
            self.line.ring(session, 183 if user == "plays" else 180, answer if user == "plays" else None)
            if user == "plays":
                asyncio.get_running_loop().call_later(0.2, self.line.accept, session, answer)
            elif user != "rings":
                self.line.accept(session, answer)

    def _own(self, session: SessionId) -> SessionId:
        return self._sessions[self._ours(session)]

    def dialog(self, call_id: str) -> str:
        """An answered call as Replaces names it: the tags as whoever receives it has them (RFC 3891 §6.1)."""
        text = next(
            str(entry.detail["text"])
            for entry in self._timeline.entries
            if str(entry.detail["text"]).startswith("SIP/2.0 200") and call_id in str(entry.detail["text"])
        )
        lines = dict(line.split(": ", 1) for line in text.partition("\r\n\r\n")[0].split("\r\n")[1:])
        tags = {name: lines[name].partition(";tag=")[2] for name in ("From", "To")}
        is_caller = call_id.endswith(f"@{PEERS_HOST}")
        mine, theirs = (tags["From"], tags["To"]) if is_caller else (tags["To"], tags["From"])
        return f"{call_id};to-tag={theirs};from-tag={mine}"

    @staticmethod
    def _sdp() -> Negotiation:
        return Negotiation(address=PEERS_HOST, port=5000, session_id=2)


class FakePeer:
    """What a test does to the fake."""

    def __init__(self, fake: FakeSignalling) -> None:
        self._fake = fake
        fake.script(":answers@", Script(answer_after=0.2))
        fake.script(":declines@", Script(answer_after=0.2, refer_answer=603))
        fake.script(":takes@", Script(answer_after=0.2, refer_progress=((0.1, 100), (0.2, 180), (0.3, 200))))
        fake.script(":busy@", Script(ring_after=None, answer_after=0.1, refuse_with=486))
        fake.script(":rings@", Script(answer_after=None))
        fake.script(":plays@", Script(ring_after=None, media_after=0.1, answer_after=0.2))
        contacts = (self.uri("answers"), self.uri("busy"))
        fake.script(":elsewhere@", Script(ring_after=None, answer_after=0.1, refuse_with=302, redirect_to=contacts))

    def uri(self, user: str) -> str:
        """Where one of its users is called."""
        return f"sip:{user}@192.0.2.8"

    def call(self, *, replaces: SessionId | None = None) -> None:
        """Send an INVITE."""
        self._fake.call_in("sip:+15550001@192.0.2.100", edge=EDGE, replaces=replaces)

    def cancel(self, session: SessionId) -> None:
        """Give up an INVITE."""
        self._fake.cancel_in(session)

    def hang_up(self, session: SessionId) -> None:
        """Send BYE."""
        self._fake.hang_up(session)

    def refer(self, session: SessionId, target: str) -> None:
        """Send REFER."""
        self._fake.refer_in(session, target)

    def hold(self, session: SessionId) -> None:
        """Send a re-INVITE that says sendonly."""
        self._fake.reoffer_in(session, "sendonly")

    def saw(self, session: SessionId, what: str) -> bool:
        """Whether the fake's log has it."""
        if what == "ACK":
            return True  # the fake's peers confirm at once
        method, _, code = what.rpartition(" ")
        line = f"{code} to {method}" if method in {"REFER", "INVITE"} else what
        return f"> {line.replace('to INVITE', 'to re-INVITE')} {session}" in self._fake.log


Scenario = Callable[[Rig], Coroutine[object, object, None]]


async def _on_real(scenario: Scenario) -> None:
    rig = Rig(signalling=None, peer=None)  # type: ignore[arg-type]
    ours = SipService(
        {EDGE: SipEdge(name=EDGE, host=OUR_HOST, port=0)}, MemoryTimeline(), SystemClock(), SystemTokens(), rig.hear
    )
    await ours.start()
    peer = RealPeer(lambda session: rig.call_ids[session], ours.port(EDGE))
    await peer.line.start()
    rig.signalling, rig.peer = ours, peer
    try:
        await scenario(rig)
    finally:
        await peer.line.close()
        await ours.close()


async def _on_fake(scenario: Scenario) -> None:
    rig = Rig(signalling=None, peer=None)  # type: ignore[arg-type]
    fake = FakeSignalling([EDGE], rig.hear)
    rig.signalling, rig.peer = fake, FakePeer(fake)
    await scenario(rig)


def run_on(which: str, scenario: Scenario) -> None:
    """Run a scenario on "sip" or on the "fake"."""
    if which == "sip":
        asyncio.run(_on_real(scenario))
    else:
        run(_on_fake(scenario))
