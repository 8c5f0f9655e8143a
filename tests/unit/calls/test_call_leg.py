"""CallLeg: one INVITE session and one media port in step."""

import asyncio
from typing import Any, cast

import pytest

from offhook.base.errors import IllegalInput
from offhook.calls.errors import CallError, LegEnded, OfferRefused
from offhook.calls.events import (
    AckMissed,
    AckReceived,
    ByeAnswered,
    ByeReceived,
    CancelReceived,
    DigitPressed,
    InfoReceived,
    InviteAnswered,
    InviteReceived,
    InviteRefused,
    MediaEvent,
    OfferReceived,
    PlaybackFinished,
    PlaybackId,
    PortId,
    ProvisionalReceived,
    RefusalCause,
    SessionId,
)
from offhook.calls.leg import CallLeg
from offhook.calls.leg_table import TABLE, LegEnding, LegInput, LegState
from offhook.calls.ports import InviteOrder, PlacedInvite, PortStatistics, Sound
from offhook.calls.world import CallSettings, World

SESSION = SessionId(7)
PORT = PortId(3)
ORDER = InviteOrder(edge="dublin", target="sip:jack@example.com", from_user="alice", from_host="here", offer=b"")


class Recorder:
    """Stands for signalling, media plane and observer: writes down what it is asked and told."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.refuses_answer = False

    def __getattr__(self, name: str) -> Any:
        def note(*args: Any, **_more: Any) -> Any:
            self.asked.append((name, *args))
            return self.result(name)

        return note

    def result(self, name: str) -> Any:
        """What a command returns."""
        if name == "accept_answer" and self.refuses_answer:
            raise OfferRefused("no codec in common")
        results = {
            "open": PORT,
            "make_offer": b"offer",
            "make_answer": b"answer",
            "direction": "sendrecv",
            "close": PortStatistics(),
            "play": PlaybackId(1),
            "invite": PlacedInvite(session=SESSION, call_id="c@h", from_uri="sip:a@h", to_uri="sip:b@h"),
        }
        return results.get(name)

    def names(self) -> list[str]:
        """The names of everything asked, in order."""
        return [entry[0] for entry in self.asked]

    def leg_saw_media(self, event: MediaEvent) -> None:
        """As an observer."""
        self.asked.append(("leg_saw_media", event))

    def leg_met(self, error: CallError) -> None:
        """As an observer."""
        self.asked.append(("leg_met", error.error_code))


def make_leg(recorder: Recorder) -> CallLeg:
    """A leg whose whole world is the recorder."""
    anything = cast("Any", recorder)
    world = World(
        signalling=anything,
        media=anything,
        webhooks=anything,
        speech=anything,
        store=anything,
        timeline=anything,
        clock=anything,
        tokens=anything,
        settings=CallSettings(teardown_limit=0.01),
    )
    return CallLeg(world, anything)


def state_of(leg: CallLeg) -> str:
    """The state's name, so that the checker does not narrow it."""
    return leg.state.name


def received(offer: bytes | None = b"offer") -> InviteReceived:
    """An INVITE from a peer."""
    return InviteReceived(
        session=SESSION,
        call_id="c@h",
        request_uri="sip:4000@here",
        from_uri="sip:bob@there",
        from_display="",
        to_uri="sip:4000@here",
        headers=(),
        offer=offer,
        edge="ashburn",
        transport="udp",
        source_host="127.0.0.9",
        source_port=5060,
    )


def answered(answer: bytes | None = b"sdp") -> InviteAnswered:
    """A 200 to our INVITE."""
    return InviteAnswered(
        session=SESSION, code=200, reason="OK", headers=(("X-A", "1"),), answer=answer, source_host="127.0.0.9"
    )


def refused(code: int = 486, cause: RefusalCause = RefusalCause.RESPONSE) -> InviteRefused:
    """The end of our INVITE."""
    return InviteRefused(session=SESSION, cause=cause, code=code, reason="", headers=(("X-B", "2"),))


def bye() -> ByeReceived:
    """The peer's BYE."""
    return ByeReceived(session=SESSION, headers=(("X-C", "3"),))


@pytest.mark.asyncio
async def test_an_answered_call_goes_up_and_comes_down() -> None:
    """INVITE, 180, 200, BYE of the peer: rang, answered, ended, and neither session nor port is left."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.place(ORDER)
    leg.receive(ProvisionalReceived(session=SESSION, code=180, reason="", headers=(), answer=None))
    leg.receive(answered())
    assert state_of(leg) == "UP"
    leg.receive(bye())
    assert state_of(leg) == "ENDED"
    assert leg.ended.is_set()
    assert leg.ending is not None
    assert leg.ending.by_peer
    assert leg.ending.headers == (("X-C", "3"),)
    assert [name for name in recorder.names() if name.startswith("leg_")] == ["leg_rang", "leg_answered", "leg_ended"]
    assert recorder.names()[-2:] == ["close", "leg_ended"]
    assert not leg.world.legs.by_session
    assert not leg.world.legs.by_port


@pytest.mark.asyncio
async def test_a_refusal_carries_its_code_and_headers() -> None:
    """486 before any answer ends the leg with the headers of the response."""
    leg = make_leg(Recorder())
    leg.place(ORDER)
    leg.receive(refused())
    assert leg.ending is not None
    assert (leg.ending.code, leg.ending.headers, leg.ending.cause) == (486, (("X-B", "2"),), RefusalCause.RESPONSE)


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [None, b"no codec in common"])
async def test_an_answer_that_cannot_be_used_is_acked_and_hung_up(answer: bytes | None) -> None:
    """A 200 without SDP, or with none of our codecs, is answered with BYE, and the error is shown."""
    recorder = Recorder()
    recorder.refuses_answer = answer is not None
    leg = make_leg(recorder)
    leg.place(ORDER)
    leg.receive(answered(answer))
    assert state_of(leg) == "CLOSING"
    assert recorder.names()[-3:] == ["leg_met", "stop", "bye"]
    leg.receive(ByeAnswered(session=SESSION, code=200, headers=()))
    assert state_of(leg) == "ENDED"
    assert "leg_answered" not in recorder.names()


@pytest.mark.asyncio
async def test_hanging_up_a_ringing_leg_cancels_it() -> None:
    """CANCEL goes out; a 200 that crosses it is hung up with BYE."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.place(ORDER)
    leg.hang_up()
    assert recorder.names()[-1] == "cancel"
    leg.receive(answered())
    assert recorder.names()[-1] == "bye"
    assert state_of(leg) == "CLOSING"


@pytest.mark.asyncio
async def test_a_peer_that_never_answers_the_bye_is_given_up() -> None:
    """After the teardown limit the leg ends by itself and the port is free."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.place(ORDER)
    leg.receive(answered())
    leg.hang_up()
    await leg.ended.wait()
    assert "close" in recorder.names()


@pytest.mark.asyncio
async def test_an_inbound_leg_answers_with_what_the_plane_negotiated() -> None:
    """The 200 carries the answer to the INVITE's offer, or our offer when it had none."""
    for offer, sdp in ((b"theirs", b"answer"), (None, b"offer")):
        recorder = Recorder()
        leg = make_leg(recorder)
        leg.offer(received(offer))
        leg.ring()
        leg.answer()
        leg.answer()
        assert recorder.asked[-2:] == [("accept", SESSION, sdp), ("leg_answered",)]


@pytest.mark.asyncio
async def test_an_answer_in_the_ack_is_applied_and_a_bad_one_ends_the_leg() -> None:
    """The SDP of an ACK completes a delayed offer."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.offer(received(None))
    leg.answer()
    leg.receive(AckReceived(session=SESSION, answer=b"sdp"))
    assert ("accept_answer", PORT, b"sdp") in recorder.asked
    recorder.refuses_answer = True
    leg.receive(AckReceived(session=SESSION, answer=b"bad"))
    assert recorder.names()[-1] == "bye"


@pytest.mark.asyncio
async def test_a_caller_who_gives_up_ends_the_leg_and_it_cannot_be_answered() -> None:
    """After a CANCEL there is nothing to answer: LegEnded."""
    leg = make_leg(Recorder())
    leg.offer(received())
    leg.receive(CancelReceived(session=SESSION, headers=()))
    with pytest.raises(LegEnded):
        leg.answer()
    with pytest.raises(IllegalInput):
        leg.reject(486)


@pytest.mark.asyncio
async def test_a_reoffer_is_answered_by_the_plane() -> None:
    """A re-INVITE gets the plane's answer; one that it refuses gets 488 and the leg stays up."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.offer(received())
    leg.answer()
    leg.receive(OfferReceived(session=SESSION, offer=b"hold"))
    assert ("answer_offer", SESSION, b"answer") in recorder.asked
    leg.receive(OfferReceived(session=SESSION, offer=None))
    assert recorder.asked[-1] == ("answer_offer", SESSION, b"offer")
    assert state_of(leg) == "UP"


@pytest.mark.asyncio
async def test_digits_reach_all_who_listen_however_they_came() -> None:
    """RFC 4733 and INFO digits arrive in one queue in order."""
    leg = make_leg(Recorder())
    leg.place(ORDER)
    leg.receive(answered())
    with leg.sound.listening() as digits:
        leg.receive(DigitPressed(port=PORT, digit="5", source="rfc4733", duration=0.1))
        leg.receive(
            InfoReceived(session=SESSION, content_type="application/dtmf-relay", body=b"Signal=#\r\nDuration=90")
        )
        leg.receive(InfoReceived(session=SESSION, content_type="application/dtmf-relay", body=b"Signal=99"))
        leg.receive(InfoReceived(session=SESSION, content_type="application/dtmf; x=y", body=b" a\r\n"))
    leg.receive(DigitPressed(port=PORT, digit="6", source="rfc4733", duration=0.1))
    assert [digits.get_nowait() for _ in range(digits.qsize())] == ["5", "#", "A"]


@pytest.mark.asyncio
async def test_playing_ends_with_the_sound_or_with_the_leg() -> None:
    """play() returns True when the sound has left, False when the leg ended before."""
    leg = make_leg(Recorder())
    leg.place(ORDER)
    leg.receive(answered())
    async with asyncio.TaskGroup() as tasks:
        whole = tasks.create_task(leg.sound.play(Sound(samples=b"")))
        await asyncio.sleep(0)
        leg.receive(PlaybackFinished(port=PORT, playback=PlaybackId(1), stopped=False))
    assert await whole
    async with asyncio.TaskGroup() as tasks:
        cut = tasks.create_task(leg.sound.play(Sound(samples=b"")))
        await asyncio.sleep(0)
        leg.receive(bye())
    assert not await cut
    with pytest.raises(LegEnded):
        await leg.sound.play(Sound(samples=b""))


def test_every_state_is_reachable_and_the_last_one_only_takes_a_hang_up() -> None:
    """The table has no orphan and no way out of ENDED."""
    reachable = {LegState.IDLE}
    while True:
        more = {step.next_state for (state, _), step in TABLE.items() if state in reachable} - reachable
        if not more:
            break
        reachable |= more
    assert reachable == set(LegState)
    assert [input_ for state, input_ in TABLE if state is LegState.ENDED] == [LegInput.HANG_UP]


@pytest.mark.asyncio
async def test_hanging_up_is_allowed_in_every_state() -> None:
    """Nobody who ends a call has to know where its leg stands."""
    assert {state for state, input_ in TABLE if input_ is LegInput.HANG_UP} == set(LegState)


@pytest.mark.asyncio
async def test_an_answer_that_is_never_confirmed_is_told() -> None:
    """32022 (contract 1 §2.6), and the leg is over."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.offer(received())
    leg.answer()
    leg.receive(AckMissed(session=SESSION))
    assert ("leg_met", 32022) in recorder.asked
    assert (state_of(leg), leg.ending) == ("ENDED", LegEnding(by_peer=True, cause=RefusalCause.TIMEOUT, method="BYE"))


@pytest.mark.asyncio
async def test_what_needs_a_leg_that_is_up() -> None:
    """REFER and a takeover raise before and after; answers to the peer's REFER do nothing."""
    recorder = Recorder()
    leg = make_leg(recorder)
    leg.offer(received())
    with pytest.raises(LegEnded):
        leg.refer("sip:a@b")
    with pytest.raises(LegEnded):
        leg.take_over(received())
    asked = len(recorder.asked)
    leg.accept_refer()
    leg.refuse_refer(603)
    leg.notify_refer(200, "OK")
    assert len(recorder.asked) == asked


@pytest.mark.asyncio
async def test_early_media_need_an_offer_and_a_caller_who_waits() -> None:
    """Without SDP in the INVITE, or after the answer, there is no way to open; twice is once."""
    recorder = Recorder()
    late = make_leg(recorder)
    late.offer(received(None))
    assert not late.play_early()
    leg = make_leg(recorder)
    leg.offer(received())
    assert leg.play_early()
    assert leg.play_early()
    assert [asked for asked in recorder.asked if asked[0] == "ring"] == [("ring", SESSION, 183, b"answer")]
    leg.answer()
    assert not leg.play_early()
    assert ("accept", SESSION, b"answer") in recorder.asked
