"""Timeline entries for ladders: a call that rings, is answered, dials another and ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry

BEGIN = datetime(2026, 1, 5, 12, tzinfo=UTC)
PARENT, CHILD = CallSid("CA" + "1" * 32), CallSid("CA" + "2" * 32)
KATE, BOB = "127.0.0.1:5090", "192.0.2.7:5060"


def entry(ms: int, kind: Kind, summary: str, call: CallSid = PARENT, **detail: Any) -> TimelineEntry:
    """One entry, so many milliseconds after the first."""
    at = BEGIN + timedelta(milliseconds=ms)
    return TimelineEntry(at=at, kind=kind, summary=summary, call_sid=call, detail=detail)


def sip(ms: int, direction: str, peer: str, message: str, call: CallSid = PARENT) -> TimelineEntry:
    """A SIP message; its lines are given with plain line ends."""
    text = message.replace("\n", "\r\n") + "\r\n\r\n"
    line = message.partition("\n")[0]
    return entry(ms, Kind.SIP, line, call, direction=direction, peer=peer, start_line=line, text=text)


def webhook(ms: int, **detail: Any) -> TimelineEntry:
    """A request to the application."""
    return entry(ms, Kind.WEBHOOK, "webhook", **detail)


OFFER = (
    "INVITE sip:kate@127.0.0.1:5090 SIP/2.0\nCSeq: 1 INVITE\nX-Account-Id: 7\nUser-to-User: 00c8;encoding=hex\n"
    "Subject: not shown\nc: application/sdp"
)

WHOLE_CALL = [
    entry(0, Kind.STATUS, "initiated", status="initiated"),
    sip(3, "sent", KATE, OFFER),
    sip(9, "received", KATE, "SIP/2.0 180 Ringing\nCSeq: 1 INVITE"),
    webhook(
        10,
        purpose="callback ringing",
        method="POST",
        url="http://127.0.0.1:5000/status",
        parameters={"CallSid": PARENT, "CallStatus": "ringing", "From": "+15550100", "CallerCity": ""},
        code=204,
        milliseconds=2.7,
    ),
    sip(400, "received", KATE, "SIP/2.0 200 OK\nCSeq: 1 INVITE\nContent-Type: application/sdp"),
    sip(401, "sent", KATE, "ACK sip:kate@127.0.0.1:5090;transport=udp;ob SIP/2.0"),
    entry(402, Kind.STATUS, "in-progress", status="in-progress"),
    webhook(420, purpose="voice", method="POST", url="http://127.0.0.1:5000/voice", error="refused", milliseconds=1.0),
    entry(421, Kind.DOCUMENT, "document (inline): 2 verbs"),
    entry(1421, Kind.VERB, "<Say> line 2: continue"),
    entry(1500, Kind.DIGIT, "digit 5"),
    entry(1501, Kind.NOTICE, "13512 <Dial> is odd", level="warning"),
    sip(1502, "sent", BOB, "INVITE sip:bob@192.0.2.7 SIP/2.0", CHILD),
    sip(1520, "received", BOB, "SIP/2.0 486 Busy Here\nCSeq: 1 INVITE", CHILD),
    entry(1521, Kind.STATUS, "busy", CHILD, status="busy", sip_response_code=486, duration=0),
    entry(1522, Kind.MEDIA, "audio from 127.0.0.1:4000"),
    sip(62502, "sent", KATE, "BYE sip:kate@127.0.0.1:5090 SIP/2.0\nReason: Q.850;cause=16"),
    entry(62521, Kind.STATUS, "completed", status="completed", ended_by="platform", sip_response_code=200, duration=62),
]
