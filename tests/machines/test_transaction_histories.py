"""Random histories of single transactions: they end, say nothing afterwards, and acknowledge each failure once."""

from collections.abc import Iterable

from desk import TCP, UDP, Desk, Transaction, request, response
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.base.errors import IllegalInput
from offhook.sip.hop import Hop
from offhook.sip.message import Response
from offhook.sip.transaction.client import ClientInput, ClientState, ClientTransaction
from offhook.sip.transaction.server import ServerInput, ServerState, ServerTransaction

PAUSES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 4.0, 31.0, 33.0])
CODES = st.sampled_from([100, 180, 183, 199, 200, 202, 300, 401, 486, 503, 600])
CLIENT_STEPS = st.lists(st.tuples(PAUSES, st.one_of(CODES, st.just("error"))), max_size=12)
SERVER_STEPS = st.lists(st.tuples(PAUSES, st.one_of(CODES, st.sampled_from(["error", "request", "ack"]))), max_size=12)
HOPS = st.sampled_from([UDP, TCP])
METHODS = st.sampled_from(["INVITE", "OPTIONS"])


@settings(max_examples=150)
@given(METHODS, HOPS, CLIENT_STEPS)
def test_a_client_transaction_ends_and_then_is_silent(
    method: str, hop: Hop, steps: list[tuple[float, int | str]]
) -> None:
    """Whatever comes and however late, it ends once; what comes after the end does nothing."""
    desk = Desk()
    transaction = desk.client(method, hop)
    for pause, step in steps:
        desk.run(transaction, until=desk.now + pause)
        act_on_client(transaction, step, desk.now)
    desk.run(transaction)
    if transaction.state is ClientState.PROCEEDING:
        assert method == "INVITE", "only how long it rings is left to the user"
        transaction.receive(response(transaction, 487), desk.now)
        desk.run(transaction, until=desk.now + 100.0)
    assert_over(desk, transaction, ClientState.TERMINATED)
    for code in (180, 200, 486):
        transaction.receive(response(transaction, code), desk.now)
    transaction.feed(ClientInput.TRANSPORT_ERROR, None, desk.now)
    assert_over(desk, transaction, ClientState.TERMINATED)


@settings(max_examples=100)
@given(HOPS, st.lists(CODES, max_size=10))
def test_each_failure_of_an_invite_is_acknowledged_once(hop: Hop, codes: list[int]) -> None:
    """One ACK for each failure that counts, none for anything else, and the user hears the first only (§17.1.1.2)."""
    desk = Desk()
    transaction = desk.client("INVITE", hop)
    for code in codes:
        transaction.receive(response(transaction, code), 0.0)
    finals = [code for code in codes if code >= 200]
    failures = [code for code in finals if code >= 300] if finals and finals[0] >= 300 else []
    assert len(desk.times("ACK")) == len(failures)
    assert [int(code) for _, code in desk.news if int(code) >= 300] == failures[:1]


@settings(max_examples=150)
@given(METHODS, HOPS, SERVER_STEPS)
def test_a_server_transaction_ends_and_then_is_silent(
    method: str, hop: Hop, steps: list[tuple[float, int | str]]
) -> None:
    """Once its user has answered it ends by itself, whatever the peer does."""
    desk = Desk()
    transaction = desk.server(method, hop)
    for pause, step in steps:
        desk.run(transaction, until=desk.now + pause)
        act_on_server(transaction, step, desk.now)
    if transaction.state in {ServerState.TRYING, ServerState.PROCEEDING}:
        transaction.respond(response(transaction, 500), desk.now)
    desk.run(transaction, until=desk.now + 100.0)
    assert_over(desk, transaction, ServerState.TERMINATED)
    for input_ in (ServerInput.REQUEST, ServerInput.ACK, ServerInput.TRANSPORT_ERROR):
        transaction.feed(input_, request(method), desk.now)
    assert_over(desk, transaction, ServerState.TERMINATED)


@settings(max_examples=100)
@given(METHODS, st.lists(CODES, max_size=8))
def test_a_server_transaction_sends_one_kind_of_final_response(method: str, codes: list[int]) -> None:
    """After a final response the user may not send another; 2xx of an INVITE alone may be repeated (RFC 6026 §7.1)."""
    desk = Desk()
    transaction = desk.server(method)
    for code in codes:
        respond(transaction, response(transaction, code), 0.0)
    finals = [line[8:11] for _, line in desk.sent if line[8] != "1"]
    assert len({code[0] == "2" for code in finals}) <= 1
    if method != "INVITE" or (finals and finals[0][0] != "2"):
        assert len(finals) <= 1


def act_on_client(transaction: ClientTransaction, step: int | str, now: float) -> None:
    """A response, or news of the transport."""
    if isinstance(step, int):
        transaction.receive(response(transaction, step), now)
    else:
        transaction.feed(ClientInput.TRANSPORT_ERROR, None, now)


def act_on_server(transaction: ServerTransaction, step: int | str, now: float) -> None:
    """A response of the user, a message of the peer, or news of the transport."""
    if isinstance(step, int):
        respond(transaction, response(transaction, step), now)
        return
    inputs = {"error": ServerInput.TRANSPORT_ERROR, "request": ServerInput.REQUEST, "ack": ServerInput.ACK}
    method = "ACK" if step == "ack" else transaction.request.method
    transaction.feed(inputs[step], request(method), now)


def respond(transaction: ServerTransaction, answer: Response, now: float) -> None:
    """What the user may no longer send raises and changes nothing."""
    before = transaction.state
    try:
        transaction.respond(answer, now)
    except IllegalInput:
        assert transaction.state is before


def assert_over(desk: Desk, transaction: Transaction, final: ClientState | ServerState) -> None:
    """Ended, with no timer, and nothing sent or told after the end."""
    assert transaction.state is final
    assert not desk.waiting
    assert desk.ended_at is not None
    assert latest(desk.sent) <= desk.ended_at
    assert latest(desk.news) <= desk.ended_at


def latest(entries: Iterable[tuple[float, str]]) -> float:
    """When the last of them was."""
    return max((at for at, _ in entries), default=0.0)
