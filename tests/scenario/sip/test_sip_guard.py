"""An endpoint behind its guard: what floods, scanners and strangers get, and what calls that are up do not notice."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from talk import OURS, PHONE, Talk

from offhook.sip.endpoint import Endpoint
from offhook.sip.events import AckReceived, ByeReceived, InviteReceived
from offhook.sip.guard import Guard
from offhook.sip.guard_settings import GuardSettings, Refusal, Strike
from offhook.sip.hop import Hop, Transport
from offhook.sip.overload import Load, Overload, OverloadSettings
from offhook.sip.protection import Protection
from offhook.testing.caller import Caller

BAD = "192.0.2.66"
SETTINGS = GuardSettings(
    messages=50, messages_burst=100, dialogs=5, dialogs_burst=10, transactions=20, sessions=3, strangers=40,
    strikes=5, strike_window=60, ban=300, sources=50, bans=50,
)  # fmt: skip
SCANNER = (("User-Agent", "friendly-scanner"),)


def guarded(*trusted: str, **changes: float) -> Talk:
    """A talk whose endpoint has a guard with small numbers."""
    networks = tuple(ip_network(network) for network in trusted)
    return Talk(protection=Protection(guard=Guard(replace(SETTINGS, trusted=networks, **changes))))  # type: ignore[arg-type]


def stranger(talk: Talk, host: str = BAD, transport: Transport = Transport.UDP) -> Caller:
    """One more peer on the wire."""
    return Caller(talk.wire, host, Hop(transport, OURS, 5060))


def test_a_flood_gets_few_answers_and_then_none_and_a_call_goes_on() -> None:
    """Ten thousand INVITEs in ten seconds from one address; the call of another is hung up as ever."""
    talk = guarded()
    session = talk.up_from_phone().session
    bad = stranger(talk)
    for _ in range(10_000):
        bad.invite()
        talk.wire.run(0.001)
    refused = talk.ours.protection.guard.refused
    assert refused[Refusal.BANNED] > 9000
    assert len(talk.ours.events) < 50
    assert talk.ours.endpoint.transaction_count < 50
    talk.ours.events.clear()
    talk.phone.request("BYE")
    assert talk.ours.expect(ByeReceived).session == session
    talk.phone.expect(200)


def test_garbage_brings_a_ban() -> None:
    """Five malformed messages are answered or dropped; what comes after the sixth is not even read."""
    talk = guarded()
    bad = stranger(talk)
    for _ in range(6):
        bad.send(b"INVITE sip:x@y SIP/2.0\r\nVia: banana\r\n\r\n")
    talk.wire.run(0.1)
    assert talk.ours.protection.guard.struck[Strike.MALFORMED] == 6
    remarks = len(talk.ours.remarks)
    bad.inbox.clear()
    bad.invite()
    bad.expect_nothing(1.0)
    assert len(talk.ours.remarks) == remarks
    talk.quiet()


@pytest.mark.parametrize("method", ["OPTIONS", "INVITE", "REGISTER"])
def test_a_scanner_gets_no_answer_at_all(method: str) -> None:
    """Any answer would tell it that there is something to find."""
    talk = guarded()
    bad = stranger(talk)
    bad.invite(send=False)
    bad.request(method, headers=SCANNER)
    bad.expect_nothing(1.0)
    bad.request("OPTIONS", headers=(("User-Agent", "an honest phone"),))
    bad.expect_nothing(1.0)
    assert talk.ours.protection.guard.refused == {Refusal.SCANNER: 1, Refusal.BANNED: 1}
    talk.quiet()


@pytest.mark.parametrize("code", [403, 404])
def test_calling_what_is_not_there_again_and_again_brings_a_ban(code: int) -> None:
    """A sweep over numbers: the sixth refusal within a minute is the last answer."""
    talk = guarded()
    bad = stranger(talk)
    for number in range(6):
        invite = bad.invite()
        session = talk.ours.expect(InviteReceived).session
        bad.expect(100)
        talk.reject(session, code)
        bad.ack(invite, bad.expect(code))
        talk.wire.run(0.1 * number)
    talk.wire.run(40.0)  # the last refusal is repeated in vain: its ACK is not read any more
    bad.inbox.clear()
    bad.invite()
    bad.expect_nothing(1.0)
    assert talk.ours.protection.guard.struck == {Strike.REFUSED: 6}
    talk.quiet()


def test_a_caller_that_an_application_rejects_is_not_held_to_be_an_attacker() -> None:
    """It rang, and only then came 404: that is what <Reject> says (contract 1 §6.3)."""
    talk = guarded()
    for _ in range(8):
        invite = talk.phone.invite()
        session = talk.ours.expect(InviteReceived).session
        talk.phone.expect(100)
        talk.ring(session)
        talk.phone.expect(180)
        talk.reject(session, 404)
        talk.phone.ack(invite, talk.phone.expect(404))
        talk.wire.run(1.0)
    assert not talk.ours.protection.guard.struck
    talk.quiet()


def test_registering_where_there_is_no_registrar_brings_a_ban() -> None:
    """Whoever tries one account after another is refused by method, and then not heard at all."""
    talk = guarded()
    bad = stranger(talk)
    for _ in range(6):
        bad.invite(send=False)
        bad.request("REGISTER")
        bad.expect(405)
    bad.request("REGISTER")
    bad.expect_nothing(1.0)


def test_new_requests_above_the_rate_get_503_with_retry_after() -> None:
    """An honest peer that calls too much hears when to come back, and its calls go on."""
    talk = guarded(sessions=100)
    for _ in range(10):
        talk.phone.invite()
    talk.wire.run(0.05)
    talk.phone.inbox.clear()
    talk.phone.invite()
    refused = talk.phone.expect(503)
    assert 2 <= int(refused.headers.get("Retry-After") or "") <= 10
    assert talk.ours.protection.guard.refused == {Refusal.DIALOGS: 1}


def test_a_source_may_hold_so_many_calls_and_keeps_them() -> None:
    """The fourth gets 503; when one of three ends, the next is taken."""
    talk = guarded(dialogs_burst=100)
    sessions = [talk.up_from_phone().session for _ in range(3)]
    invite = talk.phone.invite()
    talk.phone.ack(invite, talk.phone.expect(503))
    assert talk.ours.protection.guard.refused == {Refusal.SESSIONS: 1}
    for session in sessions:
        talk.bye(session)
    talk.wire.run(40.0)  # nobody answers them: they are over all the same
    talk.phone.inbox.clear()
    talk.ours.events.clear()
    talk.phone.invite()
    talk.ours.expect(InviteReceived)


def test_forged_sources_leave_room_for_whom_we_trust() -> None:
    """Hundreds of addresses with one INVITE each hold forty transactions; the carrier calls as ever."""
    talk = guarded(f"{PHONE}/32")
    for number in range(1, 250):
        stranger(talk, f"203.0.113.{number}").invite()
    talk.wire.run(0.1)
    assert talk.ours.endpoint.transaction_count == 40
    assert talk.ours.protection.guard.refused[Refusal.STRANGERS] == 209
    talk.ours.events.clear()
    talk.up_from_phone()


def test_a_carrier_that_is_trusted_calls_two_hundred_times_a_second() -> None:
    """Every call of three seconds comes in."""
    talk = guarded(f"{PHONE}/32")
    for _ in range(600):
        talk.phone.invite()
        talk.ours.expect(InviteReceived)
        talk.wire.run(0.005)
    assert not talk.ours.protection.guard.refused


def test_a_callee_that_nobody_listed_is_heard_however_often_we_call_it() -> None:
    """Thirty calls a second out, each answered with four messages: more than strangers may send."""
    talk = guarded()
    for _ in range(300):
        talk.call()
        talk.wire.run(0.01)
        invite = talk.phone.expect_request("INVITE")
        for code in (100, 180, 200, 200):
            talk.phone.answer(invite, code)
        talk.wire.run(0.03)
        talk.phone.inbox.clear()
    assert not talk.ours.protection.guard.refused


def test_a_flood_on_a_connection_ends_it() -> None:
    """Its source is banned, and the connection closed; datagrams from the same address are heard."""
    talk = guarded()
    source = Hop(Transport.TCP, BAD, 40_000, 7)
    bad = stranger(talk, BAD, Transport.TCP)
    data = bytes(bad.invite(send=False, headers=SCANNER))
    assert talk.ours.endpoint.receive_stream(7, data, source, 0.0)
    assert not talk.ours.endpoint.receive_stream(7, data, source, 0.0)
    stranger(talk).invite()
    talk.ours.expect(InviteReceived)


def test_what_is_kept_out_is_heard_by_nobody() -> None:
    """It stands on no timeline: a flood would otherwise fill the store."""
    heard: list[bytes] = []
    talk = guarded()
    endpoint = Endpoint(
        talk.ours.settings,
        talk.wire.token,
        protection=talk.ours.protection,
        heard=lambda data, _source: heard.append(data),
    )
    bad = stranger(talk)
    data = bytes(bad.invite(send=False, headers=SCANNER))
    for _ in range(100):
        endpoint.receive(data, Hop(Transport.UDP, BAD, 5060), 0.0)
    assert heard == [data]


def test_a_stream_that_is_none_of_sip_is_held_against_its_source() -> None:
    """HTTP on the SIP port, six times."""
    talk = guarded()
    for connection in range(6):
        source = Hop(Transport.TCP, BAD, 40_000 + connection, connection)
        assert not talk.ours.endpoint.receive_stream(connection, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", source, 0.0)
    assert talk.ours.protection.guard.is_banned(Hop(Transport.TCP, BAD, 50_000, 9), 0.0)


def test_nothing_is_kept_of_calls_that_are_over() -> None:
    """Calls in and out, refused, cancelled and hung up: the guard's books close with them."""
    talk = guarded(sessions=100, dialogs_burst=100, messages_burst=1000)
    talk.hang_up(talk.up_from_phone().session)
    talk.hang_up(talk.up_from_us())
    session = talk.call()
    talk.phone.answer(talk.phone.expect_request("INVITE"), 486)
    talk.wire.run(0.1)
    talk.ours.events.clear()
    talk.phone.inbox.clear()
    assert session
    talk.quiet()
    guard = talk.ours.protection.guard
    assert guard.remembered == 1  # that the phone was heard of


# --- overload ----------------------------------------------------------------------------------------------------


def overloaded() -> Talk:
    """A talk whose endpoint refuses new calls; one call is up already."""
    protection = Protection(overload=Overload(OverloadSettings(lateness=0.3)))
    talk = Talk(protection=protection)
    talk.up_from_phone()
    for _ in range(20):
        protection.overload.measure(Load(lateness=1.0), talk.wire.now)
    assert protection.overload.is_on
    return talk


def test_under_overload_new_calls_get_503_and_leave_nothing() -> None:
    """No session, no transaction; the caller hears when to come back, and so does who asks by OPTIONS (§11.2)."""
    talk = overloaded()
    before = talk.ours.endpoint.session_count, talk.ours.endpoint.transaction_count
    other = stranger(talk, "192.0.2.77")
    other.ack(other.invite(), other.expect(503))
    other.invite(send=False)
    other.request("OPTIONS")
    assert other.expect(503).headers.get("Retry-After")
    assert (talk.ours.endpoint.session_count, talk.ours.endpoint.transaction_count) == before
    assert talk.ours.protection.guard.refused == {Refusal.OVERLOADED: 2}


def test_under_overload_calls_that_are_up_notice_nothing() -> None:
    """A re-INVITE, an INFO and a BYE of theirs."""
    talk = overloaded()
    talk.phone.request("INVITE", body=b"")
    talk.phone.expect(100)
    talk.ours.events.clear()
    talk.answer_offer(1)
    talk.phone.request("ACK", cseq=2)
    talk.phone.expect(200)
    talk.phone.request("INFO")
    talk.phone.expect(200)
    talk.phone.request("BYE")
    talk.phone.expect(200)
    assert not talk.ours.protection.guard.refused


def test_under_overload_a_call_that_is_coming_up_comes_up() -> None:
    """Its INVITE was taken before: the repetition, the CANCEL of another and the ACK are taken, too."""
    protection = Protection()
    talk = Talk(protection=protection)
    invite = talk.phone.invite()
    session = talk.ours.expect(InviteReceived).session
    talk.phone.expect(100)
    for _ in range(20):
        protection.overload.measure(Load(lateness=1.0), talk.wire.now)
    talk.phone.send(invite)
    talk.phone.expect(100)
    talk.accept(session)
    talk.phone.ack(invite, talk.phone.expect(200))
    talk.ours.expect(AckReceived)


def test_when_overload_is_over_calls_are_taken_again() -> None:
    """The machine has caught up."""
    talk = overloaded()
    for _ in range(50):
        talk.wire.run(0.1)
        talk.ours.protection.overload.measure(Load(), talk.wire.now)
    talk.phone.invite()
    talk.ours.expect(InviteReceived)
