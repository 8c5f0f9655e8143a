"""SIP sessions without SIP: a scripted fake of calls.ports.Signalling, in the loop's time.

Each called target follows a Script; callers are played by call_in(), cancel_in() and hang_up(). Commands that the state
of a session does not allow raise IllegalInput, as from the real adapter.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from offhook.calls.errors import UnknownEdge
from offhook.calls.events import (
    CancelReceived,
    HeaderList,
    InviteReceived,
    OfferAnswered,
    OfferAsked,
    OfferReceived,
    ReferAnswered,
    ReferReceived,
    RefusalCause,
    SessionExpired,
    SessionId,
    SignallingEvent,
)
from offhook.calls.ports import InviteOrder, PlacedInvite
from offhook.sip.authenticator import Checked, Proof
from offhook.sip.digest import Password
from offhook.testing.peer_script import OK, FakeSession, Script, SessionState
from offhook.testing.scripted_peers import REQUEST_TIMEOUT, ROUND_TRIP, ScriptedPeers, refusal

__all__ = ["FakeSession", "FakeSignalling", "Script", "SessionState"]


class FakeSignalling(ScriptedPeers):
    """Sessions on named edges; `log` has one line for each message, `> ` sent by us and `< ` by the peer."""

    def __init__(self, edges: Sequence[str], sink: Callable[[SignallingEvent], None]) -> None:
        super().__init__(sink)
        self._edges = tuple(edges)

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
            self._end(found, refusal(found, RefusalCause.CANCELED, 487, ()))
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

    def verify(self, session: SessionId, realm: str, passwords: Mapping[str, Password]) -> Checked:  # noqa: ARG002
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

    def follow_redirect(self, session: SessionId, target: str, *, needs_public: bool = False) -> None:  # noqa: ARG002
        """Go on to another target, which follows its own script."""
        found = self._in(session, SessionState.REDIRECTED)
        found.state = SessionState.CALLING
        self._call(found, target)

    def refuse_redirect(self, session: SessionId) -> None:
        """End with the 3xx."""
        found = self._in(session, SessionState.REDIRECTED)
        self._end(found, refusal(found, RefusalCause.RESPONSE, found.script.refuse_with or 0, found.script.headers))

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
