"""3xx answers of a callee: which of their Contacts are called, and what a redirection that leads nowhere comes to."""

import pytest

from offhook.calls.redirects import RedirectRules
from offhook.calls.world import CallSettings
from offhook.model.call import CallRecord, CallStatus
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, virtual_time
from offhook.testing.signalling import Script
from offhook.testing.switchboard import Switchboard

FIRST = "sip:first@192.0.2.8"
HELLO = "<Response><Say>hello</Say></Response>"


def moved(*contacts: str, code: int = 302) -> Script:
    """A callee who is elsewhere."""
    return Script(ring_after=None, answer_after=0.5, refuse_with=code, redirect_to=contacts)


async def call(board: Switchboard, to: str = FIRST) -> CallRecord:
    """Place a call and wait for its end."""
    record = await board.place(HELLO, to=to)
    await board.all_over()
    return board.store.record(record.sid)


def steps(board: Switchboard, record: CallRecord) -> list[str]:
    """What the timeline says of the leg."""
    return board.timeline.summaries(record.sid, Kind.LEG)


@virtual_time
async def test_the_best_contact_is_called_in_the_same_session() -> None:
    """RFC 3261 §8.1.3.4: the call goes on there, and is one call all the while."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9;transport=tcp?X-A=b", "sip:third@192.0.2.9"))
    record = await call(board)
    assert record.status is CallStatus.COMPLETED
    assert board.signalling.log[:4] == ["> INVITE 1", "< 302 1", "> INVITE 1", "< 180 1"]
    assert board.signalling.session_to("second").target == "sip:second@192.0.2.9;transport=tcp"
    assert steps(board, record) == ["302: redirected to sip:second@192.0.2.9;transport=tcp"]


@virtual_time
async def test_the_next_contact_is_called_when_the_first_refuses() -> None:
    """In the order of preference; each step is on the timeline, and the record has the Call-ID that counts."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9", "sip:third@192.0.2.9"))
    board.signalling.script(":second@", Script(answer_after=0.2, refuse_with=486))
    record = await call(board)
    assert record.status is CallStatus.COMPLETED
    assert record.sip_call_id == "out-2@192.0.2.100"
    assert board.timeline.links["out-2@192.0.2.100"] == record.sid
    assert steps(board, record) == [
        "302: redirected to sip:second@192.0.2.9",
        "486: the next contact is sip:third@192.0.2.9",
    ]


@virtual_time
async def test_the_last_refusal_is_the_calls() -> None:
    """When nobody takes the call, the last Contact's answer decides."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9", "sip:third@192.0.2.9"))
    board.signalling.script(":second@", Script(answer_after=0.2, refuse_with=404))
    board.signalling.script(":third@", Script(answer_after=0.2, refuse_with=486))
    record = await call(board)
    assert (record.status, record.sip_response_code, record.error_code) == (CallStatus.BUSY, 486, None)


@virtual_time
async def test_a_global_failure_ends_the_search() -> None:
    """RFC 3261 §21.6: a 6xx speaks for the callee wherever they are."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9", "sip:third@192.0.2.9"))
    board.signalling.script(":second@", Script(answer_after=0.2, refuse_with=603))
    record = await call(board)
    assert (record.status, record.sip_response_code) == (CallStatus.NO_ANSWER, 603)
    assert board.signalling.log.count("> INVITE 1") == 2
    assert "> INVITE 2" not in board.signalling.log


REFUSED = [
    ("tel:+15550001", "is no SIP URI"),
    ("mailto:a@b", "is no SIP URI"),
    ("sip:first@192.0.2.8", "was called already"),
    ("sip:bob@demo.sip.localhost", "is a SIP Domain here"),
    ("sip:bob@SIP.localhost", "is a SIP Domain here"),
]


@pytest.mark.parametrize(("contact", "why"), REFUSED, ids=[row[0] for row in REFUSED])
@virtual_time
async def test_a_contact_that_may_not_be_called(contact: str, why: str) -> None:
    """Contract 1 §2.7: 32219, and the 3xx is what the call came to."""
    board = Switchboard()
    board.signalling.script(":first@", moved(contact))
    record = await call(board)
    assert (record.status, record.sip_response_code) == (CallStatus.FAILED, 302)
    assert record.error_code == 32219
    assert why in (record.error_message or "")
    assert board.store.codes(record.sid) == [32219]


@virtual_time
async def test_a_redirection_without_contacts_is_refused() -> None:
    """There is nowhere to go."""
    board = Switchboard()
    board.signalling.script(":first@", moved("<>", code=301))
    assert (await call(board)).error_code == 32219


@virtual_time
async def test_a_contact_that_may_not_be_called_is_passed_over_for_the_next() -> None:
    """One bad Contact does not spoil the others; why it was left out is on the timeline."""
    board = Switchboard()
    board.signalling.script(":first@", moved("tel:+15550001", "sip:third@192.0.2.9"))
    record = await call(board)
    assert record.status is CallStatus.COMPLETED
    assert steps(board, record)[0] == "not redirected: tel:+15550001 is no SIP URI"
    assert board.store.codes(record.sid) == []


@virtual_time
async def test_no_more_redirections_than_the_limit() -> None:
    """A chain that never ends does: the settings say after how many."""
    board = Switchboard(settings=CallSettings(redirects=RedirectRules(limit=3)))
    for number in range(9):
        board.signalling.script(f":p{number}@", moved(f"sip:p{number + 1}@192.0.2.8"))
    record = await call(board, to="sip:p0@192.0.2.8")
    assert board.signalling.log.count("> INVITE 1") == 4
    assert record.error_code == 32219
    assert "more than 3 redirections" in (record.error_message or "")


@virtual_time
async def test_none_are_followed_when_the_limit_is_zero() -> None:
    """An operator may turn it off."""
    board = Switchboard(settings=CallSettings(redirects=RedirectRules(limit=0)))
    board.signalling.script(":first@", moved("sip:second@192.0.2.9"))
    assert (await call(board)).error_code == 32219


@virtual_time
async def test_a_loop_is_not_entered() -> None:
    """Two who point at each other are each called once."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9"))
    board.signalling.script(":second@", moved("sip:first@192.0.2.8"))
    record = await call(board)
    assert board.signalling.log.count("> INVITE 1") == 2
    assert record.error_code == 32219


@pytest.mark.parametrize(
    "contact",
    ["sip:a@127.0.0.1", "sip:a@[::1]", "sip:a@[fd00::1]", "sip:a@10.1.2.3", "sip:a@localhost", "sip:a@0.0.0.0"],
)
@virtual_time
async def test_private_addresses_by_policy(contact: str) -> None:
    """Followed where private peers are the usual case, refused where a stranger's 3xx must not lead inside."""
    for allows, code in ((True, None), (False, 32219)):
        board = Switchboard(settings=CallSettings(redirects=RedirectRules(allows_private=allows)))
        board.signalling.script(":first@", moved(contact))
        assert (await call(board)).error_code == code


SECURE = [
    ("sip:second@192.0.2.9", 32219, ""),
    ("sip:second@192.0.2.9;transport=tcp", 32219, ""),
    ("sips:second@192.0.2.9", None, "sip:second@192.0.2.9;transport=tls"),
    ("sip:second@192.0.2.9;transport=TLS", None, "sip:second@192.0.2.9;transport=TLS"),
]


@pytest.mark.parametrize("to", [f"{FIRST};secure=true", f"{FIRST};transport=tls"])
@pytest.mark.parametrize(("contact", "code", "target"), SECURE, ids=[row[0] for row in SECURE])
@virtual_time
async def test_a_secure_call_stays_secure(to: str, contact: str, code: int | None, target: str) -> None:
    """Nobody can redirect a call that asked for TLS to where there is none."""
    board = Switchboard()
    board.signalling.script(":first@", moved(contact))
    assert (await call(board, to=to)).error_code == code
    if target:
        assert board.signalling.session_to("second").target == target


@virtual_time
async def test_hanging_up_while_a_contact_rings() -> None:
    """The end of the call ends the search, too."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9", "sip:third@192.0.2.9"))
    board.signalling.script(":second@", Script(answer_after=None))
    record = await board.place(HELLO, to=FIRST)
    await advance(2)
    await board.exchange.cancel(record.account_sid, record.sid)
    await board.all_over()
    assert board.store.record(record.sid).status is CallStatus.CANCELED
    assert "> INVITE 2" not in board.signalling.log


@virtual_time
async def test_ring_time_is_for_the_whole_search() -> None:
    """Redirections do not begin it anew."""
    board = Switchboard()
    board.signalling.script(":first@", moved("sip:second@192.0.2.9"))
    board.signalling.script(":second@", Script(answer_after=None))
    record = await board.place(HELLO, to=FIRST, timeout=10.0)
    await advance(14.9)
    assert not board.store.record(record.sid).status.is_final
    await advance(0.5)
    assert board.store.record(record.sid).status is CallStatus.NO_ANSWER
    await board.all_over()
