"""What scripted peers do: they ring, answer, refuse, are referred and hang up, in the loop's time."""

import asyncio
from collections.abc import Callable

from offhook.base.errors import IllegalInput
from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    HeaderList,
    InviteAnswered,
    InviteRefused,
    ProvisionalReceived,
    RedirectReceived,
    ReferAnswered,
    ReferProgressed,
    RefusalCause,
    SessionId,
    SignallingEvent,
)
from offhook.media.negotiation import Negotiation
from offhook.testing.peer_script import OK, FakeSession, Script, SessionState

ROUND_TRIP = 0.02
REQUEST_TIMEOUT = 32.0  # timer F


class ScriptedPeers:
    """Sessions with peers that follow their scripts; `log` has one line for each message, `> ` by us, `< ` by them."""

    def __init__(self, sink: Callable[[SignallingEvent], None]) -> None:
        self._sink = sink
        self._scripts: dict[str, Script] = {}
        self.sessions: dict[SessionId, FakeSession] = {}
        self.log: list[str] = []

    # --- what a test does -----------------------------------------------------------------------------------------

    def hang_up(self, session: SessionId, headers: HeaderList = ()) -> None:
        """Let the peer send BYE; a caller may do so before our answer."""
        found = self._in(session, SessionState.CALLED, SessionState.UP, SessionState.LEAVING)
        self._note("<", "BYE", found)
        self._end(found, ByeReceived(session=session, headers=headers))

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
            self._end(made, refusal(made, script.cause, script.refuse_with or 0, script.headers))
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
        self._end(made, refusal(made, RefusalCause.CANCELED, 487, ()))

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


def refusal(made: FakeSession, cause: RefusalCause, code: int, headers: HeaderList) -> InviteRefused:
    """The end of a session that came to nothing."""
    return InviteRefused(session=made.session, cause=cause, code=code, reason="", headers=headers)
