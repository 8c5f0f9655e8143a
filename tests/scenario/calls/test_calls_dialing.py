"""<Dial> from end to end: who is rung, who is joined, what is heard meanwhile, and what the action is told."""

import pytest

from offhook.calls.ports import ProgramStart
from offhook.model.call import CallRecord, CallStatus, WebhookTarget
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import ACCOUNT, Switchboard

ONE, TWO = "<Sip>sip:one@192.0.2.8</Sip>", "<Sip>sip:two@192.0.2.9</Sip>"


def caller_dials(dial: str, rest: str = "", **scripts: Script) -> Switchboard:
    """A switchboard whose number dials; the scripts are those of the peers one and two."""
    board = Switchboard()
    for name, script in scripts.items():
        board.signalling.script(f":{name}@", script)
    board.app.serve("/voice", f"<Response>{dial}{rest}</Response>")
    board.app.serve("/done", "<Response/>")
    board.answer_number_with("/voice")
    return board


def told(board: Switchboard) -> dict[str, str]:
    """What the action was told of the dial."""
    (request,) = board.app.asked("/done")
    return {name: value for name, value in request.parameters.items() if name.startswith(("Dial", "Error"))}


def child_of(board: Switchboard) -> CallRecord:
    """The one dialed call."""
    (child,) = board.children()
    return child


@virtual_time
async def test_an_answered_dial_is_joined_until_the_callee_hangs_up() -> None:
    """The caller is answered first, hears ringing, then the callee; the action gets the headers of the BYE."""
    script = Script(talk=30, headers=(("X-In-200", "a"),), bye_headers=(("X-Wrap-Up", "sold"), ("Reason", "no")))
    board = caller_dials(f'<Dial action="/done">{ONE}</Dial>', one=script)
    session = board.call_in()
    await advance(0.5)
    assert [played.country for played in board.plane.ports[board.port_of(session)].played] == ["us"]
    await advance(10)
    other = board.signalling.session_to("one").session
    assert board.plane.connected(board.port_of(session)) == board.port_of(other)
    await board.all_over()
    child = child_of(board)
    assert told(board) == {
        "DialCallStatus": "completed",
        "DialCallSid": child.sid,
        "DialCallDuration": "30",
        "DialBridged": "true",
        "DialSipCallId": "out-2@192.0.2.100",
        "DialSipResponseCode": "200",
        "DialSipHeader_X-Wrap-Up": "sold",
    }
    assert child.parent_call_sid == board.records()[0].sid
    assert child.ended_by == "callee"


@virtual_time
async def test_without_an_action_the_next_verb_runs() -> None:
    """The parent goes on in its document when the callee is gone."""
    board = caller_dials(f"<Dial>{ONE}</Dial>", "<Say>goodbye</Say>", one=Script(talk=5))
    board.call_in()
    await board.all_over()
    assert [spoken.text for spoken in board.voice.spoken] == ["goodbye"]


REFUSALS = [
    (Script(answer_after=1, refuse_with=486, headers=(("X-Why", "meeting"),)), "busy", "486"),
    (Script(answer_after=1, refuse_with=404), "failed", "404"),
    (Script(answer_after=1, refuse_with=603), "no-answer", "603"),
    (Script(answer_after=None), "no-answer", "487"),
]


@pytest.mark.parametrize(("script", "status", "code"), REFUSALS, ids=[row[2] for row in REFUSALS])
@virtual_time
async def test_a_failed_dial_tells_why(script: Script, status: str, code: str) -> None:
    """Contract 1 §3.6, with the X- headers of the refusal."""
    board = caller_dials(f'<Dial action="/done" timeout="10">{ONE}</Dial>', one=script)
    board.call_in()
    await board.all_over()
    parameters = told(board)
    assert (parameters["DialCallStatus"], parameters["DialSipResponseCode"]) == (status, code)
    assert parameters["DialBridged"] == "false"
    assert ("DialSipHeader_X-Why" in parameters) == (code == "486")


@virtual_time
async def test_the_first_to_answer_wins_and_the_others_are_canceled() -> None:
    """Parallel is the default."""
    board = caller_dials(
        f'<Dial action="/done">{ONE}{TWO}</Dial>', one=Script(answer_after=5), two=Script(answer_after=2, talk=3)
    )
    board.call_in()
    await board.all_over()
    one, two = board.children()
    assert (one.status, two.status) == (CallStatus.CANCELED, CallStatus.COMPLETED)
    assert told(board)["DialCallSid"] == two.sid
    assert "> CANCEL 2" in board.signalling.log


@virtual_time
async def test_one_refusal_does_not_stop_the_others() -> None:
    """The dial goes on while anybody still rings."""
    board = caller_dials(
        f'<Dial action="/done">{ONE}{TWO}</Dial>',
        one=Script(answer_after=1, refuse_with=486),
        two=Script(answer_after=4, talk=3),
    )
    board.call_in()
    await board.all_over()
    assert told(board)["DialCallStatus"] == "completed"


@virtual_time
async def test_busy_is_reported_when_everybody_fails() -> None:
    """Of several failures the one that tells the caller most."""
    board = caller_dials(
        f'<Dial action="/done">{ONE}{TWO}</Dial>',
        one=Script(answer_after=2, refuse_with=503),
        two=Script(answer_after=1, refuse_with=486),
    )
    board.call_in()
    await board.all_over()
    assert told(board)["DialCallStatus"] == "busy"


@virtual_time
async def test_sequential_rings_one_after_the_other() -> None:
    """The second is called when the first has refused; its time begins then."""
    board = caller_dials(
        f'<Dial action="/done" sequential="true" timeout="10">{ONE}{TWO}</Dial>',
        one=Script(answer_after=None),
        two=Script(answer_after=2, talk=3),
    )
    board.call_in()
    await board.all_over()
    assert [line for line in board.signalling.log if "INVITE" in line or "487" in line] == [
        "< INVITE 1",
        "> INVITE 2",
        "< 487 2",
        "> INVITE 3",
    ]
    assert told(board)["DialCallStatus"] == "completed"


@virtual_time
async def test_answer_on_bridge_keeps_the_caller_ringing() -> None:
    """The 200 to the caller waits until the callee is there."""
    board = caller_dials(f'<Dial action="/done" answerOnBridge="true">{ONE}</Dial>', one=Script(answer_after=6, talk=3))
    board.call_in()
    await advance(5)
    assert "> 200 1" not in board.signalling.log
    await board.all_over()
    log = board.signalling.log
    assert log.index("< 200 2") < log.index("> 200 1")
    assert board.records()[0].duration == 3


@virtual_time
async def test_answer_on_bridge_that_fails_leaves_the_caller_unanswered() -> None:
    """No action, nobody answered: the inbound leg ends without a 200."""
    board = caller_dials(f'<Dial answerOnBridge="true">{ONE}</Dial>', one=Script(answer_after=1, refuse_with=486))
    board.call_in()
    await board.all_over()
    assert "> 200 1" not in board.signalling.log
    assert board.records()[0].duration == 0


@virtual_time
async def test_the_time_limit_of_the_dial_ends_the_child_only() -> None:
    """The parent goes on with its document."""
    board = caller_dials(f'<Dial timeLimit="20">{ONE}</Dial>', "<Say>goodbye</Say>")
    board.call_in()
    await board.all_over()
    assert child_of(board).duration == 20
    assert [spoken.text for spoken in board.voice.spoken] == ["goodbye"]


@virtual_time
async def test_a_star_of_the_caller_hangs_the_callee_up() -> None:
    """hangupOnStar: other keys and the callee's star do nothing; the dial is completed."""
    board = caller_dials(f'<Dial action="/done" hangupOnStar="true">{ONE}</Dial>')
    session = board.call_in()
    await advance(5)
    other = board.signalling.session_to("one").session
    board.plane.press(board.port_of(other), "*")
    board.plane.press(board.port_of(session), "1#")
    await advance(5)
    assert board.signalling.log[-1] == "< 200 2"
    board.plane.press(board.port_of(session), "*")
    await board.all_over()
    assert told(board)["DialCallStatus"] == "completed"
    assert child_of(board).duration == 9


@virtual_time
async def test_a_screened_callee_is_joined_after_the_document() -> None:
    """The callee hears the screening document alone; the caller hears ringing; then they are joined."""
    noun = '<Sip url="/screen">sip:one@192.0.2.8</Sip>'
    board = caller_dials(f'<Dial action="/done">{noun}</Dial>', one=Script(talk=30, headers=(("X-Agent", "ann"),)))
    board.app.serve("/screen", '<Response><Pause length="4"/></Response>')
    session = board.call_in()
    await advance(3)
    assert board.plane.connected(board.port_of(session)) is None
    await advance(5)
    assert board.plane.connected(board.port_of(session)) is not None
    await board.all_over()
    (request,) = board.app.asked("/screen")
    assert request.parameters["CallSid"] == child_of(board).sid
    assert request.parameters["ParentCallSid"] == board.records()[0].sid
    assert request.parameters["SipHeader_X-Agent"] == "ann"
    assert told(board)["DialBridged"] == "true"


@virtual_time
async def test_a_callee_refused_by_screening_is_not_joined() -> None:
    """Hangup in the screening document ends the dial for this leg."""
    noun = '<Sip url="/screen">sip:one@192.0.2.8</Sip>'
    board = caller_dials(f'<Dial action="/done">{noun}</Dial>')
    board.app.serve("/screen", "<Response><Hangup/></Response>")
    board.call_in()
    await board.all_over()
    parameters = told(board)
    assert parameters["DialBridged"] == "false"
    assert child_of(board).status is CallStatus.COMPLETED


@virtual_time
async def test_a_caller_who_hangs_up_while_it_rings_cancels_the_callee() -> None:
    """The action is still asked (contract 1 §3.4), its answer ignored."""
    board = caller_dials(f'<Dial action="/done">{ONE}</Dial>', one=Script(answer_after=None))
    board.app.serve("/done", "<Response><Say>never</Say></Response>")
    session = board.call_in()
    await advance(5)
    board.signalling.hang_up(session)
    await board.all_over()
    assert child_of(board).status is CallStatus.CANCELED
    assert told(board)["DialCallStatus"] == "canceled"
    assert board.app.asked("/done")[0].parameters["CallStatus"] == "completed"
    assert board.voice.spoken == []


@virtual_time
async def test_a_caller_who_hangs_up_while_talking_ends_the_callee() -> None:
    """BYE goes to the callee, whose 200 brings the headers for the action."""
    board = caller_dials(f'<Dial action="/done">{ONE}</Dial>', one=Script(bye_headers=(("X-Note", "n"),)))
    session = board.call_in()
    await advance(11)
    board.signalling.hang_up(session)
    await board.all_over()
    parameters = told(board)
    assert parameters["DialCallStatus"] == "completed"
    assert parameters["DialCallDuration"] == "10"
    assert parameters["DialSipHeader_X-Note"] == "n"


@virtual_time
async def test_the_status_callbacks_of_a_child_come_in_order() -> None:
    """Each noun has its own subscription; SequenceNumber counts from 0."""
    noun = (
        '<Sip statusCallback="/kid" statusCallbackEvent="initiated ringing answered completed">sip:one@192.0.2.8</Sip>'
    )
    board = caller_dials(f"<Dial>{noun}</Dial>", one=Script(talk=5))
    board.call_in()
    await board.all_over()
    child = child_of(board)
    assert board.app.told(child.sid) == ["initiated", "ringing", "in-progress", "completed"]
    kids = [request for request in board.app.callbacks if request.call_sid == child.sid]
    assert [request.parameters["SequenceNumber"] for request in kids] == ["0", "1", "2", "3"]
    assert {request.target.url for request in kids} == {"http://app.test/kid"}


@virtual_time
async def test_a_child_that_rest_takes_away_lives_on() -> None:
    """Redirecting the callee ends the parent's dial without a duration; the child runs its own document."""
    board = caller_dials(f'<Dial action="/done">{ONE}</Dial>')
    board.app.serve("/own", '<Response><Pause length="40"/></Response>')
    board.call_in()
    await advance(10)
    child = child_of(board)
    start = ProgramStart(document=WebhookTarget(url=board.app.url("/own")))
    await board.exchange.redirect(ACCOUNT, child.sid, start)
    await board.all_over()
    parameters = told(board)
    assert parameters["DialCallStatus"] == "completed"
    assert "DialCallDuration" not in parameters
    assert child_of(board).duration == 49


@virtual_time
async def test_a_parent_that_rest_takes_away_leaves_its_dial() -> None:
    """The new document runs; the callee is hung up, and no action is asked."""
    board = caller_dials(f'<Dial action="/done">{ONE}</Dial>')
    board.call_in()
    await advance(10)
    parent = board.records()[0]
    board.app.serve("/own", "<Response><Say>hello again</Say></Response>")
    await board.exchange.redirect(ACCOUNT, parent.sid, ProgramStart(document=WebhookTarget(url=board.app.url("/own"))))
    await board.all_over()
    assert child_of(board).status is CallStatus.COMPLETED
    assert board.app.asked("/done") == []
    assert [spoken.text for spoken in board.voice.spoken] == ["hello again"]


@virtual_time
async def test_an_unknown_edge_in_the_uri_is_told_and_does_not_hang() -> None:
    """A target that cannot be called fails the dial."""
    board = caller_dials('<Dial action="/done"><Sip>not a uri</Sip></Dial>')
    board.call_in()
    await board.all_over()
    assert told(board)["DialCallStatus"] == "failed"
    assert "ErrorCode" in told(board)
