"""More than one place to go: which is tried when, what is told of it, and what comes too late (RFC 3263 §4.3)."""

from dataclasses import replace

import pytest
from talk import ANSWER, OURS, PHONE, THEIRS, Talk, order

from offhook.sip.avoided import AvoidedHops
from offhook.sip.events import ByeAnswered, InviteAnswered, InviteRefused, RedirectReceived, RefusalCause
from offhook.sip.hop import Hop, Transport
from offhook.sip.message import Request
from offhook.sip.settings import EndpointSettings, Failover
from offhook.testing.caller import Caller

NAME = "pbx.example"
TARGET = f"sip:phone@{NAME}"
DEAD = "192.0.2.70"


def hop(host: str, transport: Transport = Transport.UDP) -> Hop:
    """A hop at the usual port."""
    return Hop(transport, host, 5060, domain=NAME)


def settings(**changes: object) -> EndpointSettings:
    """An endpoint with other rules of failover."""
    return EndpointSettings(edge="test", sent_by={}, failover=replace(Failover(), **changes))  # type: ignore[arg-type]


def hang_up(talk: Talk, phone: Caller, session: int) -> None:
    """We end the call that this phone answered, and nothing is left."""
    talk.bye(session)
    phone.answer(phone.expect_request("BYE"), 200)
    talk.ours.expect(ByeAnswered)
    talk.quiet()


def attempts(talk: Talk) -> list[tuple[str, RefusalCause, int | None]]:
    """What was told of attempts: where, why, and the code of who answered."""
    return [(one.hop.host, one.cause, one.response.code if one.response else None) for one in talk.ours.attempts]


def test_each_attempt_that_fails_is_told_with_its_place_and_cause() -> None:
    """Three targets: one is silent, one is overloaded, one answers."""
    talk = Talk()
    third = Caller(talk.wire, "192.0.2.72", talk.ours.hop)
    talk.wire.names = {NAME: [hop(DEAD), hop(PHONE), hop("192.0.2.72")]}
    session = talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 503)
    talk.phone.expect_request("ACK")
    third.answer(third.expect_request("INVITE"), 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    third.expect_request("ACK")
    assert attempts(talk) == [(DEAD, RefusalCause.TIMEOUT, None), (PHONE, RefusalCause.RESPONSE, 503)]
    hang_up(talk, third, session)


def test_the_ack_of_a_503_goes_out_before_the_next_target_is_tried() -> None:
    """§17.1.1.3: whoever said 503 would otherwise repeat it."""
    talk = Talk()
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 503)
    second.expect_request("INVITE")
    sent = [
        (one.target[0], one.start_line.partition(" ")[0]) for one in talk.wire.sent if one.source == talk.ours.place
    ]
    assert sent == [(PHONE, "INVITE"), (PHONE, "ACK"), (THEIRS, "INVITE")]


@pytest.mark.parametrize(("code", "is_failed"), [(408, True), (500, True), (504, True), (486, False), (404, False)])
def test_which_answers_of_the_last_target_are_failed_attempts(code: int, is_failed: bool) -> None:  # noqa: FBT001
    """5xx and 408: the infrastructure, not the callee, said no."""
    talk = Talk()
    talk.call()
    talk.phone.answer(talk.phone.expect_request("INVITE"), code)
    talk.phone.expect_request("ACK")
    talk.refused()
    assert attempts(talk) == ([(PHONE, RefusalCause.RESPONSE, code)] if is_failed else [])


def test_a_target_that_nobody_answers_at_is_a_failed_attempt_even_alone() -> None:
    """Timer B, and no shorter patience: there is nowhere else to go."""
    talk = Talk()
    talk.call(order(f"sip:phone@{DEAD}"))
    assert talk.ours.expect(InviteRefused).cause is RefusalCause.TIMEOUT
    assert talk.wire.now == pytest.approx(32.0)
    assert attempts(talk) == [(DEAD, RefusalCause.TIMEOUT, None)]
    talk.quiet()


@pytest.mark.parametrize("code", [408, 500])
def test_other_codes_can_be_set_to_lead_on(code: int) -> None:
    """failover_codes."""
    talk = Talk(settings(codes=frozenset({code})))
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    session = talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), code)
    talk.phone.expect_request("ACK")
    second.answer(second.expect_request("INVITE"), 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    second.expect_request("ACK")
    hang_up(talk, second, session)


def test_a_target_that_has_said_100_is_waited_for() -> None:
    """It is there: how long it rings is the caller's decision."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    session = talk.call(order(TARGET))
    invite = talk.phone.expect_request("INVITE")
    talk.phone.answer(invite, 100)
    talk.phone.expect_nothing(60.0)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    assert attempts(talk) == []
    talk.hang_up(session)


def test_patience_can_be_that_of_the_transaction() -> None:
    """0: timer B decides."""
    talk = Talk(settings(patience=0.0))
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(DEAD), hop(THEIRS)]}
    talk.call(order(TARGET))
    second.expect_request("INVITE", within=40.0)
    assert talk.wire.now == pytest.approx(32.01)


def late() -> tuple[Talk, Caller, int]:
    """A call that has been passed on to a second target: the first was silent, and has the INVITE."""
    talk = Talk()
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    session = talk.call(order(TARGET))
    second.expect_request("INVITE")
    return talk, second, session


def test_who_rings_too_late_is_called_off() -> None:
    """CANCEL, as soon as there is something to cancel (§9.1)."""
    talk, second, session = late()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.inbox.clear()
    talk.phone.answer(invite, 180)
    cancel = talk.phone.expect_request("CANCEL")
    assert cancel.via.branch == invite.via.branch
    talk.phone.answer(cancel, 200)
    talk.phone.answer(invite, 487)
    talk.phone.expect_request("ACK")
    assert talk.ours.events == []
    second.answer(second_invite(second), 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    second.expect_request("ACK")
    hang_up(talk, second, session)


def test_who_answers_too_late_is_acknowledged_and_hung_up() -> None:
    """§13.2.2.4: nobody is left with a line that nobody talks on; the call goes on with the other."""
    talk, second, session = late()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.inbox.clear()
    talk.phone.answer(invite, 200, body=ANSWER, tag="late")
    assert talk.phone.expect_request("ACK").to_tag == "late"
    talk.phone.answer(talk.phone.expect_request("BYE"), 200, tag="late")
    assert talk.ours.events == []
    second.answer(second_invite(second), 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    second.expect_request("ACK")
    hang_up(talk, second, session)


def test_who_refuses_too_late_is_not_heard() -> None:
    """The ACK is the transaction's own."""
    talk, second, session = late()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.inbox.clear()
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    assert talk.ours.events == []
    second.answer(second_invite(second), 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    second.expect_request("ACK")
    hang_up(talk, second, session)


def test_who_rings_too_late_and_never_stops_leaves_nothing_behind() -> None:
    """A CANCEL that is not honoured is waited for 64*T1."""
    talk, second, session = late()
    invite = talk.phone.expect_request("INVITE")
    talk.phone.inbox.clear()
    talk.phone.answer(invite, 180)
    talk.phone.answer(talk.phone.expect_request("CANCEL"), 200)
    second.answer(second_invite(second), 486)
    second.expect_request("ACK")
    assert talk.refused().session == session


def second_invite(second: Caller) -> Request:
    """The INVITE that the second target has had, once more: it is repeated until something is said."""
    return second.expect_request("INVITE")


def test_a_canceled_call_is_tried_nowhere_else() -> None:
    """Whatever becomes of the present target."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    session = talk.call(order(TARGET))
    invite = talk.phone.expect_request("INVITE")
    talk.cancel(session)
    talk.phone.answer(invite, 503)
    talk.phone.expect_request("ACK")
    assert talk.refused().cause is RefusalCause.CANCELED
    assert not [one for one in talk.wire.sent if one.target == (THEIRS, 5060)]


def test_a_target_that_failed_is_tried_last_for_a_while() -> None:
    """The next call begins with another one; half a minute later the first has its turn again."""
    talk = Talk()
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 503)
    talk.phone.expect_request("ACK")
    for _ in range(2):
        second.answer(second.expect_request("INVITE"), 486)
        second.expect_request("ACK")
        talk.ours.expect(InviteRefused)
        talk.call(order(TARGET))
    second.answer(second.expect_request("INVITE"), 486)
    second.expect_request("ACK")
    talk.ours.expect(InviteRefused)
    talk.wire.run(31.0)
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_retry_after_keeps_us_away_for_longer() -> None:
    """RFC 3261 §21.5.4."""
    talk = Talk()
    second = Caller(talk.wire, THEIRS, talk.ours.hop)
    talk.wire.names = {NAME: [hop(PHONE), hop(THEIRS)]}
    talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 503, headers=(("Retry-After", "120"),))
    talk.phone.expect_request("ACK")
    for wait in (100.0, 21.0):
        second.answer(second.expect_request("INVITE"), 486)
        second.expect_request("ACK")
        talk.ours.expect(InviteRefused)
        talk.wire.run(wait)
        talk.call(order(TARGET))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_when_every_target_is_to_be_avoided_all_are_tried() -> None:
    """No call fails because others did."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(DEAD), hop(PHONE)]}
    for _ in range(2):
        talk.call(order(TARGET))
        talk.phone.answer(talk.phone.expect_request("INVITE"), 503)
        talk.phone.expect_request("ACK")
        talk.wire.run(40.0)
        talk.ours.events.clear()
    talk.quiet()


def test_the_targets_to_avoid_are_bounded_and_forgiven() -> None:
    """The oldest goes first; who answers is as good as any other."""
    avoided = AvoidedHops(2)
    one, two, three = hop("192.0.2.1"), hop("192.0.2.2"), hop("192.0.2.3")
    for each in (one, two, three):
        avoided.avoid(each, 10.0)
    assert len(avoided) == 2
    assert avoided.last([two, one, three], 0.0) == [one, two, three]
    avoided.forgive(two)
    assert avoided.last([three, two, one], 0.0) == [two, one, three]
    assert avoided.last([three, two, one], 10.0) == [three, two, one]


LARGE = (("X-Long", "x" * 1300),)


def test_a_request_that_is_too_large_for_a_datagram_goes_as_a_stream() -> None:
    """§18.1.1, and its Via and Contact say so."""
    talk = Talk()
    session = talk.call(order(headers=LARGE))
    invite = talk.phone.expect_request("INVITE")
    assert invite.via.transport.upper() == "TCP"
    assert "transport=tcp" in (invite.headers.get("Contact") or "")
    talk.phone.peer = Hop(Transport.TCP, *talk.ours.place)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    talk.phone.expect_request("ACK")
    talk.hang_up(session)


@pytest.mark.parametrize(("target", "limit"), [(f"sip:phone@{PHONE};transport=udp", 1300), (f"sip:phone@{PHONE}", 0)])
def test_who_says_udp_gets_udp(target: str, limit: int) -> None:
    """The URI, or the configuration."""
    talk = Talk(settings(datagram_limit=limit))
    talk.call(order(target, headers=LARGE))
    invite = talk.phone.expect_request("INVITE")
    assert invite.via.transport.upper() == "UDP"
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()


def test_a_peer_without_streams_gets_the_large_datagram_after_all() -> None:
    """§18.1.1: when the connection is refused, UDP is tried; that is no failed attempt."""
    talk = Talk()
    refusing = talk.wire.send

    def send(data: bytes, source: tuple[str, int], hop: Hop) -> bool:
        return False if hop.transport is Transport.TCP else refusing(data, source, hop)

    talk.wire.send = send  # type: ignore[method-assign]
    talk.call(order(headers=LARGE))
    invite = talk.phone.expect_request("INVITE")
    assert invite.via.transport.upper() == "UDP"
    talk.phone.answer(invite, 486)
    talk.phone.expect_request("ACK")
    talk.refused()
    assert attempts(talk) == []


def test_an_outbound_proxy_is_the_first_hop_and_stays_in_the_route() -> None:
    """§8.1.2: a preloaded Route; the Request-URI is the callee's."""
    talk = Talk()
    session = talk.call(replace(order(TARGET), proxy=f"sip:{PHONE};lr"))
    invite = talk.phone.expect_request("INVITE")
    assert (invite.headers.get("Route"), invite.text_uri) == (f"<sip:{PHONE};lr>", TARGET)
    talk.phone.answer(invite, 200, body=ANSWER)
    talk.ours.expect(InviteAnswered)
    assert talk.phone.expect_request("ACK").headers.get("Route") is None
    talk.hang_up(session)


def test_a_failed_attempt_says_why_nobody_was_reached() -> None:
    """What the transport knows is passed on."""
    talk = Talk()
    talk.wire.unreachable.add((DEAD, 5060))
    talk.call(order(f"sip:phone@{DEAD};transport=tcp"))
    talk.refused()
    assert [one.reason for one in talk.ours.attempts] == ["nobody is there"]


@pytest.mark.parametrize("proxy", ["sip:proxy.example;lr", f"sip:{PHONE};lr", f"sip:{PHONE};transport=udp;lr"])
def test_a_secure_call_does_not_go_to_its_proxy_in_the_clear(proxy: str) -> None:
    """RFC 4568 §6.1: its offer holds the key. This edge has no TLS, so nothing leaves at all."""
    talk = Talk()
    talk.wire.names = {"proxy.example": [hop(PHONE)]}
    talk.call(replace(order(TARGET), proxy=proxy, needs_tls=True))
    assert talk.refused().cause is RefusalCause.TRANSPORT
    assert talk.wire.sent == []
    (attempt,) = talk.ours.attempts
    assert attempt.reason in {"this edge has no TLS", "a secure call does not go by UDP"}


def test_a_secure_call_goes_to_its_proxy_by_tls() -> None:
    """Whether or not the proxy's URI says so; the Route does."""
    talk = Talk(EndpointSettings(edge="test", sent_by={Transport.TLS: (OURS, 5061)}))
    session = talk.call(replace(order(TARGET), proxy=f"sip:{PHONE};lr", needs_tls=True))
    (sent,) = talk.wire.sent
    assert (sent.transport, sent.target) == (Transport.TLS, (PHONE, 5061))
    assert f"Route: <sip:{PHONE};lr;transport=tls>".encode() in sent.data
    talk.cancel(session)


@pytest.mark.parametrize("inside", ["10.0.0.7", "127.0.0.1", "169.254.169.254"])
def test_a_name_does_not_lead_a_redirected_call_into_a_private_network(inside: str) -> None:
    """Whoever sent the 3xx also says what its name means."""
    talk = Talk()
    talk.wire.names = {NAME: [hop(inside)]}
    session = talk.call(replace(order(), asks_redirects=True))
    talk.phone.answer(talk.phone.expect_request("INVITE"), 302, headers=(("Contact", f"<{TARGET}>"),))
    talk.phone.expect_request("ACK")
    talk.ours.expect(RedirectReceived)
    talk.ours.endpoint.follow_redirect(session, TARGET, talk.wire.now, needs_public=True)
    talk.ours.pump()
    assert talk.refused().cause is RefusalCause.PRIVATE
    assert [one.reason for one in talk.ours.attempts] == [f"{inside} is a private address"]
    assert not [one for one in talk.wire.sent if one.target[0] == inside]
