"""What is checked of each request before anything else (RFC 3261 §8.2), and what limits there are."""

import pytest
from talk import OURS, PHONE, Talk

from offhook.sip.events import ByeAnswered, InviteReceived
from offhook.sip.settings import METHODS, EndpointSettings
from offhook.testing.caller import Fields


@pytest.mark.parametrize("method", ["REGISTER", "SUBSCRIBE", "MESSAGE", "PUBLISH", "BREW"])
def test_a_method_that_we_do_not_know_is_answered_405(method: str) -> None:
    """Allow says what we take (§8.2.1)."""
    talk = Talk()
    talk.phone.invite(send=False)
    talk.phone.request(method)
    assert talk.phone.expect(405).headers.get("Allow") == METHODS
    talk.quiet()


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "BYE"])
def test_an_extension_that_is_required_is_answered_420(method: str) -> None:
    """Unsupported names it (§8.2.2.3)."""
    talk = Talk()
    talk.phone.invite(send=False)
    request = talk.phone.request(method, headers=(("Require", "100rel, Nothing-New, timer"),))
    refused = talk.phone.expect(420)
    assert (refused.headers.get("Unsupported") or "").lower() == "nothing-new"
    if method == "INVITE":
        talk.phone.ack(request, refused)
    talk.quiet()


def test_an_extension_that_is_only_supported_is_no_matter() -> None:
    """Supported is an offer."""
    talk = Talk()
    up = talk.up_from_phone(headers=(("Supported", "100rel, timer, replaces"),))
    talk.hang_up(up.session)


def test_a_cancel_with_require_is_taken() -> None:
    """§8.2.2.3: Require is not for CANCEL and ACK."""
    talk = Talk()
    offered = talk.offered()
    cancel = talk.phone._twin(offered.invite, "CANCEL")
    cancel.headers.add("Require", "nothing-new")
    talk.phone.send(cancel)
    talk.phone.expect(200)
    talk.phone.ack(offered.invite, talk.phone.expect(487))
    talk.ours.events.clear()
    talk.quiet()


def test_an_invite_that_has_come_too_far_is_answered_483() -> None:
    """Max-Forwards 0 (§16.3): what we make of a call is passed on."""
    talk = Talk()
    invite = talk.phone.invite(headers=(("Max-Forwards", "0"),))
    talk.phone.ack(invite, talk.phone.expect(483))
    talk.quiet()


def test_options_with_max_forwards_0_is_answered() -> None:
    """§11: it has arrived."""
    talk = Talk()
    talk.phone.invite(send=False)
    talk.phone.request("OPTIONS", headers=(("Max-Forwards", "0"),))
    answered = talk.phone.expect(200)
    assert answered.headers.get("Accept") == "application/sdp"
    talk.quiet()


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE"])
def test_a_request_of_a_call_outside_of_any_is_answered_481(method: str) -> None:
    """§12.2.2, §15.1.2."""
    talk = Talk()
    talk.phone.invite(send=False)
    talk.phone.request(method)
    talk.phone.expect(481)
    talk.phone.request(method, headers=(("To", f"<sip:offhook@{OURS}>;tag=gone"),))
    talk.phone.expect(481)
    talk.quiet()


def test_a_body_that_we_cannot_read_is_answered_415() -> None:
    """Accept says what we can (§8.2.3)."""
    talk = Talk()
    invite = talk.phone.invite(headers=(("Content-Type", "text/plain"),), body=b"hello")
    refused = talk.phone.expect(415)
    assert refused.headers.get("Accept") == "application/sdp"
    talk.phone.ack(invite, refused)
    talk.quiet()


def test_an_invite_without_offer_is_taken() -> None:
    """The offer is ours then (§13.2.1)."""
    talk = Talk()
    invite = talk.phone.invite(body=b"")
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    talk.reject(session, 488)
    talk.phone.ack(invite, talk.phone.expect(488))
    talk.quiet()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ((("Contact", "<sip:phone@192.0.2.9>, nonsense <"),), 400),
        ((("CSeq", "1 OPTIONS"),), 400),
        ((("Max-Forwards", "many"),), 400),
        ((("Content-Type", "nonsense"),), 400),
        ((("Via", "SIP/2.0/UDP"),), 0),
    ],
)
def test_a_malformed_invite_is_answered_400_or_dropped(headers: Fields, code: int) -> None:
    """Without a readable Via there is nobody to answer."""
    talk = Talk()
    talk.phone.invite(headers=headers)
    if code:
        assert talk.phone.expect(code).to_tag
    else:
        talk.phone.expect_nothing(1.0)
    talk.quiet()


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\x00" * 4, b"hello", b"\xff" * 200, b"INVITE\r\n\r\n", b"SIP/2.0\r\n\r\n"]
)
def test_a_datagram_that_is_no_message_is_dropped(data: bytes) -> None:
    """Keep-alives and noise are not answered."""
    talk = Talk()
    talk.phone.send(data)
    talk.phone.expect_nothing(1.0)
    talk.quiet()


def test_more_sessions_than_the_limit_are_answered_503() -> None:
    """With Retry-After; a session that ends makes room."""
    talk = Talk(EndpointSettings(edge="small", sent_by={}, max_sessions=2))
    calls = [talk.up_from_phone() for _ in range(2)]
    invite = talk.phone.invite()
    refused = talk.phone.expect(503)
    assert refused.headers.get("Retry-After")
    talk.phone.ack(invite, refused)
    talk.phone.expect_nothing(1.0)
    talk.bye(calls[0].session)
    talk.phone.answer(talk.phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    assert talk.offered().session


def test_more_transactions_than_the_limit_are_answered_503_and_not_held() -> None:
    """A flood makes us keep no more than the limit."""
    talk = Talk(EndpointSettings(edge="small", sent_by={}, max_transactions=5))
    for _ in range(5):
        talk.phone.invite(send=False)
        talk.phone.request("OPTIONS")
        talk.phone.expect(200)
    for _ in range(20):
        talk.phone.invite(send=False)
        talk.phone.request("OPTIONS")
        assert talk.phone.expect(503).headers.get("Retry-After")
    assert talk.ours.endpoint.transaction_count == 5
    talk.quiet()


def test_calls_that_are_up_can_be_ended_when_the_limit_is_reached() -> None:
    """A BYE makes room, so it is always taken."""
    talk = Talk(EndpointSettings(edge="small", sent_by={}, max_transactions=3))
    talk.up_from_phone()
    bye = talk.phone.request("BYE", send=False)
    call_id, local, remote = talk.phone.call_id, talk.phone.local, talk.phone.remote
    talk.phone.invite(send=False)
    for _ in range(4):
        talk.phone.request("OPTIONS", headers=(("To", f"<sip:offhook@{OURS}>"),))
    talk.wire.run(0.1)
    talk.phone.inbox.clear()
    talk.phone.call_id, talk.phone.local, talk.phone.remote = call_id, local, remote
    talk.phone.send(bye)
    talk.phone.expect(200)
    talk.ours.events.clear()
    talk.quiet()


def test_responses_go_back_to_where_the_request_came_from() -> None:
    """They follow rport and received (RFC 3581), also for a phone behind address translation."""
    talk = Talk()
    via = "SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKnat;rport"
    invite = talk.phone.invite(headers=(("Via", via),))
    trying = talk.phone.expect(100)
    assert trying.via.received == PHONE
    assert trying.via.rport == 5060
    talk.reject(talk.ours.expect(InviteReceived).session, 486)
    talk.phone.ack(invite, talk.phone.expect(486))
    talk.quiet()


def test_without_rport_responses_go_to_the_port_of_the_via() -> None:
    """§18.2.2."""
    talk = Talk()
    talk.phone.invite(headers=(("Via", f"SIP/2.0/UDP {PHONE}:5088;branch=z9hG4bKold"),))
    talk.wire.run(0.1)
    assert [sent.target for sent in talk.wire.sent if sent.start_line.startswith("SIP/2.0 100")] == [(PHONE, 5088)]


def test_an_ipv6_phone_calls() -> None:
    """Vias, Contacts and Request-URIs with brackets; hosts without (RFC 5118)."""
    talk = Talk(host="2001:db8::1", phone="2001:db8::9")
    up = talk.up_from_phone()
    answer = next(sent.data for sent in talk.wire.sent if sent.start_line.startswith("SIP/2.0 200"))
    assert b"Contact: <sip:[2001:db8::1]:5060>" in answer
    talk.bye(up.session)
    bye = talk.phone.expect_request("BYE")
    assert bye.text_uri == "sip:phone@[2001:db8::9]:5060"
    assert (bye.via.host, bye.via.port) == ("2001:db8::1", 5060)
    talk.phone.answer(bye, 200)
    talk.ours.events.clear()
    talk.wire.settle()


def test_an_rfc_2543_phone_without_branches_calls() -> None:
    """§17.2.3: told apart by Request-URI, tags, Call-ID and CSeq."""
    talk = Talk()
    plain = (("Via", f"SIP/2.0/UDP {PHONE}"),)
    invite = talk.phone.invite(headers=plain)
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    talk.phone.send(invite)
    talk.phone.expect(100)
    talk.reject(session, 486)
    talk.phone.ack(invite, talk.phone.expect(486))
    talk.phone.expect_nothing(3.0)
    talk.quiet()
