"""The guard by itself: rates, strikes, bans, room, and books that do not grow."""

from ipaddress import ip_network

import pytest

from offhook.sip.guard import ANSWERS, Guard
from offhook.sip.guard_settings import EVERYBODY, GuardSettings, Refusal, Strike
from offhook.sip.hop import Hop, Transport
from offhook.sip.source import is_within, source_of

STRANGER = Hop(Transport.UDP, "203.0.113.9", 5060)
CARRIER = Hop(Transport.UDP, "198.51.100.7", 5060)
SETTINGS = GuardSettings(
    trusted=(ip_network("198.51.100.0/24"),), messages=10, messages_burst=20, dialogs=2, dialogs_burst=4,
    transactions=3, sessions=2, strangers=5, strikes=3, strike_window=30, ban=60, sources=100, bans=100,
)  # fmt: skip


def guard() -> Guard:
    """A guard with small numbers."""
    return Guard(SETTINGS)


def admitted(of: Guard, source: Hop, count: int, now: float) -> int:
    """How many of so many messages at one moment are let in."""
    return sum(of.admits(source, now) for _ in range(count))


def test_a_burst_is_let_in_and_then_the_rate() -> None:
    """Twenty at once, then ten a second."""
    ours = guard()
    assert admitted(ours, STRANGER, 25, 0.0) == 20
    assert admitted(ours, STRANGER, 5, 0.0999) == 0
    assert admitted(ours, STRANGER, 20, 1.0) == 10
    assert ours.refused[Refusal.MESSAGES] == 5 + 5 + 10


def test_a_source_that_keeps_to_its_rate_is_never_refused() -> None:
    """An hour at nine messages a second."""
    ours = guard()
    assert all(ours.admits(STRANGER, number / 9) for number in range(9 * 3600))


def test_a_flood_is_banned_and_the_ban_ends() -> None:
    """As many refusals without a pause as a burst has messages bring a ban, which costs the flooder its rate, too."""
    ours = guard()
    assert admitted(ours, STRANGER, 45, 0.0) == 20
    assert ours.is_banned(STRANGER, 59.9)
    assert not ours.admits(STRANGER, 59.9)
    assert ours.bans(59.9) == 1
    assert ours.struck[Strike.FLOOD] == 1
    assert ours.refused == {Refusal.MESSAGES: 20, Refusal.BANNED: 6}
    assert ours.admits(STRANGER, 60.0)
    assert ours.bans(60.0) == 0


def test_a_carrier_of_the_trusted_networks_has_no_limits() -> None:
    """Two hundred calls a second from one address, for a minute, and whatever else it does."""
    ours = guard()
    for number in range(200 * 60):
        now = number / 200
        assert ours.admits(CARRIER, now)
        assert ours.judge_new(CARRIER, "sipcli/1.8", now) is None
        assert ours.has_room_for_session(CARRIER)
        ours.transaction_opened(CARRIER)
        ours.session_opened(CARRIER)
        ours.strike(CARRIER, Strike.REFUSED, now)
    assert not ours.is_banned(CARRIER, 60.0)
    assert not ours.refused


def test_strikes_in_a_row_bring_a_ban() -> None:
    """Three within half a minute are let pass, the fourth is one too many."""
    ours = guard()
    for _ in range(3):
        ours.strike(STRANGER, Strike.REFUSED, 10.0)
    assert ours.admits(STRANGER, 10.0)
    ours.strike(STRANGER, Strike.MALFORMED, 10.0)
    assert not ours.admits(STRANGER, 10.0)
    assert ours.struck == {Strike.REFUSED: 3, Strike.MALFORMED: 1}


def test_strikes_are_forgotten_with_time() -> None:
    """One every ten seconds is what three in thirty allow."""
    ours = guard()
    for number in range(1000):
        ours.strike(STRANGER, Strike.REFUSED, number * 10.0)
    assert ours.admits(STRANGER, 9990.0)


@pytest.mark.parametrize("agent", ["friendly-scanner", "SIPVicious 0.3", "sipcli/v1.8", "sipsak 0.9.7"])
def test_a_scanner_is_banned_at_its_first_request(agent: str) -> None:
    """It names itself."""
    ours = guard()
    assert ours.judge_new(STRANGER, agent, 0.0) is Refusal.SCANNER
    assert not ours.admits(STRANGER, 1.0)


def test_new_requests_have_a_rate_of_their_own() -> None:
    """Four at once, then two a second."""
    ours = guard()
    assert [ours.judge_new(STRANGER, "phone", 0.0) for _ in range(5)] == [None] * 4 + [Refusal.DIALOGS]
    assert [ours.judge_new(STRANGER, "phone", 1.0) for _ in range(3)] == [None] * 2 + [Refusal.DIALOGS]


def test_open_transactions_of_a_source_are_limited() -> None:
    """The fourth waits until one of three is over."""
    ours = guard()
    for _ in range(3):
        ours.transaction_opened(STRANGER)
    assert ours.judge_new(STRANGER, "", 0.0) is Refusal.TRANSACTIONS
    ours.transaction_closed(STRANGER)
    assert ours.judge_new(STRANGER, "", 0.0) is None


def test_strangers_together_leave_room_for_those_who_are_trusted() -> None:
    """Forged addresses have five transactions together; the carrier has as many as it likes."""
    ours = guard()
    for number in range(5):
        ours.transaction_opened(Hop(Transport.UDP, f"203.0.113.{number}", 5060))
    assert ours.judge_new(STRANGER, "", 0.0) is Refusal.STRANGERS
    assert ours.judge_new(CARRIER, "", 0.0) is None


def test_sessions_of_a_source_are_limited_and_those_we_begin_are_not_counted() -> None:
    """Two calls from it; calls to it are our own affair."""
    ours = guard()
    for _ in range(5):
        ours.vouch(STRANGER)
    ours.session_opened(STRANGER)
    assert ours.has_room_for_session(STRANGER)
    ours.session_opened(STRANGER)
    assert not ours.has_room_for_session(STRANGER)
    assert ours.refused[Refusal.SESSIONS] == 1
    ours.session_closed(STRANGER)
    assert ours.has_room_for_session(STRANGER)


def test_a_peer_with_calls_cannot_be_banned_by_who_forges_its_address() -> None:
    """Its messages may be refused, and they are taken again as soon as the flood is over."""
    ours = guard()
    ours.vouch(STRANGER)
    admitted(ours, STRANGER, 1000, 0.0)
    ours.strike(STRANGER, Strike.SCANNER, 0.0)
    assert not ours.is_banned(STRANGER, 0.0)
    assert ours.admits(STRANGER, 1.0)
    ours.withdraw(STRANGER)
    ours.strike(STRANGER, Strike.SCANNER, 1.0)
    assert ours.is_banned(STRANGER, 1.0)


def test_what_comes_by_datagram_does_not_close_connections() -> None:
    """A forged datagram bans datagrams; the connections from that address go on."""
    ours = guard()
    ours.strike(STRANGER, Strike.SCANNER, 0.0)
    assert not ours.admits(STRANGER, 0.0)
    assert ours.admits(Hop(Transport.TCP, STRANGER.host, 5060, 1), 0.0)


def test_requests_of_ours_let_their_answers_in() -> None:
    """A carrier that is not on the list is called 200 times a second and answers each time with five messages."""
    ours = guard()
    for number in range(2000):
        now = number / 200
        ours.expect_answers(STRANGER)
        assert admitted(ours, STRANGER, 5, now) == 5
    assert ANSWERS >= 5


def test_saved_up_answers_are_bounded() -> None:
    """Whoever is called for a year may still not flood for a day."""
    ours = guard()
    for _ in range(10_000):
        ours.expect_answers(STRANGER)
    assert admitted(ours, STRANGER, 50_000, 0.0) < 25_000


def test_a_hundred_thousand_forged_sources_do_not_grow_the_books() -> None:
    """Neither by datagrams, nor by strikes, nor by bans."""
    ours = guard()
    for number in range(100_000):
        source = Hop(Transport.UDP, f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5060)
        ours.admits(source, 0.0)
        ours.strike(source, Strike.SCANNER if number % 2 else Strike.MALFORMED, 0.0)
    assert ours.remembered <= SETTINGS.sources + SETTINGS.bans


def test_open_books_are_closed_with_the_last_transaction_and_session() -> None:
    """Nothing is left of a source that has nothing open."""
    ours = guard()
    before = ours.remembered
    ours.session_opened(STRANGER)
    ours.transaction_opened(STRANGER)
    ours.vouch(STRANGER)
    for _ in range(2):
        ours.transaction_closed(STRANGER)
        ours.session_closed(STRANGER)
        ours.withdraw(STRANGER)
    assert ours.remembered == before + 1  # that it was heard of


def test_an_ipv6_network_is_one_source() -> None:
    """Every host of a /64 can be had by one peer; addresses mapped from IPv4 are those."""
    one, other = Hop(Transport.UDP, "2001:db8::1", 1), Hop(Transport.UDP, "2001:db8:0:0:ffff::2", 2)
    assert source_of(one) == source_of(other) != source_of(Hop(Transport.UDP, "2001:db8:0:1::1", 1))
    assert source_of(Hop(Transport.UDP, "::ffff:203.0.113.9", 5060)) == source_of(STRANGER)
    assert source_of(Hop(Transport.UDP, "fe80::1%eth0", 1)) == source_of(Hop(Transport.UDP, "fe80::2", 1))
    assert source_of(Hop(Transport.UDP, "fe80:::1", 1)) == "fe80:::1"


def test_networks_hold_addresses_of_both_families() -> None:
    """And nothing that is no address."""
    assert is_within("::ffff:198.51.100.1", SETTINGS.trusted)
    assert is_within("2001:db8::1", EVERYBODY)
    assert not is_within("example.com", EVERYBODY)
