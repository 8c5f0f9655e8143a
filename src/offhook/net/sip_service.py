"""calls.ports.Signalling over the SIP endpoints of all edges: orders become INVITEs, SIP events those of calls."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import structlog

from offhook.base.errors import OffhookError
from offhook.calls.errors import UnknownEdge
from offhook.calls.events import HeaderList, SessionId, SignallingEvent
from offhook.calls.ports import Clock, InviteOrder, PlacedInvite, Timeline
from offhook.net.chores import Chores
from offhook.net.dns import Resolver
from offhook.net.edge import BoundEdge, EdgeWire, SipEdge, bind_edge
from offhook.net.edge_sessions import EdgeSessions
from offhook.net.loop_watch import LoopWatch
from offhook.net.translation import SessionEvent, translate
from offhook.net.wire_record import WireRecord
from offhook.sip.address import Address
from offhook.sip.authenticator import Checked
from offhook.sip.digest import Password
from offhook.sip.endpoint import Endpoint
from offhook.sip.events import InviteReceived
from offhook.sip.protection import Protection
from offhook.sip.session.establish import OutgoingInvite
from offhook.sip.settings import EndpointSettings
from offhook.sip.trace import TraceEntry
from offhook.sip.uri import SipUri, escape_user, print_host

log = structlog.get_logger(__name__)

INTERNAL_ERROR = 500


class SipService:
    """Signalling for every edge, from start() to close(); `sink` is told what happens, in order, on the loop.

    `tokens` makes branches, tags and Call-IDs. A sink that raises loses its event, and no more.
    """

    def __init__(  # noqa: PLR0913  # what every edge is given
        self,
        edges: Mapping[str, SipEdge],
        timeline: Timeline,
        clock: Clock,
        tokens: Callable[[], str],
        sink: Callable[[SignallingEvent], None],
        *,
        resolver: Resolver | None = None,
        protection: Protection | None = None,
    ) -> None:
        self.protection = protection or Protection()
        self._edges = dict(edges)
        self._timeline = timeline
        self._clock = clock
        self._tokens = tokens
        self._sink = sink
        self._resolver = resolver or Resolver()
        self._chores = Chores()
        self._wires: list[EdgeWire] = []
        self._endpoints: list[Endpoint] = []
        self._places: dict[str, int] = {}
        self._watch = LoopWatch(self.protection.overload, lambda: self.live)

    async def start(self) -> None:
        """Bind every edge and begin to receive. Raises EdgeUnavailable, with nothing left bound."""
        bound: list[BoundEdge] = []
        try:
            bound.extend(bind_edge(edge) for edge in self._edges.values())
        except OffhookError:
            for one in bound:
                one.close()
            raise
        await self._chores.start()
        self._places = {one.edge.name: place for place, one in enumerate(bound)}
        self._wires = [self._wire(one, place) for place, one in enumerate(bound)]
        for wire in self._wires:
            await wire.start()
        self._watch.start()

    async def close(self) -> None:
        """Stop at once: sockets are released and nothing is sent any more; may be called twice."""
        self._watch.close()
        await self._chores.close()
        for wire in self._wires:
            await wire.close()

    def port(self, edge: str) -> int:
        """The port that an edge is bound to, for UDP and TCP. Raises UnknownEdge."""
        return self._wires[self._place(edge)].port

    def secure_port(self, edge: str) -> int:
        """The port that an edge is bound to for TLS, 0 without. Raises UnknownEdge."""
        return self._wires[self._place(edge)].secure_port

    @property
    def live(self) -> tuple[int, int]:
        """How many sessions and transactions all edges hold; both are zero once the last call has faded away."""
        endpoints = [wire.endpoint for wire in self._wires]
        return sum(one.session_count for one in endpoints), sum(one.transaction_count for one in endpoints)

    # --- calls.ports.Signalling -----------------------------------------------------------------------------------

    def invite(self, order: InviteOrder) -> PlacedInvite:
        """Send an INVITE; events follow. Raises UnknownEdge, and SipError for a header that may not be sent."""
        place = self._place(order.edge)
        from_uri = SipUri(user=escape_user(order.from_user), host=order.from_host)
        outgoing = OutgoingInvite(
            target=order.target,
            from_=str(Address(uri=from_uri, display_name=order.from_display)),
            headers=order.headers,
            body=order.offer,
            proxy=order.proxy or self._wires[place].edge.proxy,
            needs_tls=order.is_secure,
            needs_public=order.needs_public,
            max_forwards=order.max_forwards,
            asks_redirects=True,
            username=order.credentials.username if order.credentials else "",
            password=order.credentials.password if order.credentials else "",
        )
        wire = self._wires[place]
        number, call_id = wire.pump.command(wire.endpoint.invite, outgoing, wire.pump.now())
        session = SessionId(number * len(self._wires) + place)
        return PlacedInvite(session=session, call_id=call_id, from_uri=str(from_uri), to_uri=order.target)

    def cancel(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Give up an INVITE without a final response; InviteRefused(CANCELED) or InviteAnswered follows."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.cancel, number, headers, wire.pump.now())

    def ring(self, session: SessionId, code: int = 180, answer: bytes | None = None) -> None:
        """Send a provisional response to a received INVITE."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.ring, number, code, answer or b"", wire.pump.now())

    def accept(self, session: SessionId, answer: bytes, headers: HeaderList = ()) -> None:
        """Answer a received INVITE with 200; AckReceived or AckMissed follows."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.accept, number, answer, headers, wire.pump.now())

    def reject(self, session: SessionId, code: int, reason: str = "", headers: HeaderList = ()) -> None:
        """Refuse a received INVITE with a final response of 300 to 699; the session is over."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.reject, number, code, reason, headers, wire.pump.now())

    def verify(self, session: SessionId, realm: str, passwords: Mapping[str, Password]) -> Checked:
        """What the credentials of a received INVITE prove; it still waits for its answer."""
        wire, number = self._find(session)
        return wire.endpoint.verify(number, realm, passwords.get, wire.pump.now())

    def challenge(self, session: SessionId, realm: str, *, is_stale: bool = False) -> None:
        """Ask a received INVITE's caller for credentials; the session is over."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.challenge, number, realm, wire.pump.now(), is_stale=is_stale)

    def follow_redirect(self, session: SessionId, target: str, *, needs_public: bool = False) -> None:
        """Send the INVITE of a RedirectReceived again, to this SIP URI. Raises SipError when it is none."""
        wire, number = self._find(session)
        now = wire.pump.now()
        wire.pump.command(wire.endpoint.follow_redirect, number, target, now, needs_public=needs_public)

    def refuse_redirect(self, session: SessionId) -> None:
        """Go nowhere; InviteRefused with the 3xx follows."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.refuse_redirect, number, wire.pump.now())

    def offer(self, session: SessionId, offer: bytes) -> None:
        """Send a re-INVITE with this SDP; OfferAnswered follows, or the end of the session."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.offer, number, offer, wire.pump.now())

    def answer_offer(self, session: SessionId, answer: bytes) -> None:
        """Answer an OfferReceived with 200 and this SDP."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.answer_offer, number, answer, wire.pump.now())

    def refuse_offer(self, session: SessionId, code: int) -> None:
        """Refuse an OfferReceived; the session stays as it was."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.refuse_offer, number, code, wire.pump.now())

    def bye(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Hang up a session that is up; ByeAnswered follows."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.bye, number, headers, wire.pump.now())

    def refer(self, session: SessionId, target: str, headers: HeaderList = ()) -> None:
        """Send REFER to this URI; ReferAnswered follows. Raises SipError for a header that may not be sent."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.refer, number, target, headers, wire.pump.now())

    def accept_refer(self, session: SessionId) -> None:
        """Answer a ReferReceived with 202, and its first NOTIFY."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.accept_refer, number, wire.pump.now())

    def refuse_refer(self, session: SessionId, code: int) -> None:
        """Refuse a ReferReceived with a final response of 300 to 699."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.refuse_refer, number, code, wire.pump.now())

    def notify_refer(self, session: SessionId, code: int, reason: str) -> None:
        """Tell the sender of an accepted REFER how its call goes."""
        wire, number = self._find(session)
        wire.pump.command(wire.endpoint.notify_refer, number, code, reason, wire.pump.now())

    # --- within ---------------------------------------------------------------------------------------------------

    def _wire(self, bound: BoundEdge, place: int) -> EdgeWire:
        edge = bound.edge
        record = WireRecord(edge.name, print_host(edge.host, bound.port), self._timeline, self._clock)
        settings = EndpointSettings(
            edge=edge.name,
            sent_by=bound.sent_by,
            user_agent=edge.user_agent,
            timers=edge.timers,
            failover=edge.failover,
            session_expires=edge.session_expires,
            min_se=edge.min_se,
            limits=edge.limits,
            nat=edge.nat,
        )
        trace = partial(_note, edge.name)
        endpoint = Endpoint(settings, self._tokens, trace, protection=self.protection, heard=record.received)
        self._endpoints.append(endpoint)
        deliver = partial(self._deliver, EdgeSessions(edge.name, place, self._endpoints))
        return EdgeWire(bound, endpoint, record, deliver, chores=self._chores, resolver=self._resolver)

    def _place(self, edge: str) -> int:
        place = self._places.get(edge)
        if place is None:
            raise UnknownEdge(f"expected one of {', '.join(self._places)}, got {edge!r:.60}")
        return place

    def _find(self, session: SessionId) -> tuple[EdgeWire, int]:
        """The wire of a session and its number there: numbers of all edges are interleaved, so that each is unique."""
        number, place = divmod(session, len(self._wires))
        return self._wires[place], number

    def _deliver(self, sessions: EdgeSessions, event: SessionEvent) -> None:
        """Tell the sink; when it fails over a new call, its caller is told so."""
        try:
            self._sink(translate(event, sessions))
        except Exception:
            log.exception("event_not_taken", signalling_event=type(event).__name__, edge=sessions.edge)
            if isinstance(event, InviteReceived):
                with suppress(OffhookError):
                    self.reject(sessions.number(event.session), INTERNAL_ERROR)


def _note(edge: str, entry: TraceEntry) -> None:
    log.debug("sip_note", edge=edge, kind=entry.kind, text=entry.text, call_id=entry.call_id)
