"""<Refer> from end to end: the REFER, its NOTIFYs, and what the action is told (contract 2 §1.11)."""

import pytest

from offhook.calls.events import SessionId
from offhook.calls.world import CallSettings
from offhook.testing.clock import advance, elapsed, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard

REFER = '<Refer action="/referred"><Sip>sip:desk@192.0.2.9?X-Acct=17</Sip></Refer>'
TO = "sip:phone@192.0.2.8"


def switchboard(script: Script, document: str = REFER) -> Switchboard:
    """A phone that takes REFER by this script."""
    board = Switchboard()
    board.signalling.script(":phone@", script)
    board.app.serve("/voice", f"<Response>{document}</Response>")
    board.app.serve("/referred", "<Response><Say>still here</Say></Response>")
    return board


def told(board: Switchboard) -> dict[str, str]:
    """What the action was told of the transfer."""
    (request,) = board.app.asked("/referred")
    return {name: value for name, value in request.parameters.items() if "Refer" in name or "Notify" in name}


TABLE = [
    ("the target answers", Script(), {"status": "in-progress", "refer": "202", "notify": "200"}),
    (
        "the target is busy",
        Script(refer_progress=((0.1, 100), (0.5, 180), (2.0, 486))),
        {"status": "busy", "refer": "202", "notify": "486"},
    ),
    (
        "the target is not there",
        Script(refer_progress=((0.1, 404),)),
        {"status": "failed", "refer": "202", "notify": "404"},
    ),
    ("REFER is refused", Script(refer_answer=405), {"status": "failed", "refer": "405"}),
    ("REFER is not answered", Script(refer_answer=None, refer_progress=()), {"status": "failed", "refer": "408"}),
    ("no NOTIFY comes", Script(refer_progress=()), {"refer": "202"}),
    (
        "the NOTIFYs stop",
        Script(refer_progress=((0.1, 180),)),
        {"status": "no-answer", "refer": "202", "notify": "180"},
    ),
]


@pytest.mark.parametrize(("_case", "script", "expected"), TABLE, ids=[row[0] for row in TABLE])
@virtual_time
async def test_the_action_is_told(_case: str, script: Script, expected: dict[str, str]) -> None:
    """The table of the contract, and what it leaves out; the call goes on with the action's document."""
    board = switchboard(script)
    await board.place(board.start("/voice"), to=TO)
    await board.all_over()
    assert "> REFER 1 sip:desk@192.0.2.9?X-Acct=17" in board.signalling.log
    names = {"status": "ReferCallStatus", "refer": "ReferSipResponseCode", "notify": "NotifySipResponseCode"}
    assert told(board) == {names[short]: value for short, value in expected.items()}
    assert [spoken.text for spoken in board.voice.spoken] == ["still here"]


@virtual_time
async def test_a_party_who_hangs_up_meanwhile_cancels_it() -> None:
    """The action is asked all the same; its answer has no call to act on."""
    board = switchboard(Script(talk=2.0, refer_progress=((0.1, 180), (30.0, 200))))
    await board.place(board.start("/voice"), to=TO)
    await board.all_over()
    assert told(board) == {
        "ReferCallStatus": "canceled",
        "ReferSipResponseCode": "202",
        "NotifySipResponseCode": "180",
    }
    assert board.voice.spoken == []


@virtual_time
async def test_an_inbound_caller_can_be_referred() -> None:
    """Its call is answered first: REFER needs a dialog."""
    board = switchboard(Script())
    board.answer_number_with("/voice")
    caller = board.call_in()
    await board.all_over()
    log = board.signalling.log
    assert log.index(f"> 200 {caller}") < log.index(f"> REFER {caller} sip:desk@192.0.2.9?X-Acct=17")
    assert told(board)["ReferCallStatus"] == "in-progress"


@virtual_time
async def test_without_an_action_the_next_verb_runs_or_the_call_ends() -> None:
    """Contract 1 §6.3: as the last verb it ends the leg."""
    board = switchboard(Script(), "<Refer><Sip>sip:desk@192.0.2.9</Sip></Refer>")
    await board.place(board.start("/voice"), to=TO)
    await board.all_over()
    assert "> BYE 1" in board.signalling.log


WAITS = [(Script(refer_progress=()), 33.0), (Script(refer_progress=((0.5, 180),)), 21.5)]


@pytest.mark.parametrize(("script", "seconds"), WAITS, ids=["no NOTIFY", "no final NOTIFY"])
@virtual_time
async def test_waiting_has_an_end(script: Script, seconds: float) -> None:
    """A peer that accepts and then says nothing holds the document for a limited time."""
    board = Switchboard(settings=CallSettings(refer_limit=20.0))
    board.signalling.script(":phone@", script)
    board.app.serve("/voice", "<Response><Refer><Sip>sip:desk@192.0.2.9</Sip></Refer></Response>")
    await board.place(board.start("/voice"), to=TO)
    assert await elapsed(board.all_over()) == pytest.approx(seconds, abs=0.2)


@virtual_time
async def test_a_call_that_rest_redirects_while_it_waits() -> None:
    """The wait is abandoned like every running verb; a late NOTIFY changes nothing."""
    board = switchboard(Script(refer_progress=((20.0, 200),)))
    record = await board.place(board.start("/voice"), to=TO)
    await advance(3)
    board.app.serve("/other", '<Response><Pause length="40"/></Response>')
    await board.exchange.redirect(record.account_sid, record.sid, board.start("/other"))
    await board.all_over()
    assert board.app.asked("/referred") == []


@virtual_time
async def test_a_leg_that_is_replaced_while_it_waits() -> None:
    """Nothing comes of the REFER any more, and the document goes on all the same."""
    board = switchboard(Script(refer_answer=None, refer_progress=()), "<Refer><Sip>sip:desk@192.0.2.9</Sip></Refer>")
    board.answer_number_with("/voice")
    record = await board.place(board.start("/voice"), to=TO)
    await advance(3)
    board.signalling.call_in("sip:offhook@192.0.2.100", replaces=SessionId(1))
    assert await elapsed(board.all_over()) < 300
    assert board.store.record(record.sid).duration == pytest.approx(180, abs=1)


@virtual_time
async def test_two_refers_in_a_row_are_told_apart() -> None:
    """What came late for the first is not taken for the second."""
    document = REFER + '<Refer action="/referred"><Sip>sip:boss@192.0.2.9</Sip></Refer>'
    board = switchboard(Script(refer_answer=405), document.replace(' action="/referred"', "", 1))
    await board.place(board.start("/voice"), to=TO)
    await board.all_over()
    assert [line for line in board.signalling.log if "> REFER" in line] == [
        f"> REFER {SessionId(1)} sip:desk@192.0.2.9?X-Acct=17",
        f"> REFER {SessionId(1)} sip:boss@192.0.2.9",
    ]
    assert told(board) == {"ReferCallStatus": "failed", "ReferSipResponseCode": "405"}
