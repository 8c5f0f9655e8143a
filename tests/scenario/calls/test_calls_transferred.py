"""REFER from one of two who are joined: blind to referUrl, attended by Replaces, and refused when it may not be."""

import asyncio

import pytest

from offhook.calls.events import SessionId
from offhook.model.call import CallRecord, CallStatus
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard
from offhook.testing.webapp import Failure

AGENT, DESK = "<Sip>sip:agent@192.0.2.8</Sip>", "<Sip>sip:desk@192.0.2.9</Sip>"
TARGET = "sip:desk@192.0.2.9?X-Reason=billing"


async def joined(dial: str = 'referUrl="/refer"') -> tuple[Switchboard, SessionId, SessionId]:
    """A caller who talks to an agent; the sessions of both."""
    board = Switchboard()
    board.app.serve("/voice", f'<Response><Dial action="/done" {dial}>{AGENT}</Dial></Response>')
    board.app.serve("/done", "<Response/>")
    board.app.serve("/refer", f"<Response><Dial>{DESK}</Dial></Response>")
    board.answer_number_with("/voice")
    caller = board.call_in()
    await advance(5)
    return board, caller, board.signalling.session_to("agent").session


def are_joined(board: Switchboard, one: SessionId, other: SessionId) -> bool:
    """Whether two sessions hear each other."""
    return board.plane.connected(board.port_of(one)) == board.port_of(other)


def parent_of(board: Switchboard) -> CallRecord:
    """The call that came in."""
    return board.records()[0]


# --- blind -----------------------------------------------------------------------------------------------------------


@virtual_time
async def test_an_agent_passes_the_caller_on() -> None:
    """The caller goes on with the document of referUrl, the agent is told that it worked and is hung up."""
    board, caller, agent = await joined()
    board.signalling.refer_in(agent, TARGET, headers=(("X-Case", "17"), ("Subject", "no")))
    await advance(5)
    heard = board.signalling.log.index(f"< REFER {agent}")
    assert board.signalling.log[heard : heard + 5] == [
        f"< REFER {agent}",
        f"> 202 to REFER {agent}",
        f"> NOTIFY 100 {agent}",
        f"> NOTIFY 200 {agent}",
        f"> BYE {agent}",
    ]
    assert are_joined(board, caller, board.signalling.session_to("desk").session)
    (request,) = board.app.asked("/refer")
    assert request.purpose == "refer"
    assert request.parameters["ReferTransferTarget"] == TARGET
    assert request.parameters["SipHeader_X-Case"] == "17"
    assert "SipHeader_Subject" not in request.parameters
    assert request.parameters["CallSid"] == parent_of(board).sid
    board.signalling.hang_up(caller)
    await board.all_over()
    assert board.app.asked("/done") == []
    assert [record.status for record in board.records()] == [CallStatus.COMPLETED] * 3
    assert f"asked to transfer to {TARGET}" in board.timeline.summaries(board.children()[0].sid, Kind.LEG)


@pytest.mark.parametrize("refer_url", ["", 'referUrl="/refer"'])
@virtual_time
async def test_an_agent_who_answers_and_asks_in_one_breath(refer_url: str) -> None:
    """As machines do: the REFER that comes before the two are joined is judged when they are."""
    board = Switchboard()
    board.app.serve("/voice", f"<Response><Dial {refer_url}>{AGENT}</Dial></Response>")
    board.app.serve("/refer", f"<Response><Dial>{DESK}</Dial></Response>")
    board.answer_number_with("/voice")
    caller = board.call_in()
    await advance(0.5)
    agent = board.signalling.session_to("agent").session
    asyncio.get_running_loop().call_later(0.5, board.signalling.refer_in, agent, TARGET)
    await advance(5)
    log = board.signalling.log
    assert log[log.index(f"< 200 {agent}") + 1] == f"< REFER {agent}"
    other = board.signalling.session_to("desk" if refer_url else "agent").session
    assert f"> {202 if refer_url else 603} to REFER {agent}" in log
    assert are_joined(board, caller, other)
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_a_caller_passes_the_agent_on() -> None:
    """The other way round: the callee goes on with the document, the caller's leg ends."""
    board, caller, agent = await joined()
    board.signalling.refer_in(caller, TARGET)
    await advance(5)
    assert are_joined(board, agent, board.signalling.session_to("desk").session)
    child = board.children()[0]
    assert board.app.asked("/refer")[0].parameters["CallSid"] == child.sid
    assert parent_of(board).status is CallStatus.COMPLETED
    board.signalling.hang_up(agent)
    await board.all_over()


@virtual_time
async def test_without_refer_url_a_transfer_is_refused() -> None:
    """Contract 1 §3.1: 13802, and the two go on talking."""
    board, caller, agent = await joined("")
    board.signalling.refer_in(agent, TARGET)
    await advance(1)
    assert f"> 603 to REFER {agent}" in board.signalling.log
    assert are_joined(board, caller, agent)
    assert board.store.codes(board.children()[0].sid) == [13802]
    board.signalling.hang_up(agent)
    await board.all_over()
    assert board.app.asked("/done")[0].parameters["DialBridged"] == "true"


@virtual_time
async def test_a_transfer_of_a_call_that_is_not_joined_is_refused() -> None:
    """There is nobody to pass on: 32218."""
    board = Switchboard()
    board.app.serve("/voice", '<Response><Say>hello</Say><Pause length="60"/></Response>')
    board.answer_number_with("/voice")
    caller = board.call_in()
    await advance(1)
    board.signalling.refer_in(caller, TARGET)
    await advance(1)
    assert f"> 603 to REFER {caller}" in board.signalling.log
    assert board.store.codes(parent_of(board).sid) == [32218]
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_a_refer_url_that_fails_leaves_the_caller_to_the_fallback() -> None:
    """Without answerOnBridge the agent is gone by then: it is a failed document like any other."""
    board, _, agent = await joined()
    board.app.serve("/refer", Failure())
    board.signalling.refer_in(agent, TARGET)
    await board.all_over()
    assert board.store.codes(parent_of(board).sid) == [11200]
    assert len(board.voice.spoken) == 1


# --- with answerOnBridge the agent stays until somebody answers -------------------------------------------------------


@virtual_time
async def test_with_answer_on_bridge_the_agent_leaves_when_the_desk_answers() -> None:
    """The transfer has worked then, and not before."""
    board, caller, agent = await joined('referUrl="/refer" answerOnBridge="true"')
    board.signalling.refer_in(agent, TARGET)
    await advance(0.5)
    assert f"> NOTIFY 200 {agent}" not in board.signalling.log
    assert agent in [session.session for session in board.signalling.open_sessions]
    await advance(3)
    log = board.signalling.log
    assert log.index(f"> NOTIFY 200 {agent}") < log.index(f"> BYE {agent}")
    assert are_joined(board, caller, board.signalling.session_to("desk").session)
    board.signalling.hang_up(caller)
    await board.all_over()


FAILURES = [
    ("the desk is busy", f"<Response><Dial>{DESK}</Dial></Response>"),
    ("referUrl cannot be had", Failure()),
    ("the document calls nobody", "<Response><Pause/></Response>"),
]


@pytest.mark.parametrize(("_case", "answer"), FAILURES, ids=[row[0] for row in FAILURES])
@virtual_time
async def test_with_answer_on_bridge_a_failed_transfer_brings_the_two_together_again(
    _case: str, answer: str | Failure
) -> None:
    """The agent is told 503 and has the caller back; nobody hears an apology."""
    board, caller, agent = await joined('referUrl="/refer" answerOnBridge="true"')
    board.app.serve("/refer", answer)
    board.signalling.script(":desk@", Script(answer_after=1, refuse_with=486))
    board.signalling.refer_in(agent, TARGET)
    await advance(5)
    assert f"> NOTIFY 503 {agent}" in board.signalling.log
    assert are_joined(board, caller, agent)
    assert board.voice.spoken == []
    board.signalling.hang_up(agent)
    await board.all_over()
    assert board.app.asked("/done")[0].parameters["DialCallStatus"] == "completed"


@virtual_time
async def test_a_caller_who_hangs_up_during_an_attempt_ends_everything() -> None:
    """No leg is left waiting for a transfer that cannot come."""
    board, caller, agent = await joined('referUrl="/refer" answerOnBridge="true"')
    board.signalling.script(":desk@", Script(answer_after=None))
    board.signalling.refer_in(agent, TARGET)
    await advance(2)
    board.signalling.hang_up(caller)
    await board.all_over()
    assert len(board.app.asked("/done")) == 1


@virtual_time
async def test_an_agent_who_hangs_up_during_an_attempt_does_not_end_it() -> None:
    """It was to leave anyway."""
    board, caller, agent = await joined('referUrl="/refer" answerOnBridge="true"')
    board.signalling.script(":desk@", Script(answer_after=3))
    board.signalling.refer_in(agent, TARGET)
    await advance(2)
    board.signalling.hang_up(agent)
    await advance(3)
    assert are_joined(board, caller, board.signalling.session_to("desk").session)
    board.signalling.hang_up(caller)
    await board.all_over()


# --- attended --------------------------------------------------------------------------------------------------------


async def consulting(agent_calls: str) -> tuple[Switchboard, dict[str, SessionId]]:
    """A caller is joined to the agent, who is joined to the desk in a second call; the sessions by who is at their end.

    `agent_calls` says who called whom: the agent each time ("both"), the caller and then the agent ("second"), the
    agent and then the desk ("first"), or the others each time ("none").
    """
    board = Switchboard()
    board.answer_number_with("/voice")
    sessions: dict[str, SessionId] = {}
    for other, agent, by_agent in (
        ("caller", "agent one", agent_calls in {"both", "first"}),
        ("desk", "agent two", agent_calls in {"both", "second"}),
    ):
        inside, outside = (agent, other) if by_agent else (other, agent)
        name = outside.replace(" ", "-")
        board.app.serve("/voice", f'<Response><Dial action="/done"><Sip>sip:{name}@192.0.2.9</Sip></Dial></Response>')
        sessions[inside] = board.call_in()
        await advance(5)
        sessions[outside] = board.signalling.session_to(f":{name}@").session
    board.app.serve("/done", "<Response><Pause/></Response>")
    return board, sessions


@pytest.mark.parametrize("agent_calls", ["both", "first", "second", "none"])
@pytest.mark.parametrize("who_leaves", ["caller", "desk"])
@virtual_time
async def test_an_attended_transfer_joins_the_two_far_ends(agent_calls: str, who_leaves: str) -> None:
    """RFC 5589 §7: the agent's two calls end, the caller and the desk hear each other until one of them leaves."""
    board, sessions = await consulting(agent_calls)
    assert are_joined(board, sessions["caller"], sessions["agent one"])
    assert are_joined(board, sessions["desk"], sessions["agent two"])
    board.signalling.refer_in(sessions["agent one"], "sip:desk@192.0.2.100?Replaces=x", replaces=sessions["agent two"])
    await advance(30)
    assert f"> NOTIFY 200 {sessions['agent one']}" in board.signalling.log
    assert {session.session for session in board.signalling.open_sessions} == {sessions["caller"], sessions["desk"]}
    assert are_joined(board, sessions["caller"], sessions["desk"])
    board.signalling.hang_up(sessions[who_leaves])
    await board.all_over()
    assert {record.status for record in board.records()} == {CallStatus.COMPLETED}


@virtual_time
async def test_after_an_attended_transfer_the_callers_action_is_asked() -> None:
    """The <Dial> of a caller who is passed on goes on with the new partner."""
    board, sessions = await consulting("second")
    board.signalling.refer_in(sessions["agent one"], "sip:desk@x?Replaces=y", replaces=sessions["agent two"])
    await advance(30)
    assert [request.parameters["CallSid"] for request in board.app.asked("/done")] != [parent_of(board).sid]
    board.signalling.hang_up(sessions["desk"])
    await board.all_over()
    assert parent_of(board).sid in [request.parameters["CallSid"] for request in board.app.asked("/done")]


@virtual_time
async def test_an_attended_transfer_to_a_call_without_a_partner_is_refused() -> None:
    """A call that only hears a document has no far end to be joined to."""
    board, caller, agent = await joined()
    board.app.serve("/voice", '<Response><Say>hello</Say><Pause length="60"/></Response>')
    lonely = board.call_in()
    await advance(2)
    board.signalling.refer_in(agent, "sip:desk@x?Replaces=y", replaces=lonely)
    await advance(1)
    assert f"> 603 to REFER {agent}" in board.signalling.log
    assert are_joined(board, caller, agent)
    for session in (caller, lonely):
        board.signalling.hang_up(session)
    await board.all_over()


# --- INVITE with Replaces --------------------------------------------------------------------------------------------


@virtual_time
async def test_an_invite_with_replaces_takes_the_place_of_a_leg() -> None:
    """RFC 3891: the call, its SID and its media port go on, the old session is hung up."""
    board, caller, agent = await joined()
    child = board.children()[0]
    port = board.port_of(agent)
    taken = board.signalling.call_in("sip:offhook@192.0.2.100", replaces=agent)
    await advance(1)
    assert f"> 200 {taken}" in board.signalling.log
    assert f"> BYE {agent}" in board.signalling.log
    assert board.port_of(taken) == port
    assert are_joined(board, caller, taken)
    assert board.store.record(child.sid).sip_call_id == f"in-{taken}@192.0.2.7"
    assert board.timeline.links[f"in-{taken}@192.0.2.7"] == child.sid
    assert len(board.records()) == 2
    board.signalling.hang_up(taken)
    await board.all_over()
    assert board.app.asked("/done")[0].parameters["DialSipResponseCode"] == "200"


@virtual_time
async def test_replaces_from_a_source_that_may_not_call_is_refused() -> None:
    """Whoever may not call may not take over either."""
    board, caller, agent = await joined()
    stranger = board.signalling.call_in("sip:offhook@192.0.2.100", replaces=agent, source_host="198.51.100.9")
    await advance(1)
    assert f"> 403 {stranger}" in board.signalling.log
    assert are_joined(board, caller, agent)
    board.signalling.hang_up(caller)
    await board.all_over()


@virtual_time
async def test_replaces_of_a_leg_that_is_gone_is_refused() -> None:
    """481 (RFC 3891 §3)."""
    board, _, agent = await joined()
    board.signalling.hang_up(agent)
    late = board.signalling.call_in("sip:offhook@192.0.2.100", replaces=agent)
    await advance(1)
    assert f"> 481 {late}" in board.signalling.log
    await board.all_over()
