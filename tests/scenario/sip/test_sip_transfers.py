"""REFER in both roles, with the NOTIFYs that tell its course (RFC 3515, RFC 4488)."""

import pytest
from talk import Talk

from offhook.sip.errors import IllegalHeader
from offhook.sip.events import ByeAnswered, ReferAnswered, ReferProgressed, ReferReceived
from offhook.sip.message import Request
from offhook.testing.caller import Fields

TO_CAROL: Fields = (("Refer-To", "<sip:carol@192.0.2.77>"),)


def sipfrag(request: Request) -> tuple[str, str, bytes]:
    """Event, Subscription-State and body of a NOTIFY."""
    assert (request.headers.get("Content-Type") or "").startswith("message/sipfrag")
    return request.headers.get("Event") or "", request.headers.get("Subscription-State") or "", request.body


def notify(talk: Talk, body: bytes, state: str = "active;expires=60", event: str = "refer") -> None:
    """The phone tells how its call goes."""
    fields = (("Event", event), ("Subscription-State", state), ("Content-Type", "message/sipfrag;version=2.0"))
    talk.phone.request("NOTIFY", headers=fields, body=body)


def test_a_refer_is_asked_about_accepted_and_told_of() -> None:
    """202, a NOTIFY at once, one for each step, and the last one ends the subscription (RFC 3515 §2.4)."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=TO_CAROL)
    event = talk.ours.expect(ReferReceived)
    assert (event.session, event.request.headers.get("Refer-To")) == (up.session, "<sip:carol@192.0.2.77>")
    talk.ours.endpoint.accept_refer(up.session, talk.wire.now)
    talk.ours.pump()
    talk.phone.expect(202)
    steps = [(100, "Trying"), (180, "Ringing"), (200, "OK")]
    for code, reason in steps:
        if code > 100:
            talk.ours.endpoint.notify_refer(up.session, code, reason, talk.wire.now)
            talk.ours.pump()
        told = talk.phone.expect_request("NOTIFY")
        package, state, body = sipfrag(told)
        assert (package, body) == ("refer", f"SIP/2.0 {code} {reason}\r\n".encode())
        assert state.startswith("terminated" if code >= 200 else "active")
        talk.phone.answer(told, 200)
    talk.ours.endpoint.notify_refer(up.session, 200, "OK", talk.wire.now)
    talk.ours.pump()
    talk.phone.expect_nothing(5.0)
    talk.hang_up(up.session)


def test_a_refer_may_be_refused() -> None:
    """Politely."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=TO_CAROL)
    talk.ours.expect(ReferReceived)
    talk.ours.endpoint.refuse_refer(up.session, 603, talk.wire.now)
    talk.ours.pump()
    talk.phone.expect(603)
    talk.phone.expect_nothing(5.0)
    talk.hang_up(up.session)


def test_a_refer_that_wants_no_news_gets_none() -> None:
    """RFC 4488 §4: Refer-Sub: false."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=(*TO_CAROL, ("Refer-Sub", "false"), ("Require", "norefersub")))
    talk.ours.expect(ReferReceived)
    talk.ours.endpoint.accept_refer(up.session, talk.wire.now)
    talk.ours.endpoint.notify_refer(up.session, 200, "OK", talk.wire.now)
    talk.ours.pump()
    assert talk.phone.expect(202).headers.get("Refer-Sub") == "false"
    talk.phone.expect_nothing(5.0)
    talk.hang_up(up.session)


@pytest.mark.parametrize("targets", [(), (("Refer-To", ""),), (*TO_CAROL, ("Refer-To", "<sip:dave@192.0.2.78>"))])
def test_a_refer_has_one_target(targets: Fields) -> None:
    """RFC 3515 §2.4.1: 400."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=targets)
    talk.phone.expect(400)
    talk.hang_up(up.session)


def test_a_second_refer_waits_for_the_first() -> None:
    """500 with Retry-After, like an offer."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=TO_CAROL)
    talk.ours.expect(ReferReceived)
    talk.phone.request("REFER", headers=TO_CAROL)
    assert talk.phone.expect(500).headers.get("Retry-After")
    talk.ours.endpoint.refuse_refer(up.session, 603, talk.wire.now)
    talk.ours.pump()
    talk.phone.expect(603)
    talk.hang_up(up.session)


def test_a_later_refer_is_told_apart_by_its_number() -> None:
    """RFC 3515 §2.4.6: id is the CSeq of the REFER."""
    talk = Talk()
    up = talk.up_from_phone()
    for expected in ("refer", "refer;id=3"):
        talk.phone.request("REFER", headers=TO_CAROL)
        talk.ours.expect(ReferReceived)
        talk.ours.endpoint.accept_refer(up.session, talk.wire.now)
        talk.ours.pump()
        talk.phone.expect(202)
        told = talk.phone.expect_request("NOTIFY")
        assert told.headers.get("Event") == expected
        talk.phone.answer(told, 200)
        talk.ours.endpoint.notify_refer(up.session, 503, "Service Unavailable", talk.wire.now)
        talk.ours.pump()
        talk.phone.answer(talk.phone.expect_request("NOTIFY"), 200)
        talk.wire.run(1.0)
    talk.hang_up(up.session)


def test_a_referrer_that_is_gone_is_told_no_more() -> None:
    """A NOTIFY that is refused ends the subscription (RFC 6665 §4.2.2); so does the end of the call."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.phone.request("REFER", headers=TO_CAROL)
    talk.ours.expect(ReferReceived)
    talk.ours.endpoint.accept_refer(up.session, talk.wire.now)
    talk.ours.pump()
    talk.phone.expect(202)
    talk.phone.answer(talk.phone.expect_request("NOTIFY"), 481)
    talk.wire.run(1.0)
    talk.ours.endpoint.notify_refer(up.session, 180, "Ringing", talk.wire.now)
    talk.ours.pump()
    talk.phone.expect_nothing(5.0)
    talk.hang_up(up.session)
    talk.ours.endpoint.notify_refer(up.session, 200, "OK", talk.wire.now)
    talk.ours.pump()
    talk.quiet()


def test_a_refer_of_ours_is_answered_and_followed() -> None:
    """Its headers are ours, its course is the peer's to tell."""
    talk = Talk()
    session = talk.up_from_us()
    talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78?X-A=1", (("X-Reason", "busy"),), talk.wire.now)
    talk.ours.pump()
    request = talk.phone.expect_request("REFER")
    assert request.headers.get("Refer-To") == "<sip:dave@192.0.2.78?X-A=1>"
    assert (request.headers.get("Referred-By"), request.headers.get("X-Reason")) == ("<sip:us@192.0.2.1>", "busy")
    talk.phone.answer(request, 202)
    answered = talk.ours.expect(ReferAnswered).response
    assert answered is not None
    assert answered.code == 202
    notify(talk, b"SIP/2.0 100 Trying\r\n")
    talk.phone.expect(200)
    assert talk.ours.expect(ReferProgressed).is_final is False
    notify(talk, b"SIP/2.0 486 Busy Here\r\nX: y\r\n", "terminated;reason=noresource")
    talk.phone.expect(200)
    last = talk.ours.expect(ReferProgressed)
    assert (last.code, last.reason, last.is_final) == (486, "Busy Here", True)
    notify(talk, b"SIP/2.0 200 OK\r\n")
    talk.phone.expect(481)
    talk.hang_up(session)


def test_a_refer_that_is_refused_has_no_course() -> None:
    """405, say."""
    talk = Talk()
    session = talk.up_from_us()
    talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78", (), talk.wire.now)
    talk.ours.pump()
    talk.phone.answer(talk.phone.expect_request("REFER"), 405)
    assert talk.ours.expect(ReferAnswered).response is not None
    notify(talk, b"SIP/2.0 200 OK\r\n")
    talk.phone.expect(481)
    talk.hang_up(session)


def test_a_refer_that_nobody_answers_is_told_as_such() -> None:
    """Timer F."""
    talk = Talk()
    session = talk.up_from_us()
    talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78", (), talk.wire.now)
    talk.ours.pump()
    assert talk.ours.expect(ReferAnswered).response is None
    talk.phone.inbox.clear()
    talk.hang_up(session)


def test_a_notify_before_the_202_counts() -> None:
    """Datagrams overtake one another (RFC 3515 §2.4.4)."""
    talk = Talk()
    session = talk.up_from_us()
    talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78", (), talk.wire.now)
    talk.ours.pump()
    request = talk.phone.expect_request("REFER")
    notify(talk, b"SIP/2.0 100 Trying\r\n")
    talk.phone.expect(200)
    assert talk.ours.expect(ReferProgressed).code == 100
    talk.phone.answer(request, 202)
    talk.ours.expect(ReferAnswered)
    talk.hang_up(session)


def test_a_subscription_that_ends_without_a_word_is_an_end() -> None:
    """487 stands for not known."""
    talk = Talk()
    session = talk.up_from_us()
    talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78", (), talk.wire.now)
    talk.ours.pump()
    talk.phone.answer(talk.phone.expect_request("REFER"), 202)
    talk.ours.expect(ReferAnswered)
    notify(talk, b"", "terminated;reason=timeout")
    talk.phone.expect(200)
    assert talk.ours.expect(ReferProgressed) == ReferProgressed(session, 487, "Request Terminated", is_final=True)
    talk.hang_up(session)


@pytest.mark.parametrize(("event", "code"), [("presence", 489), ("", 489), ("refer", 481)])
def test_news_that_we_did_not_ask_for_is_refused(event: str, code: int) -> None:
    """RFC 6665 §4.1.3; 489 says which packages there are."""
    talk = Talk()
    up = talk.up_from_phone()
    notify(talk, b"SIP/2.0 200 OK\r\n", event=event)
    refused = talk.phone.expect(code)
    assert code != 489 or refused.headers.get("Allow-Events") == "refer"
    talk.hang_up(up.session)


def test_a_header_that_could_break_the_refer_is_our_own_mistake() -> None:
    """Nothing is sent."""
    talk = Talk()
    session = talk.up_from_us()
    with pytest.raises(IllegalHeader):
        talk.ours.endpoint.refer(session, "sip:dave@192.0.2.78", (("X-A", "b\r\nX-C: d"),), talk.wire.now)
    talk.phone.expect_nothing(1.0)
    talk.hang_up(session)


def test_a_refer_while_the_call_goes_down_is_refused() -> None:
    """481."""
    talk = Talk()
    up = talk.up_from_phone()
    talk.bye(up.session)
    bye = talk.phone.expect_request("BYE")
    talk.phone.request("REFER", headers=TO_CAROL)
    talk.phone.expect(481)
    talk.phone.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()
