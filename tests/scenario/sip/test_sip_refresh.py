"""Session timers in both roles, and with peers that lack them (RFC 4028)."""

import pytest
from talk import ANSWER, Talk

from offhook.sip.events import (
    AckReceived,
    OfferAnswered,
    OfferAsked,
    SessionExpired,
)
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import OFFER, Fields

ABLE: Fields = (("Supported", "timer"), ("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"))
WITHOUT_UPDATE: Fields = (("Supported", "timer"), ("Allow", "INVITE, ACK, BYE, CANCEL"))


def agreed(value: str, *more: tuple[str, str]) -> Fields:
    """The fields of a 200 that agrees to this interval."""
    return (("Session-Expires", value), *more)


def test_an_invite_of_ours_asks_for_an_interval() -> None:
    """§7.1."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    assert "timer" in invite.supported
    assert (invite.headers.get("Session-Expires"), invite.headers.get("Min-SE")) == ("1800", "90")
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_peer_that_lacks_session_timers_is_left_in_peace() -> None:
    """§7.2: without Session-Expires in the 200 nothing is refreshed and nothing expires."""
    talk = Talk()
    session = talk.up_from_us()
    talk.phone.expect_nothing(7200.0)
    talk.hang_up(session)


def test_we_refresh_by_update_at_half_the_interval() -> None:
    """§10; the role is kept by saying it, and each answer begins the interval anew."""
    talk = Talk()
    session = talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uac")))
    for round_ in (1, 2):
        update = talk.phone.expect_request("UPDATE", within=400.0)
        assert round(talk.wire.now) == round_ * 300
        assert update.headers.get("Session-Expires") == "600;refresher=uac"
        assert update.body == b""
        talk.phone.answer(update, 200, headers=agreed("600;refresher=uac"))
        talk.wire.run(0.1)
    talk.hang_up(session)


def test_we_refresh_by_reinvite_where_the_peer_takes_no_update() -> None:
    """§10: the user is asked for the offer, and told its answer."""
    talk = Talk()
    session = talk.up_from_us(headers=(*WITHOUT_UPDATE, *agreed("600;refresher=uac")))
    assert talk.ours.expect(OfferAsked, within=301.0).session == session
    talk.ours.endpoint.offer(session, OFFER, talk.wire.now)
    talk.ours.pump()
    again = talk.phone.expect_request("INVITE")
    assert (again.body, again.headers.get("Session-Expires")) == (OFFER, "600;refresher=uac")
    assert again.to_tag == "phone"
    talk.phone.answer(again, 200, headers=agreed("600;refresher=uac"), body=ANSWER)
    assert talk.ours.expect(OfferAnswered).response.body == ANSWER
    talk.phone.expect_request("ACK")
    assert talk.ours.expect(OfferAsked, within=301.0).session == session
    talk.hang_up(session)


@pytest.mark.parametrize("code", [405, 501])
def test_a_refused_update_is_followed_by_a_reinvite(code: int) -> None:
    """Some say that they take UPDATE and do not."""
    talk = Talk()
    session = talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uac")))
    talk.phone.answer(talk.phone.expect_request("UPDATE", within=301.0), code)
    talk.ours.expect(OfferAsked)
    talk.hang_up(session)


@pytest.mark.parametrize("code", [408, 481])
def test_a_refresh_that_finds_no_dialog_ends_the_session(code: int) -> None:
    """§12.2.1.2 of RFC 3261: BYE, in case somebody is there after all."""
    talk = Talk()
    talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uac")))
    talk.phone.answer(talk.phone.expect_request("UPDATE", within=301.0), code)
    talk.ours.expect(SessionExpired)
    bye = talk.phone.expect_request("BYE")
    assert bye.headers.get("Reason") == 'SIP;cause=408;text="Session expired"'
    talk.phone.answer(bye, 200)
    talk.wire.run(1.0)
    talk.ours.events.clear()
    talk.quiet()


def test_a_refresh_that_nobody_answers_ends_the_session() -> None:
    """Timer F, and the call is over."""
    talk = Talk()
    talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uac")))
    talk.ours.expect(SessionExpired, within=400.0)
    assert round(talk.wire.now) == 332
    talk.wire.settle()
    talk.ours.events.clear()
    talk.quiet()


def test_a_refresh_that_is_refused_for_now_is_tried_again() -> None:
    """491 and 500: soon, and as long as the interval lasts."""
    talk = Talk()
    session = talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uac")))
    talk.phone.answer(talk.phone.expect_request("UPDATE", within=301.0), 491)
    talk.phone.answer(talk.phone.expect_request("UPDATE", within=5.0), 200, headers=agreed("600;refresher=uac"))
    talk.wire.run(1.0)
    talk.hang_up(session)


def test_a_peer_that_should_refresh_and_does_not_is_hung_up() -> None:
    """§10: a third of the interval, 32 s at most, before its end."""
    talk = Talk()
    talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uas")))
    talk.ours.expect(SessionExpired, within=600.0)
    assert round(talk.wire.now) == 568
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.wire.run(1.0)
    talk.ours.events.clear()
    talk.quiet()


def test_a_peer_that_refreshes_keeps_its_call() -> None:
    """§9: the answer agrees, and the interval begins anew."""
    talk = Talk()
    session = talk.up_from_us(headers=(*ABLE, *agreed("600;refresher=uas")))
    talk.wire.run(500.0)
    talk.phone.request("UPDATE", headers=(("Session-Expires", "600;refresher=uac"), ("Supported", "timer")))
    refreshed = talk.phone.expect(200)
    assert refreshed.headers.get("Session-Expires") == "600;refresher=uac"
    assert refreshed.require == ["timer"]
    talk.phone.expect_nothing(500.0)
    talk.hang_up(session)


def test_a_call_refused_as_too_brief_is_made_again_with_what_was_asked_for() -> None:
    """§7.3: 422 with Min-SE."""
    talk = Talk(EndpointSettings(edge="test", sent_by={}, session_expires=600))
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 422, headers=(("Min-SE", "900"),))
    talk.phone.expect_request("ACK")
    again = talk.phone.expect_request("INVITE")
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("900", "900")
    assert (again.call_id, again.cseq.number) == (invite.call_id, 2)
    talk.phone.answer(again, 422, headers=(("Min-SE", "900"),))
    talk.phone.expect_request("ACK")
    assert talk.refused().code == 422


@pytest.mark.parametrize(
    ("headers", "said", "required"),
    [
        ((), None, []),
        ((("Supported", "timer"),), "1800;refresher=uac", ["timer"]),
        ((("Supported", "timer"), ("Session-Expires", "300")), "300;refresher=uac", ["timer"]),
        ((("Supported", "timer"), ("Session-Expires", "300;refresher=uas")), "300;refresher=uas", []),
        ((("Supported", "timer"), ("Session-Expires", "300"), ("Min-SE", "400")), "400;refresher=uac", ["timer"]),
        ((("Session-Expires", "300"),), "300;refresher=uas", []),  # a proxy's wish
        ((("Session-Expires", "10"),), "90;refresher=uas", []),  # which cannot be refused with 422
        ((("Supported", "timer"), ("Session-Expires", "9999")), "1800;refresher=uac", ["timer"]),
        ((("Supported", "timer"), ("Session-Expires", "soon")), "1800;refresher=uac", ["timer"]),
    ],
)
def test_what_we_agree_to_as_callee(headers: Fields, said: str | None, required: list[str]) -> None:
    """§9, table 2."""
    talk = Talk()
    offered = talk.offered(headers)
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    assert (answered.headers.get("Session-Expires"), answered.require) == (said, required)
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.hang_up(offered.session)


def test_a_call_with_too_brief_an_interval_is_refused_with_ours() -> None:
    """§9: 422 with Min-SE."""
    talk = Talk()
    invite = talk.phone.invite(headers=(("Supported", "timer"), ("Session-Expires", "60")))
    refused = talk.phone.expect(422)
    assert refused.headers.get("Min-SE") == "90"
    talk.phone.ack(invite, refused)
    talk.quiet()


def test_a_callee_refreshes_when_that_is_its_part() -> None:
    """refresher=uas is us; the Allow of the INVITE says how."""
    talk = Talk()
    offered = talk.offered((*ABLE, ("Session-Expires", "200;refresher=uas")))
    talk.accept(offered.session)
    talk.phone.ack(offered.invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)
    update = talk.phone.expect_request("UPDATE", within=101.0)
    assert update.headers.get("Session-Expires") == "200;refresher=uac"
    talk.phone.answer(update, 200, headers=agreed("200;refresher=uac"))
    talk.wire.run(1.0)
    talk.hang_up(offered.session)


def test_session_timers_can_be_left_off() -> None:
    """session_expires of 0."""
    talk = Talk(EndpointSettings(edge="test", sent_by={}, session_expires=0))
    offered = talk.offered((("Supported", "timer"), ("Session-Expires", "60")))
    talk.accept(offered.session)
    answered = talk.phone.expect(200)
    assert answered.headers.get("Session-Expires") is None
    talk.phone.ack(offered.invite, answered)
    talk.ours.expect(AckReceived)
    talk.phone.expect_nothing(3600.0)
    talk.hang_up(offered.session)
