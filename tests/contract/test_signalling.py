"""What every calls.ports.Signalling does: SIP over loopback and the fake in virtual time, one by one."""

from collections.abc import Awaitable, Callable

import pytest
from signalling_rigs import EDGE, Rig, Scenario, run_on

from offhook.calls.errors import UnknownEdge
from offhook.calls.events import (
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    OfferAnswered,
    OfferReceived,
    ProvisionalReceived,
    RedirectReceived,
    ReferAnswered,
    ReferProgressed,
    ReferReceived,
    RefusalCause,
    SessionId,
)
from offhook.calls.ports import InviteOrder

RunOn = Callable[[Scenario], None]
Begin = Callable[[Rig], Awaitable[SessionId]]
DESK = "sip:desk@192.0.2.9"


@pytest.fixture(params=["sip", "fake"])
def on_signalling(request: pytest.FixtureRequest) -> RunOn:
    """Runs a scenario on one of the two."""
    return lambda scenario: run_on(request.param, scenario)


async def placed(rig: Rig, user: str = "answers") -> SessionId:
    """A session that we made and the peer answered."""
    session = rig.invite(user)
    assert (await rig.next(InviteAnswered)).session == session
    await rig.until_seen(session, "ACK")
    return session


async def taken(rig: Rig) -> SessionId:
    """A session that the peer made and we answered."""
    rig.peer.call()
    invite = await rig.next(InviteReceived)
    assert invite.offer is not None
    rig.signalling.accept(invite.session, rig.sdp().make_answer(invite.offer))
    await rig.next(AckReceived)
    return invite.session


def test_an_unknown_edge_is_refused(on_signalling: RunOn) -> None:
    """An INVITE can only leave from an edge of the configuration."""

    async def scenario(rig: Rig) -> None:
        order = InviteOrder(edge="atlantis", target=DESK, from_user="a", from_host="b", offer=b"")
        with pytest.raises(UnknownEdge):
            rig.signalling.invite(order)

    on_signalling(scenario)


def test_a_call_that_is_answered_and_hung_up_by_us(on_signalling: RunOn) -> None:
    """180, 200 with SDP, BYE."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("answers")
        rang = await rig.next(ProvisionalReceived)
        assert (rang.session, rang.code, rang.answer) == (session, 180, None)
        answered = await rig.next(InviteAnswered)
        assert (answered.session, answered.code) == (session, 200)
        assert b"m=audio" in (answered.answer or b"")
        rig.signalling.bye(session)
        assert (await rig.next(ByeAnswered)).code == 200
        assert rig.passed == []

    on_signalling(scenario)


def test_a_call_that_the_peer_hangs_up(on_signalling: RunOn) -> None:
    """Its BYE ends the session; our commands to it do nothing any more."""

    async def scenario(rig: Rig) -> None:
        session = await placed(rig)
        rig.peer.hang_up(session)
        assert (await rig.next(ByeReceived)).session == session
        rig.signalling.bye(session)
        rig.signalling.cancel(session)
        rig.signalling.answer_offer(session, b"")
        rig.signalling.refuse_offer(session, 488)
        rig.signalling.accept_refer(session)
        rig.signalling.refuse_refer(session, 603)
        rig.signalling.notify_refer(session, 200, "OK")

    on_signalling(scenario)


def test_a_call_that_is_refused(on_signalling: RunOn) -> None:
    """The final response ends the session."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("busy")
        refused = await rig.next(InviteRefused)
        assert (refused.session, refused.cause, refused.code) == (session, RefusalCause.RESPONSE, 486)

    on_signalling(scenario)


def test_a_call_that_we_give_up(on_signalling: RunOn) -> None:
    """CANCEL ends in 487."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("rings")
        await rig.next(ProvisionalReceived)
        rig.signalling.cancel(session)
        refused = await rig.next(InviteRefused)
        assert (refused.session, refused.cause, refused.code) == (session, RefusalCause.CANCELED, 487)

    on_signalling(scenario)


def test_early_media(on_signalling: RunOn) -> None:
    """A 183 with SDP, then the answer."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("plays")
        early = await rig.next(ProvisionalReceived)
        assert (early.session, early.code) == (session, 183)
        assert b"m=audio" in (early.answer or b"")
        await rig.next(InviteAnswered)

    on_signalling(scenario)


# --- redirections ----------------------------------------------------------------------------------------------------


def test_a_redirection_that_is_followed(on_signalling: RunOn) -> None:
    """The Contacts come best first; the call goes on in the same session."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("elsewhere")
        redirect = await rig.next(RedirectReceived)
        assert (redirect.session, redirect.code) == (session, 302)
        assert redirect.targets == (rig.peer.uri("answers"), rig.peer.uri("busy"))
        rig.signalling.follow_redirect(session, redirect.targets[0])
        assert (await rig.next(InviteAnswered)).session == session
        rig.signalling.bye(session)
        await rig.next(ByeAnswered)

    on_signalling(scenario)


def test_a_redirection_to_somebody_who_refuses(on_signalling: RunOn) -> None:
    """The answer of the last place is the final one."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("elsewhere")
        redirect = await rig.next(RedirectReceived)
        rig.signalling.follow_redirect(session, redirect.targets[1])
        refused = await rig.next(InviteRefused)
        assert (refused.session, refused.cause, refused.code) == (session, RefusalCause.RESPONSE, 486)

    on_signalling(scenario)


def test_a_redirection_that_is_refused(on_signalling: RunOn) -> None:
    """The 3xx is the final response then."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("elsewhere")
        await rig.next(RedirectReceived)
        rig.signalling.refuse_redirect(session)
        refused = await rig.next(InviteRefused)
        assert (refused.session, refused.cause, refused.code) == (session, RefusalCause.RESPONSE, 302)

    on_signalling(scenario)


def test_a_call_that_is_given_up_over_a_redirection(on_signalling: RunOn) -> None:
    """Nobody is called any more."""

    async def scenario(rig: Rig) -> None:
        session = rig.invite("elsewhere")
        await rig.next(RedirectReceived)
        rig.signalling.cancel(session)
        assert (await rig.next(InviteRefused)).cause is RefusalCause.CANCELED

    on_signalling(scenario)


# --- calls that come in ----------------------------------------------------------------------------------------------


def test_a_call_in_that_is_answered_and_hung_up(on_signalling: RunOn) -> None:
    """180, 200, ACK, BYE."""

    async def scenario(rig: Rig) -> None:
        rig.peer.call()
        invite = await rig.next(InviteReceived)
        assert (invite.edge, invite.replaces) == (EDGE, None)
        assert invite.request_uri.startswith("sip:+15550001@")
        rig.signalling.ring(invite.session)
        rig.signalling.accept(invite.session, rig.sdp().make_answer(invite.offer or b""))
        assert (await rig.next(AckReceived)).session == invite.session
        rig.peer.hang_up(invite.session)
        assert (await rig.next(ByeReceived)).session == invite.session
        assert rig.peer.saw(invite.session, "180")

    on_signalling(scenario)


def test_early_media_to_a_caller(on_signalling: RunOn) -> None:
    """183 with SDP, and the same SDP in the 200."""

    async def scenario(rig: Rig) -> None:
        rig.peer.call()
        invite = await rig.next(InviteReceived)
        answer = rig.sdp().make_answer(invite.offer or b"")
        rig.signalling.ring(invite.session, 180)
        rig.signalling.ring(invite.session, 183, answer)
        await rig.until_seen(invite.session, "183")
        rig.signalling.accept(invite.session, answer)
        await rig.next(AckReceived)

    on_signalling(scenario)


def test_a_call_in_that_is_refused(on_signalling: RunOn) -> None:
    """No event follows a refusal of ours."""

    async def scenario(rig: Rig) -> None:
        rig.peer.call()
        invite = await rig.next(InviteReceived)
        rig.signalling.reject(invite.session, 404)
        await rig.until_seen(invite.session, "404")
        rig.signalling.reject(invite.session, 486)
        assert rig.events.empty()

    on_signalling(scenario)


def test_a_caller_who_gives_up(on_signalling: RunOn) -> None:
    """CANCEL ends the session."""

    async def scenario(rig: Rig) -> None:
        rig.peer.call()
        invite = await rig.next(InviteReceived)
        rig.signalling.ring(invite.session)
        await rig.until_seen(invite.session, "180")
        rig.peer.cancel(invite.session)
        assert (await rig.next(CancelReceived)).session == invite.session

    on_signalling(scenario)


# --- within a call ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begin", [placed, taken])
def test_a_peer_that_holds_the_call(on_signalling: RunOn, begin: Begin) -> None:
    """Its offer waits for our answer, whoever made the call."""

    async def scenario(rig: Rig) -> None:
        session = await begin(rig)
        rig.peer.hold(session)
        reoffer = await rig.next(OfferReceived)
        assert reoffer.session == session
        assert b"a=sendonly" in (reoffer.offer or b"")
        rig.signalling.answer_offer(session, rig.sdp().make_answer(reoffer.offer or b""))
        await rig.until_seen(session, "INVITE 200")
        rig.signalling.bye(session)
        await rig.next(ByeAnswered)

    on_signalling(scenario)


def test_an_offer_of_the_peer_that_is_refused(on_signalling: RunOn) -> None:
    """The call goes on as it was."""

    async def scenario(rig: Rig) -> None:
        session = await taken(rig)
        rig.peer.hold(session)
        await rig.next(OfferReceived)
        rig.signalling.refuse_offer(session, 488)
        await rig.until_seen(session, "INVITE 488")
        rig.signalling.bye(session)
        assert (await rig.next(ByeAnswered)).code == 200

    on_signalling(scenario)


def test_an_offer_of_ours(on_signalling: RunOn) -> None:
    """A re-INVITE, which the peer answers."""

    async def scenario(rig: Rig) -> None:
        session = await placed(rig)
        rig.signalling.offer(session, rig.sdp().make_offer())
        answered = await rig.next(OfferAnswered)
        assert (answered.session, answered.code) == (session, 200)
        assert b"m=audio" in (answered.answer or b"")

    on_signalling(scenario)


def test_a_refer_of_ours_that_is_taken(on_signalling: RunOn) -> None:
    """202, then one event for each NOTIFY, the last one final."""

    async def scenario(rig: Rig) -> None:
        session = await placed(rig, "takes")
        rig.signalling.refer(session, DESK)
        answered = await rig.next(ReferAnswered)
        assert (answered.session, answered.code) == (session, 202)
        news = [await rig.next(ReferProgressed) for _ in range(3)]
        assert [(told.code, told.is_final) for told in news] == [(100, False), (180, False), (200, True)]
        assert rig.passed[1:] == []

    on_signalling(scenario)


def test_a_refer_before_the_ack_is_not_sent(on_signalling: RunOn) -> None:
    """The dialog is not confirmed yet: 408, as when nobody answers."""

    async def scenario(rig: Rig) -> None:
        rig.peer.call()
        invite = await rig.next(InviteReceived)
        rig.signalling.accept(invite.session, rig.sdp().make_answer(invite.offer or b""))
        rig.signalling.refer(invite.session, DESK)
        assert (await rig.next(ReferAnswered)).code == 408

    on_signalling(scenario)


def test_a_refer_of_ours_that_is_declined(on_signalling: RunOn) -> None:
    """The refusal is all there is."""

    async def scenario(rig: Rig) -> None:
        session = await placed(rig, "declines")
        rig.signalling.refer(session, DESK)
        assert (await rig.next(ReferAnswered)).code == 603
        assert rig.events.empty()

    on_signalling(scenario)


@pytest.mark.parametrize("begin", [placed, taken])
def test_a_refer_of_the_peer_that_is_accepted(on_signalling: RunOn, begin: Begin) -> None:
    """202 and NOTIFYs, before the BYE that lets it go."""

    async def scenario(rig: Rig) -> None:
        session = await begin(rig)
        rig.peer.refer(session, f"{DESK}?X-A=b")
        asked = await rig.next(ReferReceived)
        assert (asked.session, asked.target, asked.replaces) == (session, f"{DESK}?X-A=b", None)
        rig.signalling.accept_refer(session)
        rig.signalling.notify_refer(session, 200, "OK")
        rig.signalling.bye(session)
        await rig.next(ByeAnswered)
        for what in ("REFER 202", "NOTIFY 100", "NOTIFY 200", "BYE"):
            assert rig.peer.saw(session, what), what

    on_signalling(scenario)


def test_a_refer_of_the_peer_that_is_refused(on_signalling: RunOn) -> None:
    """The call goes on."""

    async def scenario(rig: Rig) -> None:
        session = await taken(rig)
        rig.peer.refer(session, DESK)
        await rig.next(ReferReceived)
        rig.signalling.refuse_refer(session, 603)
        await rig.until_seen(session, "REFER 603")
        rig.signalling.notify_refer(session, 200, "OK")
        assert not rig.peer.saw(session, "NOTIFY 200")
        rig.signalling.bye(session)
        await rig.next(ByeAnswered)

    on_signalling(scenario)


@pytest.mark.parametrize("begin", [placed, taken])
def test_an_invite_with_replaces_names_a_session(on_signalling: RunOn, begin: Begin) -> None:
    """The new session is answered, the old one hung up; both are known apart."""

    async def scenario(rig: Rig) -> None:
        session = await begin(rig)
        rig.peer.call(replaces=session)
        invite = await rig.next(InviteReceived)
        assert (invite.replaces, invite.session != session) == (session, True)
        rig.signalling.accept(invite.session, rig.sdp().make_answer(invite.offer or b""))
        rig.signalling.bye(session)
        assert (await rig.next(ByeAnswered)).session == session
        rig.signalling.bye(invite.session)
        assert (await rig.next(ByeAnswered)).session == invite.session

    on_signalling(scenario)
