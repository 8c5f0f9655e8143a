"""Where requests go: names that are asked for, several hops for one name, routes (RFC 3261 §8.1.2, §12.2, RFC 3263)."""

import pytest
from talk import ANSWER, PHONE, THEIRS, Talk, order

from offhook.sip.events import (
    AckReceived,
    ByeAnswered,
    InviteAnswered,
    InviteRefused,
    ProvisionalReceived,
    RefusalCause,
)
from offhook.sip.hop import Hop, Transport
from offhook.sip.settings import EndpointSettings
from offhook.testing.caller import Caller

NAME = "pbx.example"
TARGET = f"sip:phone@{NAME}"


def hop(host: str, transport: Transport = Transport.UDP) -> Hop:
    """A hop at the usual port."""
    return Hop(transport, host, 5060)


def answer_question(talk: Talk, *hops: Hop) -> None:
    """The look-up has come to an end."""
    asked = talk.ours.questions.pop(0)
    talk.ours.endpoint.answer_next_hop(asked.question, hops, talk.wire.now)
    talk.ours.pump()


@pytest.fixture
def unanswered() -> Talk:
    """A talk in which names are never answered by themselves."""
    talk = Talk()
    talk.wire.names = {NAME: None}
    return talk


def test_a_name_is_asked_for_with_what_the_uri_says(unanswered: Talk) -> None:
    """Host, port and transport as written; None where the URI leaves them open."""
    unanswered.call(order(f"sip:phone@{NAME}:5070;transport=tcp"))
    unanswered.call(order(TARGET))
    asked = [(one.host, one.port, one.transport) for one in unanswered.ours.questions]
    assert asked == [(NAME, 5070, Transport.TCP), (NAME, None, None)]


def test_an_answer_however_late_sends_the_invite(unanswered: Talk) -> None:
    """No timer runs before there is anything to send to."""
    session = unanswered.call(order(TARGET))
    unanswered.phone.expect_nothing(300.0)
    answer_question(unanswered, hop(PHONE))
    unanswered.phone.answer(unanswered.phone.expect_request("INVITE"), 486)
    unanswered.phone.expect_request("ACK")
    assert unanswered.refused().session == session


def test_a_name_without_addresses_refuses_the_call(unanswered: Talk) -> None:
    """The user hears why."""
    unanswered.call(order(TARGET))
    answer_question(unanswered)
    event = unanswered.refused()
    assert (event.cause, event.code) == (RefusalCause.UNRESOLVED, 503)


def test_a_call_given_up_before_its_name_is_answered_is_over_at_once(unanswered: Talk) -> None:
    """Nothing was sent, nothing is waited for, and the late answer does nothing."""
    session = unanswered.call(order(TARGET))
    unanswered.cancel(session)
    event = unanswered.ours.expect(InviteRefused)
    assert (event.cause, unanswered.wire.now) == (RefusalCause.CANCELED, 0.0)
    answer_question(unanswered, hop(PHONE))
    unanswered.phone.expect_nothing(1.0)
    unanswered.quiet()


def test_an_answer_that_comes_twice_sends_once(unanswered: Talk) -> None:
    """A question is asked once and answered once."""
    unanswered.call(order(TARGET))
    asked = unanswered.ours.questions[0]
    for _ in range(2):
        unanswered.ours.endpoint.answer_next_hop(asked.question, [hop(PHONE)], unanswered.wire.now)
        unanswered.ours.pump()
    unanswered.phone.answer(unanswered.phone.expect_request("INVITE"), 486)
    unanswered.phone.expect_request("ACK")
    unanswered.refused()


def test_too_many_open_questions_refuse_further_calls() -> None:
    """What peers or users can make us wait for has a limit."""
    talk = Talk(EndpointSettings(edge="small", sent_by={}, max_questions=2))
    talk.wire.names = {NAME: None}
    for _ in range(3):
        talk.call(order(TARGET))
    assert talk.ours.expect(InviteRefused).cause is RefusalCause.UNRESOLVED
    assert len(talk.ours.questions) == 2


@pytest.mark.parametrize("failure", ["timeout", "transport", "503"])
def test_the_next_hop_is_tried_when_one_fails(failure: str) -> None:
    """RFC 3263 §4.3: no answer, no way to send, or 503; with a new branch and the same dialog."""
    talk = Talk()
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    if failure == "transport":
        talk.wire.unreachable.add((PHONE, 5060))
    session = talk.call(order(TARGET))
    if failure == "503":
        first = talk.phone.expect_request("INVITE")
        talk.phone.answer(first, 503)
        talk.phone.expect_request("ACK")
    invite = second.expect_request("INVITE")
    branches = {sent.data.partition(b"branch=")[2][:20] for sent in talk.wire.sent if b"INVITE sip:" in sent.data}
    assert len(branches) == 2
    assert talk.wire.now == pytest.approx(4.01 if failure == "timeout" else talk.wire.now)
    second.answer(invite, 200, body=ANSWER)
    assert talk.ours.expect(InviteAnswered).session == session
    second.expect_request("ACK")
    talk.bye(session)
    second.answer(second.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_refusal_other_than_503_is_final() -> None:
    """The callee was found and said no."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 500)
    talk.phone.expect_request("ACK")
    assert talk.refused().code == 500
    assert not [sent for sent in talk.wire.sent if sent.target == (THEIRS, 5060)]


def test_when_every_hop_fails_the_last_failure_is_told() -> None:
    """Two hops that do not answer: 4 s for the first, 32 s for the last."""
    talk = Talk()
    talk.wire.names = {NAME: [hop("192.0.2.70"), hop("192.0.2.71")]}
    talk.call(order(TARGET))
    event = talk.ours.expect(InviteRefused, within=100.0)
    assert (event.cause, talk.wire.now) == (RefusalCause.TIMEOUT, 36.0)
    talk.quiet()


def test_a_hop_of_a_transport_that_we_have_not_is_passed_over() -> None:
    """TLS has no socket here."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(PHONE, Transport.TLS), hop(PHONE)]}
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_call_given_up_is_not_tried_elsewhere() -> None:
    """503 after our CANCEL ends it."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    session = talk.call(order(TARGET))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 180)
    talk.ours.expect(ProvisionalReceived)
    talk.cancel(session)
    talk.phone.answer(talk.phone.expect_request("CANCEL"), 200)
    talk.phone.answer(invite, 503)
    talk.phone.expect_request("ACK")
    assert talk.refused().cause is RefusalCause.CANCELED
    assert not [sent for sent in talk.wire.sent if sent.target == (THEIRS, 5060)]


def test_the_contact_of_an_answer_may_be_a_name() -> None:
    """ACK and BYE wait for its address."""
    talk = Talk()
    talk.wire.names = {"desk.example": None}
    session = talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 200, headers=(("Contact", "<sip:desk.example>"),), body=ANSWER)
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_nothing(1.0)
    answer_question(talk, hop(PHONE))
    talk.phone.expect_request("ACK")
    talk.wire.names = {"desk.example": [hop(PHONE)]}
    talk.hang_up(session)


def test_a_contact_that_cannot_be_found_ends_the_call_when_we_hang_up() -> None:
    """No BYE can be sent, and yet the session is over (§15.1.1)."""
    talk = Talk()
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 200, headers=(("Contact", "<sip:nowhere.example>"),), body=ANSWER)
    session = talk.ours.expect(InviteAnswered).session
    talk.bye(session)
    assert talk.ours.expect(ByeAnswered).response is None
    talk.quiet()


# --- routes -----------------------------------------------------------------------------------------------------------

LOOSE = f"<sip:{THEIRS};lr>"
STRICT = f"<sip:{THEIRS};proxy=old>"


def test_a_loose_route_stands_in_route_and_the_target_in_the_request_line() -> None:
    """§12.2.1.1; the route of a UAC is the Record-Route in reverse."""
    talk = Talk()
    proxy = Caller(talk.wire, THEIRS, talk.ours.hop)
    far = "<sip:192.0.2.50;lr>"
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 200, headers=(("Record-Route", f"{far}, {LOOSE}"),), body=ANSWER)
    session = talk.ours.expect(InviteAnswered).session
    ack = proxy.expect_request("ACK")
    assert ack.text_uri == f"sip:phone@{PHONE}:5060"
    assert ack.headers.all("Route") == [LOOSE, far]
    talk.bye(session)
    bye = proxy.expect_request("BYE")
    assert bye.headers.all("Route") == [LOOSE, far]
    proxy.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_strict_route_stands_in_the_request_line_and_the_target_last() -> None:
    """§12.2.1.1, for proxies of RFC 2543: the request goes to the strict router all the same."""
    talk = Talk()
    proxy = Caller(talk.wire, THEIRS, talk.ours.hop)
    far = "<sip:192.0.2.50;lr>"
    talk.call()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 200, headers=(("Record-Route", far), ("Record-Route", STRICT)), body=ANSWER)
    session = talk.ours.expect(InviteAnswered).session
    ack = proxy.expect_request("ACK")
    assert ack.text_uri == STRICT.strip("<>")
    assert ack.headers.all("Route") == [far, f"<sip:phone@{PHONE}:5060>"]
    talk.bye(session)
    proxy.answer(proxy.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_caller_behind_a_proxy_is_reached_through_it() -> None:
    """The route of a UAS is the Record-Route in order (§12.1.1), and our 2xx repeats it."""
    talk = Talk()
    proxy = Caller(talk.wire, THEIRS, talk.ours.hop)
    routes = f"{LOOSE}, <sip:192.0.2.50;lr>"
    invite = talk.phone.invite(headers=(("Record-Route", routes),))
    talk.phone.expect(100)
    session = talk.ours.endpoint.session_count
    talk.accept(session)
    answered = talk.phone.expect(200)
    assert ", ".join(answered.headers.all("Record-Route")) == routes
    talk.phone.ack(invite, answered)
    talk.wire.run(0.1)
    talk.ours.events = [event for event in talk.ours.events if isinstance(event, AckReceived)]
    talk.ours.expect(AckReceived)
    talk.bye(session)
    bye = proxy.expect_request("BYE")
    assert bye.headers.all("Route") == routes.split(", ")
    proxy.answer(bye, 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def test_a_record_route_that_is_no_sip_uri_is_left_out() -> None:
    """It cannot be followed; the call is acknowledged and hung up without it."""
    talk = Talk()
    session = talk.up_from_us(headers=(("Record-Route", "<tel:+15550100>"),))
    talk.hang_up(session)


def test_an_initial_route_of_ours_is_followed() -> None:
    """§8.1.2: an outbound proxy, set as a Route of the order."""
    talk = Talk()
    proxy = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.call(order("sip:phone@elsewhere.example", headers=(("Route", LOOSE),)))
    invite = proxy.expect_request("INVITE")
    assert invite.text_uri == "sip:phone@elsewhere.example"
    proxy.answer(invite, 486)
    proxy.expect_request("ACK")
    talk.refused()
