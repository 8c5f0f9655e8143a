"""SIP sessions without SIP: a scripted fake of calls.ports.Signalling, in the loop's time.

Each called target follows a Script; callers are played by call_in(), cancel_in() and hang_up(). Commands that the state
of a session does not allow raise IllegalInput, as from the real adapter.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from offhook.base.errors import IllegalInput
from offhook.calls.errors import UnknownEdge
from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    HeaderList,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    OfferAnswered,
    OfferAsked,
    OfferReceived,
    ProvisionalReceived,
    RedirectReceived,
    ReferAnswered,
    ReferProgressed,
    ReferReceived,
    RefusalCause,
    SessionExpired,
    SessionId,
    SignallingEvent,
)
from offhook.calls.ports import InviteOrder, PlacedInvite
from offhook.media.negotiation import Negotiation
from offhook.sip.authenticator import Checked, Proof
from offhook.testing.peer_script import OK, FakeSession, Script, SessionState

__all__ = ["FakeSession", "FakeSignalling", "Script", "SessionState"]

ROUND_TRIP = 0.02
REQUEST_TIMEOUT = 32.0  # timer F


class FakeSignalling:
    """Sessions on named edges; `log` has one line for each message, `> ` sent by us and `< ` by the peer."""

    def __init__(self, edges: Sequence[str], sink: Callable[[SignallingEvent], None]) -> None:
        self._edges = tuple(edges)
        self._sink = sink
        self._scripts: dict[str, Script] = {}
        self.sessions: dict[SessionId, FakeSession] = {}
        self.log: list[str] = []

    # --- what a test does and sees --------------------------------------------------------------------------------

    def script(self, target: str, script: Script) -> None:
        """Say how the peer behaves whose URI contains `target`."""
        self._scripts[target] = script

    def call_in(  # noqa: PLR0913 - what of an INVITE calls look at
        self,
        request_uri: str,
        *,
        headers: HeaderList = (),
        edge: str = "ashburn",
        source_host: str = "192.0.2.7",
        replaces: SessionId | None = None,
        transport: str = "UDP",
        is_secure: bool = False,
    ) -> SessionId:
        """Let a caller's INVITE arrive, with SRTP when `is_secure`; `replaces` is the session whose place it wants."""
        made = self._make(SessionState.CALLED, Script())
        made.said = headers
        self._note("<", "INVITE", made)
        self._sink(
            InviteReceived(
                session=made.session,
                call_id=f"in-{made.session}@192.0.2.7",
                request_uri=request_uri,
                from_uri="sip:+15550002@192.0.2.7",
                from_display="",
                to_uri=request_uri,
                headers=headers,
                offer=made.sdp.make_offer(is_secure=is_secure),
                edge=edge,
                transport=transport,
                source_host=source_host,
                source_port=5060,
                replaces=replaces,
            )
        )
        return made.session

    def cancel_in(self, session: SessionId) -> None:
        """Let the caller give up before our answer."""
        found = self._in(session, SessionState.CALLED)
        self._note("<", "CANCEL", found)
        self._end(found, CancelReceived(session=session, headers=()))

    def hang_up(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Let the peer send BYE; a caller may do so before our answer."""
        found = self._in(session, SessionState.CALLED, SessionState.UP, SessionState.LEAVING)
        self._note("<", "BYE", found)
        self._end(found, ByeReceived(session=session, headers=headers))

    def refer_in(
        self, session: SessionId, target: str, *, headers: HeaderList = (), replaces: SessionId | None = None
    ) -> None:
        """Let the peer send REFER; `replaces` is the session that the Replaces header of its target names."""
        found = self._in(session, SessionState.UP)
        self._note("<", "REFER", found)
        found.awaits_refer = True
        self._sink(
            ReferReceived(session=session, target=target, referred_by="", headers=headers, replaces=replaces),
        )

    def reoffer_in(self, session: SessionId, direction: str = "sendrecv", *, address: str = "") -> None:
        """Let the peer send a re-INVITE with this direction, and this address instead of its own."""
        found = self._in(session, SessionState.UP)
        self._note("<", "re-INVITE", found)
        offer = found.sdp.make_offer().replace(b"a=sendrecv", f"a={direction}".encode())
        if address:
            offer = offer.replace(b"c=IN IP4 192.0.2.8", f"c=IN IP4 {address}".encode())
        self._sink(OfferReceived(session=session, offer=offer))

    def ask_offer(self, session: SessionId) -> None:
        """Let half of the session's interval pass: a re-INVITE has to refresh it."""
        self._in(session, SessionState.UP)
        self._sink(OfferAsked(session=session))

    def expire(self, session: SessionId) -> None:
        """Let the session's timer run out, as when the peer is gone."""
        found = self._in(session, SessionState.UP)
        self._note(">", "BYE", found)
        self._end(found, SessionExpired(session=session))

    def session_to(self, target: str) -> FakeSession:
        """The newest session that was placed or redirected to a URI containing `target`."""
        return next(made for made in reversed(self.sessions.values()) if target in made.target)

    @property
    def open_sessions(self) -> list[FakeSession]:
        """The sessions that are not over."""
        return [made for made in self.sessions.values() if made.state is not SessionState.OVER]

    # --- calls.ports.Signalling -----------------------------------------------------------------------------------

    def invite(self, order: InviteOrder) -> PlacedInvite:
        """Start a session that follows the script of its target. Raises UnknownEdge."""
        if order.edge not in self._edges:
            raise UnknownEdge(f"no edge is called {order.edge!r}")
        made = self._make(SessionState.CALLING, Script())
        made.order = order
        self._call(made, order.target)
        return PlacedInvite(
            session=made.session,
            call_id=f"out-{made.session}@192.0.2.100",
            from_uri=f"sip:{order.from_user}@{order.from_host}",
            to_uri=order.target,
        )

    def cancel(self, session: SessionId, headers: HeaderList = ()) -> None:  # noqa: ARG002 - the port's signature
        """Give up; the peer answers 487, unless its 200 crossed the CANCEL."""
        found = self._in(session, SessionState.CALLING, SessionState.REDIRECTED, SessionState.UP, SessionState.OVER)
        if found.state is SessionState.REDIRECTED:
            self._end(found, _refusal(found, RefusalCause.CANCELED, 487, ()))
        elif found.state is SessionState.CALLING:
            self._note(">", "CANCEL", found)
            self._silence(found)
            self._later(found, ROUND_TRIP, self._confirm_cancel)

    def ring(self, session: SessionId, code: int = 180, answer: bytes | None = None) -> None:
        """Write a provisional response down; its SDP is early media."""
        found = self._in(session, SessionState.CALLED, SessionState.OVER)
        if found.state is SessionState.OVER:
            return
        self._note(">", str(code), found)
        if answer is not None:
            found.early = answer
            found.sdp.accept_answer(answer)

    def accept(self, session: SessionId, answer: bytes, headers: HeaderList = ()) -> None:  # noqa: ARG002
        """Answer the caller, whose ACK follows."""
        found = self._in(session, SessionState.CALLED, SessionState.OVER)
        if found.state is SessionState.OVER:
            return
        self._note(">", "200", found)
        found.state = SessionState.UP
        found.answer = answer
        found.sdp.accept_answer(answer)
        self._later(found, ROUND_TRIP, self._acknowledge)

    def verify(self, session: SessionId, realm: str, passwords: Mapping[str, str]) -> Checked:  # noqa: ARG002
        """Basic credentials, which no SIP has, prove themselves: `Basic user:password` in Proxy-Authorization."""
        found = self._in(session, SessionState.CALLED, SessionState.OVER)
        value = dict(found.said).get("Proxy-Authorization", "")
        username, _, password = value.removeprefix("Basic ").partition(":")
        if not value:
            return Checked(Proof.MISSING)
        is_right = passwords.get(username) == password
        return Checked(Proof.GIVEN if is_right else Proof.WRONG, username)

    def challenge(self, session: SessionId, realm: str, *, is_stale: bool = False) -> None:
        """Refuse the caller with 407."""
        self.reject(session, 407, headers=(("Proxy-Authenticate", f"Basic realm={realm}, stale={is_stale}"),))

    def reject(self, session: SessionId, code: int, reason: str = "", headers: HeaderList = ()) -> None:  # noqa: ARG002
        """Refuse the caller."""
        found = self._in(session, SessionState.CALLED, SessionState.OVER)
        if found.state is SessionState.CALLED:
            self._note(">", str(code), found)
            self._silence(found)
            found.told = headers
            found.state = SessionState.OVER

    def offer(self, session: SessionId, offer: bytes) -> None:
        """Send a re-INVITE, which the peer answers."""
        found = self._within(session)
        if found is not None:
            self._note(">", "re-INVITE", found)
            answer = found.sdp.make_answer(offer)
            self._later(found, ROUND_TRIP, lambda _: self._sink(OfferAnswered(session=session, code=OK, answer=answer)))

    def answer_offer(self, session: SessionId, answer: bytes) -> None:  # noqa: ARG002
        """Write the answer to a re-INVITE down."""
        found = self._within(session)
        if found is not None:
            self._note(">", "200 to re-INVITE", found)

    def refuse_offer(self, session: SessionId, code: int) -> None:
        """Write the refusal of a re-INVITE down."""
        found = self._within(session)
        if found is not None:
            self._note(">", f"{code} to re-INVITE", found)

    def bye(self, session: SessionId, headers: HeaderList = ()) -> None:  # noqa: ARG002
        """Hang up; the peer answers, or the request times out."""
        found = self._in(session, SessionState.UP, SessionState.OVER)
        if found.state is SessionState.OVER:
            return
        self._note(">", "BYE", found)
        self._silence(found)
        found.state = SessionState.LEAVING
        self._later(found, ROUND_TRIP if found.script.answers_bye else REQUEST_TIMEOUT, self._confirm_bye)

    def follow_redirect(self, session: SessionId, target: str) -> None:
        """Go on to another target, which follows its own script."""
        found = self._in(session, SessionState.REDIRECTED)
        found.state = SessionState.CALLING
        self._call(found, target)

    def refuse_redirect(self, session: SessionId) -> None:
        """End with the 3xx."""
        found = self._in(session, SessionState.REDIRECTED)
        self._end(found, _refusal(found, RefusalCause.RESPONSE, found.script.refuse_with or 0, found.script.headers))

    def refer(self, session: SessionId, target: str, headers: HeaderList = ()) -> None:  # noqa: ARG002
        """Send REFER; the peer answers and tells by its script."""
        found = self._within(session)
        if found is None:
            return
        if not found.is_confirmed:
            self._sink(ReferAnswered(session=session, code=408, reason="", headers=()))
            return
        self.log.append(f"> REFER {session} {target}")
        script = found.script
        code = script.refer_answer
        self._later(found, REQUEST_TIMEOUT if code is None else ROUND_TRIP, self._answer_refer)
        if code is None or code >= 300:  # noqa: PLR2004 - not accepted
            return
        for delay, told in script.refer_progress:
            self._later(found, ROUND_TRIP + delay, partial(self._tell_progress, code=told))

    def accept_refer(self, session: SessionId) -> None:
        """Write 202 and the first NOTIFY down."""
        found = self._within(session)
        if found is not None and found.awaits_refer:
            found.awaits_refer, found.is_referring = False, True
            self._note(">", "202 to REFER", found)
            self._note(">", "NOTIFY 100", found)

    def refuse_refer(self, session: SessionId, code: int) -> None:
        """Write the refusal down."""
        found = self._within(session)
        if found is not None and found.awaits_refer:
            found.awaits_refer = False
            self._note(">", f"{code} to REFER", found)

    def notify_refer(self, session: SessionId, code: int, reason: str) -> None:  # noqa: ARG002
        """Write a NOTIFY down; nobody is told who did not ask."""
        found = self._within(session)
        if found is not None and found.is_referring:
            self._note(">", f"NOTIFY {code}", found)
            found.is_referring = code < OK

    # --- what peers do --------------------------------------------------------------------------------------------

    def _call(self, made: FakeSession, target: str) -> None:
        made.target = target
        made.script = script = next((one for part, one in self._scripts.items() if part in target), Script())
        self._note(">", "INVITE", made)
        if script.ring_after is not None:
            self._later(made, script.ring_after, self._ring_back)
        if script.media_after is not None:
            self._later(made, script.media_after, self._play_early)
        if script.answer_after is not None:
            final = self._pick_up if script.refuse_with is None else self._refuse
            self._later(made, script.answer_after, final)

    def _play_early(self, made: FakeSession) -> None:
        self._note("<", "183", made)
        answer = _answer(made)
        self._sink(
            ProvisionalReceived(session=made.session, code=183, reason="Session Progress", headers=(), answer=answer)
        )

    def _ring_back(self, made: FakeSession) -> None:
        self._note("<", "180", made)
        self._sink(ProvisionalReceived(session=made.session, code=180, reason="Ringing", headers=(), answer=None))

    def _pick_up(self, made: FakeSession) -> None:
        self._note("<", "200", made)
        self._silence(made)
        made.state, made.is_confirmed = SessionState.UP, True
        script = made.script
        answer = _answer(made)
        self._sink(
            InviteAnswered(
                session=made.session,
                code=200,
                reason="OK",
                headers=script.headers,
                answer=answer,
                source_host="192.0.2.8",
            )
        )
        if script.talk is not None:
            self._later(made, script.talk, lambda found: self.hang_up(found.session, script.bye_headers))

    def _refuse(self, made: FakeSession) -> None:
        script = made.script
        self._note("<", str(script.refuse_with), made)
        if not script.redirect_to:
            self._end(made, _refusal(made, script.cause, script.refuse_with or 0, script.headers))
            return
        self._silence(made)
        made.state = SessionState.REDIRECTED
        self._sink(
            RedirectReceived(
                session=made.session,
                code=script.refuse_with or 0,
                reason="",
                headers=script.headers,
                targets=script.redirect_to,
            )
        )

    def _answer_refer(self, made: FakeSession) -> None:
        code = made.script.refer_answer or 408
        self._note("<", f"{code} to REFER", made)
        self._sink(ReferAnswered(session=made.session, code=code, reason="", headers=()))

    def _tell_progress(self, made: FakeSession, code: int) -> None:
        self._note("<", f"NOTIFY {code}", made)
        self._sink(ReferProgressed(session=made.session, code=code, reason="", is_final=code >= OK))

    def _confirm_cancel(self, made: FakeSession) -> None:
        self._note("<", "487", made)
        self._end(made, _refusal(made, RefusalCause.CANCELED, 487, ()))

    def _acknowledge(self, made: FakeSession) -> None:
        self._note("<", "ACK", made)
        made.is_confirmed = True
        self._sink(AckReceived(session=made.session, answer=None))

    def _confirm_bye(self, made: FakeSession) -> None:
        code = 200 if made.script.answers_bye else 408
        self._note("<", f"{code} to BYE", made)
        headers = made.script.bye_headers if made.script.answers_bye else ()
        self._end(made, ByeAnswered(session=made.session, code=code, headers=headers))

    # --- inside ---------------------------------------------------------------------------------------------------

    def _make(self, state: SessionState, script: Script) -> FakeSession:
        session = SessionId(len(self.sessions) + 1)
        sdp = Negotiation(address="192.0.2.8", port=20_000 + 2 * session, session_id=session, random_octets=bytes)
        self.sessions[session] = FakeSession(session=session, script=script, sdp=sdp, state=state)
        return self.sessions[session]

    def _in(self, session: SessionId, *states: SessionState) -> FakeSession:
        found = self.sessions.get(session)
        if found is None or found.state not in states:
            state = found.state.value if found else "unknown"
            raise IllegalInput(f"session {session} is {state}")
        return found

    def _within(self, session: SessionId) -> FakeSession | None:
        """A session that is up; None when it has ended and our side does not know it yet."""
        found = self._in(session, SessionState.UP, SessionState.LEAVING, SessionState.OVER)
        return found if found.state is SessionState.UP else None

    def _later(self, made: FakeSession, delay: float, what: Callable[[FakeSession], None]) -> None:
        made.timers.append(asyncio.get_running_loop().call_later(delay, what, made))

    def _silence(self, made: FakeSession) -> None:
        for timer in made.timers:
            timer.cancel()
        made.timers.clear()

    def _end(self, made: FakeSession, event: SignallingEvent) -> None:
        self._silence(made)
        made.state = SessionState.OVER
        self._sink(event)

    def _note(self, arrow: str, what: str, made: FakeSession) -> None:
        self.log.append(f"{arrow} {what} {made.session}")


def _answer(made: FakeSession) -> bytes | None:
    if made.order is None:
        return None
    offer = made.order.offer.replace(b"RTP/SAVP", b"RTP/AVP") if made.script.drops_srtp else made.order.offer
    return made.sdp.make_answer(offer)


def _refusal(made: FakeSession, cause: RefusalCause, code: int, headers: HeaderList) -> InviteRefused:
    return InviteRefused(session=made.session, cause=cause, code=code, reason="", headers=headers)
