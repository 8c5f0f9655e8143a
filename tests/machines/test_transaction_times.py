"""When transactions repeat, give up and go away: the figures and table 4 of RFC 3261, and RFC 6026, to the second."""

import pytest
from desk import TCP, UDP, Desk, request, response

from offhook.sip.hop import Hop
from offhook.sip.message import Request, response_to
from offhook.sip.timers import Timer, TimerValues
from offhook.sip.transaction.client import ClientInput, ClientState, ack_for
from offhook.sip.transaction.server import ServerInput, ServerState

SENT_INVITES = [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
UP_TO_T2 = [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]


def test_an_invite_is_repeated_at_doubling_intervals_and_given_up_after_32_seconds() -> None:
    """Timers A and B (§17.1.1.2): 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s, and the timeout at 32 s."""
    desk = Desk()
    transaction = desk.client("INVITE")
    desk.run(transaction)
    assert desk.times("INVITE") == SENT_INVITES
    assert desk.news == [(32.0, "timeout")]
    assert desk.ended_at == 32.0


def test_another_request_is_repeated_at_intervals_up_to_t2() -> None:
    """Timers E and F (§17.1.2.2)."""
    desk = Desk()
    transaction = desk.client("BYE")
    desk.run(transaction)
    assert desk.times("BYE") == UP_TO_T2
    assert desk.news == [(32.0, "timeout")]


def test_a_provisional_response_slows_another_request_down_to_t2() -> None:
    """In Proceeding the interval is T2, and timer F goes on (§17.1.2.2)."""
    desk = Desk()
    transaction = desk.client("OPTIONS")
    desk.run(transaction, until=1.0)
    transaction.receive(response(transaction, 100), desk.now)
    desk.run(transaction)
    assert desk.times("OPTIONS") == [0, 0.5, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0, 29.0]
    assert desk.news == [(1.0, "100"), (32.0, "timeout")]


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_on_a_stream_nothing_is_repeated_but_the_timeout_stays(method: str) -> None:
    """Timers A and E are for unreliable transports only (§17.1.1.2, §17.1.2.2)."""
    desk = Desk()
    transaction = desk.client(method, TCP)
    desk.run(transaction)
    assert desk.times(method) == [0]
    assert desk.news == [(32.0, "timeout")]


def test_a_provisional_response_stops_timers_a_and_b() -> None:
    """How long it rings is for the user to say (§17.1.1.2)."""
    desk = Desk()
    transaction = desk.client("INVITE")
    transaction.receive(response(transaction, 180), 0.0)
    assert desk.waiting == {}
    desk.run(transaction)
    assert desk.times("INVITE") == [0]


@pytest.mark.parametrize(("hop", "wait"), [(UDP, 32.0), (TCP, 0.0)])
def test_timer_d_keeps_a_refused_invite_for_acks(hop: Hop, wait: float) -> None:
    """Each failure that comes again is acknowledged for 32 s, and not at all on a stream (§17.1.1.2)."""
    desk = Desk()
    transaction = desk.client("INVITE", hop)
    transaction.receive(response(transaction, 486), 0.0)
    transaction.receive(response(transaction, 486), 0.0)
    assert desk.times("ACK") == [0, 0]
    assert desk.waiting == {Timer.D: wait}
    desk.run(transaction)
    assert desk.ended_at == wait
    assert [text for _, text in desk.news] == ["486"]


@pytest.mark.parametrize("hop", [UDP, TCP])
def test_timer_m_keeps_an_answered_invite_for_other_forks(hop: Hop) -> None:
    """64*T1 on any transport; every 2xx goes up (RFC 6026 §7.2)."""
    desk = Desk()
    transaction = desk.client("INVITE", hop)
    for _ in range(3):
        transaction.receive(response(transaction, 200), 0.0)
    assert desk.waiting == {Timer.M: 32.0}
    desk.run(transaction)
    assert desk.ended_at == 32.0
    assert [text for _, text in desk.news] == ["200"] * 3
    assert desk.times("ACK") == []


@pytest.mark.parametrize(("hop", "wait"), [(UDP, 5.0), (TCP, 0.0)])
def test_timer_k_absorbs_responses_that_come_again(hop: Hop, wait: float) -> None:
    """T4 on UDP, nothing on a stream (§17.1.2.2)."""
    desk = Desk()
    transaction = desk.client("BYE", hop)
    transaction.receive(response(transaction, 200), 0.0)
    transaction.receive(response(transaction, 200), 0.0)
    assert desk.waiting == {Timer.K: wait}
    desk.run(transaction)
    assert desk.ended_at == wait
    assert [text for _, text in desk.news] == ["200"]


def test_timer_g_repeats_a_refusal_up_to_t2_until_timer_h() -> None:
    """The refusal of an INVITE goes on until its ACK or for 64*T1 (§17.2.1)."""
    desk = Desk()
    transaction = desk.server("INVITE")
    transaction.respond(response(transaction, 486), 0.0)
    desk.run(transaction)
    assert desk.times("SIP/2.0 486") == UP_TO_T2
    assert desk.news == [(32.0, "timeout")]
    assert desk.ended_at == 32.0


def test_on_a_stream_a_refusal_is_sent_once() -> None:
    """Timer G is for unreliable transports, timer H for all (§17.2.1)."""
    desk = Desk()
    transaction = desk.server("INVITE", TCP)
    transaction.respond(response(transaction, 486), 0.0)
    desk.run(transaction)
    assert desk.times("SIP/2.0 486") == [0]
    assert desk.ended_at == 32.0


@pytest.mark.parametrize(("hop", "wait"), [(UDP, 5.0), (TCP, 0.0)])
def test_timer_i_absorbs_acks_that_come_again(hop: Hop, wait: float) -> None:
    """The ACK stops timers G and H; T4 later the transaction is gone (§17.2.1)."""
    desk = Desk()
    transaction = desk.server("INVITE", hop)
    transaction.respond(response(transaction, 486), 0.0)
    transaction.feed(ServerInput.ACK, ack(), 0.0)
    transaction.feed(ServerInput.ACK, ack(), 0.0)
    assert desk.waiting == {Timer.I: wait}
    desk.run(transaction)
    assert desk.ended_at == wait
    assert desk.news == []
    assert len(desk.sent) == 1


@pytest.mark.parametrize(("hop", "wait"), [(UDP, 32.0), (TCP, 0.0)])
def test_timer_j_answers_requests_that_come_again(hop: Hop, wait: float) -> None:
    """64*T1 on UDP, nothing on a stream (§17.2.2)."""
    desk = Desk()
    transaction = desk.server("BYE", hop)
    transaction.feed(ServerInput.REQUEST, request("BYE"), 0.0)
    assert desk.sent == []
    transaction.respond(response(transaction, 200), 0.0)
    transaction.feed(ServerInput.REQUEST, request("BYE"), 0.0)
    assert desk.times("SIP/2.0 200") == [0, 0]
    assert desk.waiting == {Timer.J: wait}
    desk.run(transaction)
    assert desk.ended_at == wait


@pytest.mark.parametrize("hop", [UDP, TCP])
def test_timer_l_absorbs_an_accepted_invite_that_comes_again(hop: Hop) -> None:
    """64*T1 on any transport; the 2xx itself is repeated by the user (RFC 6026 §7.1)."""
    desk = Desk()
    transaction = desk.server("INVITE", hop)
    transaction.respond(response(transaction, 200), 0.0)
    transaction.feed(ServerInput.REQUEST, request("INVITE"), 1.0)
    assert desk.times("SIP/2.0 200") == [0]
    assert desk.waiting == {Timer.L: 32.0}
    desk.run(transaction)
    assert desk.ended_at == 32.0


def test_a_repeated_invite_gets_the_last_provisional_again() -> None:
    """In Proceeding the latest response is sent for every retransmission (§17.2.1)."""
    desk = Desk()
    transaction = desk.server("INVITE")
    transaction.feed(ServerInput.REQUEST, request("INVITE"), 0.0)
    assert desk.sent == []
    for code in (100, 180):
        transaction.respond(response(transaction, code), 0.0)
        transaction.feed(ServerInput.REQUEST, request("INVITE"), 0.0)
    assert [line[8:11] for _, line in desk.sent] == ["100", "100", "180", "180"]


def test_an_ack_of_a_refusal_copies_the_branch_of_its_invite_and_the_to_of_the_response() -> None:
    """§17.1.1.3."""
    invite = request("INVITE")
    ack_sent = ack_for(invite, response_to(invite, 603, to_tag="b"))
    assert ack_sent.via == invite.via
    assert ack_sent.to_tag == "b"
    assert str(ack_sent.cseq) == "1 ACK"
    assert ack_sent.text_uri == invite.text_uri


def test_the_timers_follow_t1_t2_and_t4() -> None:
    """Shorter values make all of it shorter; timer D alone stays at 32 s (§17.1.1.2)."""
    desk = Desk(timers=TimerValues(t1=0.1, t2=0.4, t4=0.5))
    transaction = desk.client("BYE")
    desk.run(transaction, until=2.0)
    assert desk.times("BYE") == pytest.approx([0, 0.1, 0.3, 0.7, 1.1, 1.5, 1.9])
    refused = Desk(timers=TimerValues(t1=0.1))
    invite = refused.client("INVITE")
    invite.receive(response(invite, 486), 0.0)
    assert refused.waiting == {Timer.D: 32.0}


@pytest.mark.parametrize("method", ["INVITE", "BYE"])
def test_a_transport_error_ends_what_waits_for_an_answer(method: str) -> None:
    """The user is told (§17.1.4)."""
    desk = Desk()
    transaction = desk.client(method)
    transaction.feed(ClientInput.TRANSPORT_ERROR, None, 0.0)
    assert desk.news == [(0.0, "transport")]
    assert desk.ended_at == 0.0
    assert transaction.state is ClientState.TERMINATED


def ack() -> Request:
    """The ACK of the INVITE."""
    return request("ACK")


def test_states_of_a_server_invite_follow_the_figure() -> None:
    """Proceeding, Completed, Confirmed, Terminated (figure 7)."""
    desk = Desk()
    transaction = desk.server("INVITE")
    seen = [transaction.state]
    transaction.respond(response(transaction, 486), 0.0)
    seen.append(transaction.state)
    transaction.feed(ServerInput.ACK, ack(), 0.0)
    seen.append(transaction.state)
    desk.run(transaction)
    seen.append(transaction.state)
    assert seen == [ServerState.PROCEEDING, ServerState.COMPLETED, ServerState.CONFIRMED, ServerState.TERMINATED]
