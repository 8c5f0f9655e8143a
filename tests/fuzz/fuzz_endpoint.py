"""Fuzz target: a whole endpoint, its user and a hostile peer, all after one script of bytes.

The oracle: receive, receive_stream, answers of addresses and timers raise nothing; commands raise local errors alone;
what is sent can be read; what is held stays bounded; and when everybody has given up, nothing is left.
"""

import itertools
from collections.abc import Callable

from hostile_peer import SDP, US, HostilePeer, Script

from offhook.base.errors import IllegalInput
from offhook.sip.authenticator import Authenticator
from offhook.sip.endpoint import Endpoint
from offhook.sip.errors import LocalSipError, MalformedValue
from offhook.sip.events import NextHopAsked
from offhook.sip.guard import Guard
from offhook.sip.guard_settings import UNGUARDED, GuardSettings
from offhook.sip.hop import Hop, Transport
from offhook.sip.parse import Limits
from offhook.sip.protection import Protection
from offhook.sip.session.messages import OutgoingInvite
from offhook.sip.settings import EndpointSettings

STEPS = 40
SESSIONS, TRANSACTIONS = 6, 24
TARGETS = ("sip:m@192.0.2.9", "sip:m@far.example", "sip:m@192.0.2.9;transport=tcp", "sips:m@192.0.2.9", "tel:+15550100")
SETTINGS = EndpointSettings(
    edge="e",
    sent_by=dict.fromkeys(Transport, (US, 5060)),
    limits=Limits(message=8192, header_lines=128, line=2048),
    max_sessions=SESSIONS,
    max_transactions=TRANSACTIONS,
    max_questions=4,
)
GUARDED = GuardSettings(
    messages=20, messages_burst=30, dialogs=2, dialogs_burst=4, transactions=6, sessions=3, strikes=4
)


def fuzz(data: bytes) -> None:
    """Play the script, then give everything up; raises only when the oracle does not hold."""
    play = Play(data)
    for _ in range(STEPS):
        if play.script.is_over:
            break
        play.step()
    play.end()


class Play:
    """One endpoint and everybody around it."""

    def __init__(self, data: bytes) -> None:
        numbers = itertools.count()
        self.script = Script(data)
        self.peer = HostilePeer(self.script)
        self.guard = Guard(GUARDED if self.script.number() & 1 else UNGUARDED)
        protection = Protection(self.guard, authenticator=Authenticator(b"secret"))
        self.endpoint = Endpoint(SETTINGS, lambda: f"{next(numbers):08x}", protection=protection)
        self.questions: list[int] = []
        self.now = 1000.0
        self.steps: tuple[Callable[[], None], ...] = (
            self.receive_request,
            self.receive_request,
            self.receive_response,
            self.receive_response,
            self.receive_noise,
            self.receive_stream,
            self.wait,
            self.command,
            self.command,
            self.call,
            self.find_hops,
            self.lose_transport,
            self.hear_icmp,
        )

    def step(self) -> None:
        """One thing happens."""
        self.steps[self.script.number() % len(self.steps)]()
        self.drain()
        held = self.endpoint.layer.server_count
        if self.endpoint.session_count > 2 * SESSIONS or held > 2 * TRANSACTIONS:
            raise AssertionError(f"{self.endpoint.session_count} sessions and {held} transactions of peers are held")

    def drain(self) -> None:
        """The pump law."""
        for sent in self.endpoint.transmissions():
            self.peer.hear(sent.data)
        while (event := self.endpoint.next_event()) is not None:
            if isinstance(event, NextHopAsked):
                self.questions.append(event.question)

    # --- what the network does ------------------------------------------------------------------------------------

    def receive_request(self) -> None:
        """A request of the peer."""
        self.endpoint.receive(self.script.spoil(self.peer.request()), self.peer.source(), self.now)

    def receive_response(self) -> None:
        """A response of the peer."""
        response = self.peer.response()
        if response is not None:
            self.endpoint.receive(self.script.spoil(response), self.peer.source(), self.now)

    def receive_noise(self) -> None:
        """Any bytes."""
        self.endpoint.receive(self.script.take(self.script.number()), self.peer.source(), self.now)

    def receive_stream(self) -> None:
        """A request or any bytes on a connection, which is closed when it has to be."""
        number = self.script.number()
        data = self.script.spoil(self.peer.request()) if number & 1 else self.script.take(number)
        source = Hop(Transport.TCP, "192.0.2.9", 5060, 1)
        if not self.endpoint.receive_stream(1, data, source, self.now):
            self.endpoint.connection_closed(1, self.now)

    def wait(self) -> None:
        """Some time passes, at least until the next timer or not."""
        number = self.script.number()
        timer = self.endpoint.next_timer()
        self.now = max(self.now + number / 8, timer if timer is not None and number & 1 else self.now)
        self.endpoint.handle_timer(self.now)

    def find_hops(self) -> None:
        """The oldest question is answered."""
        if self.questions:
            hops = [Hop(Transport.UDP, "192.0.2.9", 5060 + place) for place in range(self.script.number() % 3)]
            self.endpoint.answer_next_hop(self.questions.pop(0), hops, self.now)

    def lose_transport(self) -> None:
        """Something of ours could not be sent."""
        if self.peer.heard:
            heard = self.peer.heard[-1 - self.script.number() % len(self.peer.heard)]
            self.endpoint.transport_failed(self.peer.source(), heard.headers.get("Call-ID") or "", self.now)

    def hear_icmp(self) -> None:
        """The network says that something of ours, or of nobody, did not get there."""
        whole = bytes(self.peer.heard[-1]) if self.peer.heard else b""
        quote = self.script.spoil(whole)[: self.script.number() * 4]
        self.endpoint.unreachable(self.peer.source(), quote, self.now)

    # --- what the user does ---------------------------------------------------------------------------------------

    def call(self) -> None:
        """The user calls."""
        number = self.script.number()
        order = OutgoingInvite(
            target=self.script.pick(TARGETS),
            from_=f"<sip:us@{US}>",
            body=SDP if number & 1 else b"",
            asks_redirects=bool(number & 2),
            username="u" if number & 4 else "",
            password="p" if number & 4 else "",
        )
        if self.endpoint.session_count < SESSIONS:
            self._try(lambda: self.endpoint.invite(order, self.now))

    def command(self) -> None:
        """The user gives a session a command, whether it makes sense or not."""
        number, code = self.script.number(), 100 + self.script.number() * 2
        live = [*self.endpoint._sessions, number]
        session, endpoint, now = live[number % len(live)], self.endpoint, self.now
        commands: tuple[Callable[[], object], ...] = (
            lambda: endpoint.ring(session, 180 + number % 4, SDP if number & 4 else b"", now),
            lambda: endpoint.accept(session, SDP, (), now),
            lambda: endpoint.accept(session, SDP, (), now),
            lambda: endpoint.reject(session, code, "", (), now),
            lambda: endpoint.cancel(session, (), now),
            lambda: endpoint.bye(session, (), now),
            lambda: endpoint.offer(session, SDP, now),
            lambda: endpoint.answer_offer(session, SDP, now),
            lambda: endpoint.refuse_offer(session, 488, now),
            lambda: endpoint.follow_redirect(session, "sip:m@192.0.2.8", now),
            lambda: endpoint.refuse_redirect(session, now),
            lambda: endpoint.refer(session, "sip:m@192.0.2.8", (), now),
            lambda: endpoint.accept_refer(session, now),
            lambda: endpoint.refuse_refer(session, 603, now),
            lambda: endpoint.notify_refer(session, 100 + number, "x", now),
            lambda: endpoint.challenge(session, "r", now, is_stale=bool(number & 1)),
            lambda: endpoint.verify(session, "r", {"u": "p"}.get, now),
        )
        self._try(commands[self.script.number() % len(commands)])

    def _try(self, give: Callable[[], object]) -> None:
        try:
            give()
        except (IllegalInput, LocalSipError, MalformedValue):
            return  # a command that does not fit the moment raises

    # --- the end --------------------------------------------------------------------------------------------------

    def end(self) -> None:
        """Everybody gives up: the peer is silent, and the user ends every session."""
        for _ in range(4):
            for session in list(self.endpoint._sessions):
                self._try(lambda session=session: self.endpoint.refuse_redirect(session, self.now))  # type: ignore[misc]  # lambda
                self._try(lambda session=session: self.endpoint.reject(session, 480, "", (), self.now))  # type: ignore[misc]
                self._try(lambda session=session: self.endpoint.cancel(session, (), self.now))  # type: ignore[misc]
                self._try(lambda session=session: self.endpoint.bye(session, (), self.now))  # type: ignore[misc]
            self.rest()
        self.endpoint.connection_closed(1, self.now)
        if self.guard._held or self.guard._strangers:
            raise AssertionError(f"the guard still counts {self.guard._held} and {self.guard._strangers}")
        left = (self.endpoint.session_count, self.endpoint.transaction_count, self.endpoint.next_timer())
        if left != (0, 0, None):
            states = [session.state for session in self.endpoint._sessions.values()]
            raise AssertionError(f"sessions, transactions and timer {left} are left in {states}")

    def rest(self) -> None:
        """Time passes until no timer is left."""
        for _ in range(2000):
            self.drain()
            while self.questions:
                self.endpoint.answer_next_hop(self.questions.pop(), [], self.now)
            self.drain()
            timer = self.endpoint.next_timer()
            if timer is None or timer > self.now + 10_000:
                return
            self.now = max(self.now, timer)
            self.endpoint.handle_timer(self.now)
        raise AssertionError("the timers never end")
