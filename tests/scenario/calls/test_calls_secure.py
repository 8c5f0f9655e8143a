"""Calls with SRTP: secure=true outbound, SIP Domains that require or refuse it, and peers that do otherwise."""

from dataclasses import replace

import pytest

from offhook.calls.admission import Directory
from offhook.calls.ports import SrtpPolicy
from offhook.calls.routing import OutboundTrunk
from offhook.model.call import CallStatus
from offhook.model.timeline import Kind
from offhook.testing.clock import advance, settle, virtual_time
from offhook.testing.peer_script import Script
from offhook.testing.switchboard import NUMBER, Switchboard

TALK = "<Response><Say>0123456789abcdef</Say></Response>"
SUITE = "AES_CM_128_HMAC_SHA1_80"
DOMAIN = "office.sip.localhost"


def _media_entries(board: Switchboard, sid: str) -> list[dict[str, object]]:
    return [
        dict(entry.detail) for entry in board.timeline.entries if entry.call_sid == sid and entry.kind is Kind.MEDIA
    ]


def _inbound(policy: SrtpPolicy, *, is_domain: bool = True) -> Switchboard:
    board = Switchboard()
    board.app.serve("/voice", TALK)
    board.answer_number_with("/voice")
    directory = board.exchange.dialplan.directory
    route = replace(directory.numbers[NUMBER], srtp=policy, needs_tls=policy is SrtpPolicy.REQUIRED)
    if is_domain:
        route = replace(route, sip_domain=DOMAIN, phone_number=None)
    known = Directory(
        networks=directory.networks, numbers={NUMBER: route}, domains={DOMAIN: route} if is_domain else {}
    )
    board.exchange.dialplan = replace(board.exchange.dialplan, directory=known)
    return board


@virtual_time
async def test_secure_calls_offer_srtp_alone() -> None:
    """secure=true: TLS, RTP/SAVP and one suite (contract 1 §2.5); the timeline says so, without a key."""
    board = Switchboard()
    record = await board.place(TALK, to="sip:phone@192.0.2.8;secure=true")
    await board.all_over()
    order = board.signalling.sessions[next(iter(board.signalling.sessions))].order
    assert order is not None
    assert order.target == "sip:phone@192.0.2.8;transport=tls"
    assert b" RTP/SAVP 0 8 101\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in order.offer
    assert order.offer.count(b"a=crypto") == 1
    assert board.store.record(record.sid).status is CallStatus.COMPLETED
    (closed,) = [entry for entry in _media_entries(board, record.sid) if entry.get("event") == "closed"]
    assert (closed["codec"], closed["srtp"]) == ("PCMU", SUITE)
    assert "inline:" not in repr(board.timeline.entries)


@virtual_time
async def test_hold_and_resume_stay_secure() -> None:
    """A re-INVITE with SRTP is answered with SRTP under the same key."""
    board = Switchboard()
    record = await board.place("<Response><Pause length='30'/></Response>", to="sip:phone@192.0.2.8;secure=true")
    await advance(5)
    (session,) = board.signalling.sessions
    negotiation = board.plane.ports[board.port_of(session)].negotiation
    before = negotiation.agreement
    for direction in ("inactive", "sendrecv"):
        board.signalling.reoffer_in(session, direction)
        await settle()
        after = negotiation.agreement
        assert before is not None
        assert before.security is not None
        assert after is not None
        assert after.security == before.security
    await board.all_over()
    assert board.signalling.log.count("> 200 to re-INVITE 1") == 2
    assert board.store.record(record.sid).status is CallStatus.COMPLETED


@virtual_time
async def test_a_call_that_is_not_secure_offers_rtp() -> None:
    """transport=tls alone encrypts the signalling only (contract 1 §2.2)."""
    board = Switchboard()
    await board.place(TALK, to="sip:phone@192.0.2.8;transport=tls")
    await board.all_over()
    (session,) = board.signalling.sessions.values()
    assert session.order is not None
    assert b"RTP/AVP" in session.order.offer
    assert b"crypto" not in session.order.offer


@virtual_time
async def test_an_answer_in_the_clear_ends_a_secure_call() -> None:
    """A peer that answers SRTP with RTP is hung up on: the call fails with 32208, and nothing is sent in the clear."""
    board = Switchboard()
    board.signalling.script("phone", Script(drops_srtp=True))
    record = await board.place(TALK, to="sip:phone@192.0.2.8;secure=true")
    await board.all_over()
    ended = board.store.record(record.sid)
    assert (ended.status, ended.error_code) == (CallStatus.FAILED, 32208)
    assert "> BYE 1" in board.signalling.log
    assert not board.app.requests


@virtual_time
async def test_a_trunk_may_be_secure() -> None:
    """Phone numbers go out by TLS and SRTP where the trunk says so."""
    board = Switchboard()
    trunk = OutboundTrunk(host="192.0.2.8;transport=tls", edge="ashburn", is_secure=True)
    board.use(board.world)
    board.exchange.dialplan = replace(board.exchange.dialplan, trunks={"+": trunk})
    await board.place(TALK, to="+4930123456")
    await board.all_over()
    (session,) = board.signalling.sessions.values()
    assert session.order is not None
    assert b"RTP/SAVP" in session.order.offer


@pytest.mark.parametrize(
    ("policy", "transport", "is_secure", "code", "error_code"),
    [
        (SrtpPolicy.REQUIRED, "UDP", True, "403", "32209"),
        (SrtpPolicy.REQUIRED, "TCP", True, "403", "32209"),
        (SrtpPolicy.REQUIRED, "TLS", False, "488", "32208"),
        (SrtpPolicy.REFUSED, "TLS", True, "488", "32207"),
        (SrtpPolicy.REFUSED, "UDP", True, "488", "32207"),
    ],
)
@virtual_time
async def test_a_domain_refuses_what_its_security_forbids(
    *,
    policy: SrtpPolicy,
    transport: str,
    is_secure: bool,
    code: str,
    error_code: str,
) -> None:
    """Contract 1 §6.8, at once and with the reason: 32209 without TLS, 32208 without SRTP, 32207 with it."""
    board = _inbound(policy)
    board.signalling.call_in(f"sip:anyone@{DOMAIN}", transport=transport, is_secure=is_secure)
    await settle()
    assert board.signalling.log == ["< INVITE 1", f"> {code} 1"]
    (session,) = board.signalling.sessions.values()
    assert dict(session.told)["X-Twilio-Error"].startswith(f"{error_code} ")
    assert not board.records()
    await board.all_over()


@pytest.mark.parametrize(
    ("policy", "is_secure"),
    [(SrtpPolicy.REQUIRED, True), (SrtpPolicy.REFUSED, False), (SrtpPolicy.ACCEPTED, True)],
)
@virtual_time
async def test_a_domain_takes_what_fits_its_security(
    *,
    policy: SrtpPolicy,
    is_secure: bool,
) -> None:
    """TLS is always allowed; the answer is SRTP when the offer is."""
    board = _inbound(policy)
    board.signalling.call_in(f"sip:anyone@{DOMAIN}", transport="TLS", is_secure=is_secure)
    await board.all_over()
    (record,) = board.records()
    assert record.status is CallStatus.COMPLETED
    (closed,) = [entry for entry in _media_entries(board, record.sid) if entry.get("event") == "closed"]
    assert closed["srtp"] == (SUITE if is_secure else "")


@virtual_time
async def test_numbers_take_both() -> None:
    """A trunk may offer RTP or SRTP to a number (contract 1 §2.5) unless the configuration says otherwise."""
    for is_secure in (False, True):
        board = _inbound(SrtpPolicy.ACCEPTED, is_domain=False)
        board.signalling.call_in(f"sip:{NUMBER}@192.0.2.100", is_secure=is_secure)
        await board.all_over()
        assert board.records()[0].status is CallStatus.COMPLETED


@virtual_time
async def test_a_secure_caller_may_be_bridged_to_a_plain_callee() -> None:
    """Each leg has its own media: SRTP on one side, RTP on the other."""
    board = _inbound(SrtpPolicy.ACCEPTED)
    board.app.serve("/voice", "<Response><Dial><Sip>sip:phone@192.0.2.8</Sip></Dial></Response>")
    board.signalling.script("phone", Script(talk=5))
    board.signalling.call_in(f"sip:anyone@{DOMAIN}", is_secure=True)
    await board.all_over()
    suites = [
        entry["srtp"]
        for record in board.records()
        for entry in _media_entries(board, record.sid)
        if entry.get("event") == "closed"
    ]
    assert sorted(map(str, suites)) == ["", SUITE]
