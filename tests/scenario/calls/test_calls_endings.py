"""How each kind of call ends: one typed value in its record, on its timeline, and in callbacks if asked for."""

from collections.abc import Awaitable, Callable

import pytest

from offhook.calls.errors import MediaExhausted
from offhook.calls.events import RefusalCause
from offhook.calls.world import CallSettings
from offhook.model.call import CallRecord
from offhook.model.ending import CallEnding, EndReason, SipReason
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, settle, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import ACCOUNT, Switchboard
from offhook.testing.webapp import Failure, Page

Told = tuple[EndReason, str, str | None, str, int | None]  # reason, by, verb, SIP method and code
Story = Callable[[Switchboard], Awaitable[CallRecord]]
TALK = "<Response><Say>hello</Say><Pause length='60'/></Response>"


def told(record: CallRecord) -> Told:
    """What an ending says, in short."""
    ending = ending_of(record)
    verb = ending.verb.name if ending.verb is not None else None
    return ending.reason, ending.by, verb, ending.sip_method, ending.sip_code


def ending_of(record: CallRecord) -> CallEnding:
    """It has one."""
    assert record.ending is not None
    return record.ending


async def outgoing(board: Switchboard, script: Script, document: str = TALK) -> CallRecord:
    """A call by REST to a phone with this script, to its end."""
    board.signalling.script(":phone@", script)
    return await board.over((await board.place(document, timeout=5.0)).sid)


async def incoming(board: Switchboard, document: str | Page | Failure) -> CallRecord:
    """A caller who hears this document, to the end."""
    board.app.serve("/voice", document)
    board.answer_number_with("/voice")
    board.call_in()
    await board.no_calls()
    return board.records()[0]


async def dialing(board: Switchboard, nouns: str, attributes: str = "") -> CallRecord:
    """A caller's <Dial>; the first child's record."""
    await incoming(board, f"<Response><Dial {attributes}>{nouns}</Dial></Response>")
    return board.children()[0]


def refused(code: int, cause: RefusalCause = RefusalCause.RESPONSE) -> Story:
    """A callee that refuses."""
    return lambda board: outgoing(board, Script(answer_after=1.0, refuse_with=code, cause=cause))


async def caller_hangs_up(board: Switchboard) -> CallRecord:
    """In the middle of a <Pause>."""
    board.app.serve("/voice", TALK)
    board.answer_number_with("/voice")
    session = board.call_in()
    await advance(8)
    board.signalling.hang_up(session)
    await board.no_calls()
    return board.records()[0]


async def caller_gives_up(board: Switchboard) -> CallRecord:
    """While the application thinks."""
    board.app.serve("/voice", Page(body=TALK, delay=5))
    board.answer_number_with("/voice")
    session = board.call_in()
    await advance(2)
    board.signalling.cancel_in(session)
    await board.no_calls()
    return board.records()[0]


async def rest_ends(board: Switchboard) -> CallRecord:
    """Status=completed in a <Pause>."""
    record = await board.place(TALK)
    await advance(8)
    await board.exchange.hang_up(ACCOUNT, record.sid)
    return await board.over(record.sid)


async def rest_cancels(board: Switchboard) -> CallRecord:
    """Status=canceled while it rings."""
    board.signalling.script(":phone@", Script(answer_after=None))
    record = await board.place(TALK)
    await advance(2)
    await board.exchange.cancel(ACCOUNT, record.sid)
    return await board.over(record.sid)


async def falls_silent(board: Switchboard) -> CallRecord:
    """No RTP for too long."""
    record = await board.place(TALK)
    await advance(8)
    board.plane.fall_silent(board.plane.open_ports[0].port)
    return await board.over(record.sid)


async def expires(board: Switchboard) -> CallRecord:
    """Nobody refreshes the session."""
    record = await board.place(TALK)
    await advance(8)
    board.signalling.expire(board.signalling.open_sessions[0].session)
    return await board.over(record.sid)


async def shuts_down(board: Switchboard) -> CallRecord:
    """The server is stopped."""
    record = await board.place(TALK)
    await advance(8)
    await board.exchange.close()
    return await board.over(record.sid)


async def has_no_port(board: Switchboard) -> CallRecord:
    """The edge is full."""

    def fail(*_args: object, **_more: object) -> None:
        raise MediaExhausted("every port is in use")

    board.plane.open = fail  # type: ignore[assignment,method-assign]
    return await outgoing(board, Script())


STORIES: dict[str, tuple[Story, Told]] = {
    "caller hangs up": (caller_hangs_up, (EndReason.CALLER_HUNG_UP, "caller", "Pause", "BYE", 200)),
    "caller gives up": (caller_gives_up, (EndReason.CALLER_HUNG_UP, "caller", None, "CANCEL", 487)),
    "callee hangs up": (
        lambda board: outgoing(board, Script(talk=12.0)),
        (EndReason.CALLEE_HUNG_UP, "callee", "Pause", "BYE", 200),
    ),
    "document ends": (
        lambda board: incoming(board, "<Response><Say>hello</Say></Response>"),
        (EndReason.DOCUMENT_ENDED, "platform", "Say", "BYE", 200),
    ),
    "hangup": (
        lambda board: incoming(board, "<Response><Hangup/></Response>"),
        (EndReason.HANGUP_VERB, "platform", "Hangup", "BYE", 200),
    ),
    "reject": (
        lambda board: incoming(board, "<Response><Reject reason='busy'/></Response>"),
        (EndReason.REJECT_VERB, "platform", "Reject", "INVITE", 486),
    ),
    "REST ends": (rest_ends, (EndReason.REST_ENDED, "platform", "Pause", "BYE", 200)),
    "REST cancels": (rest_cancels, (EndReason.REST_ENDED, "platform", None, "CANCEL", 487)),
    "no answer": (
        lambda board: outgoing(board, Script(answer_after=None)),
        (EndReason.NO_ANSWER, "platform", None, "CANCEL", 487),
    ),
    "busy": (refused(486), (EndReason.BUSY, "callee", None, "INVITE", 486)),
    "refused": (refused(403), (EndReason.REFUSED, "callee", None, "INVITE", 403)),
    "unreachable": (
        refused(503, RefusalCause.UNRESOLVED),
        (EndReason.UNREACHABLE, "platform", None, "INVITE", 503),
    ),
    "silence": (refused(408, RefusalCause.TIMEOUT), (EndReason.UNREACHABLE, "platform", None, "INVITE", 408)),
    "redirected nowhere": (
        lambda board: outgoing(board, Script(answer_after=1.0, refuse_with=302, redirect_to=("tel:1",))),
        (EndReason.UNREACHABLE, "platform", None, "INVITE", 302),
    ),
    "media timeout": (falls_silent, (EndReason.MEDIA_TIMEOUT, "platform", "Pause", "BYE", 200)),
    "session timer": (expires, (EndReason.SESSION_TIMER, "platform", "Pause", "BYE", None)),
    "webhook fails": (
        lambda board: incoming(board, Failure()),
        (EndReason.WEBHOOK_FAILED, "platform", None, "BYE", 200),
    ),
    "document fails": (
        lambda board: incoming(board, "<Response><Say></Response>"),
        (EndReason.DOCUMENT_FAILED, "platform", None, "BYE", 200),
    ),
    "shutdown": (shuts_down, (EndReason.SHUTDOWN, "platform", "Pause", "BYE", 200)),
    "no room": (has_no_port, (EndReason.NO_CAPACITY, "platform", None, "", None)),
    "answered elsewhere": (
        lambda board: dialing(board, "<Sip>sip:slow@a</Sip><Sip>sip:one@a</Sip>", "timeout='30'"),
        (EndReason.ANSWERED_ELSEWHERE, "platform", None, "CANCEL", 487),
    ),
    "dial's time limit": (
        lambda board: dialing(board, "<Sip>sip:one@a</Sip>", "timeLimit='4'"),
        (EndReason.TIME_LIMIT, "platform", None, "BYE", 200),
    ),
    "not accepted": (
        lambda board: dialing(board, "<Sip url='/screen'>sip:one@a</Sip>"),
        (EndReason.HANGUP_VERB, "platform", "Hangup", "BYE", 200),
    ),
}


@pytest.mark.parametrize("name", STORIES)
@virtual_time
async def test_a_call_says_how_it_ended(name: str) -> None:
    """In the record and, in the same words, on the timeline's last status."""
    story, expected = STORIES[name]
    board = Switchboard()
    board.signalling.script(":slow@", Script(answer_after=None))
    board.signalling.script(":one@", Script(answer_after=1.0))
    board.app.serve("/screen", "<Response><Hangup/></Response>")
    record = await story(board)
    assert told(record) == expected
    await board.no_calls()
    last = [entry for entry in board.timeline.entries if entry.call_sid == record.sid and entry.kind is Kind.STATUS][-1]
    assert last.detail["told"] == ending_of(record).sentence
    assert last.detail["ending"]["reason"] == ending_of(record).reason.value


@virtual_time
async def test_the_time_limit_of_a_call() -> None:
    """TimeLimit counts from the answer."""
    board = Switchboard(settings=CallSettings(time_limit=7))
    record = await outgoing(board, Script())
    assert told(record)[:3] == (EndReason.TIME_LIMIT, "platform", "Pause")
    assert ending_of(record).sentence == "the time limit ended the call after 7.0 s in <Pause> (line 1), SIP 200 BYE"


@virtual_time
async def test_a_crash_is_told_by_the_next_process() -> None:
    """Nobody knows when it was."""
    board = Switchboard()
    record = await board.place(TALK)
    await advance(3)
    crashed = board.store.record(record.sid)
    await board.exchange.hang_up(ACCOUNT, record.sid)
    await board.no_calls()
    board.store.save_call(crashed)
    await board.exchange.recover()
    assert ending_of(board.store.record(record.sid)).sentence == "the server stopped during the call"


@virtual_time
async def test_the_reason_of_the_peer_is_kept() -> None:
    """RFC 3326 in a BYE, RFC 6432 in a response."""
    header = ("Reason", 'Q.850;cause=31;text="Normal, unspecified"')
    expected = (SipReason(protocol="Q.850", cause=31, text="Normal, unspecified"),)
    bye = await outgoing(Switchboard(), Script(talk=4.0, bye_headers=(header, ("Reason", "rubbish;;;"))))
    assert ending_of(bye).reasons == expected
    response = await outgoing(Switchboard(), Script(answer_after=1.0, refuse_with=503, headers=(header,)))
    assert ending_of(response).reasons == expected


@pytest.mark.parametrize("is_asked_for", [False, True])
@virtual_time
async def test_callbacks_say_more_where_the_configuration_asks(is_asked_for: bool) -> None:  # noqa: FBT001
    """webhook.ending_parameters: without it the callback is the contract's to the letter."""
    board = Switchboard(settings=CallSettings(ending_parameters=is_asked_for))
    await outgoing(board, Script(talk=4.0))
    await settle()
    more = [[name for name in one.parameters if name.startswith("Offhook")] for one in board.app.callbacks]
    assert not any(more[:-1])
    assert ("OffhookEndReason" in more[-1]) is is_asked_for
    if is_asked_for:
        assert board.app.callbacks[-1].parameters["OffhookEndReason"] == "callee-hung-up"


@virtual_time
async def test_the_first_reason_counts() -> None:
    """A BYE that crosses ours does not make the caller the one who hung up."""
    board = Switchboard()
    board.signalling.script(":phone@", Script(answers_bye=False))
    record = await board.place(TALK)
    await advance(3)
    session = board.signalling.open_sessions[0].session
    supervision = board.exchange.registry.find(record.sid)
    assert supervision is not None
    supervision.call.hang_up(EndReason.REST_ENDED)
    supervision.call.hang_up(EndReason.SHUTDOWN)
    board.signalling.hang_up(session)
    found = await board.over(record.sid)
    assert told(found)[:2] == (EndReason.REST_ENDED, "platform")
