"""A call's timeline as a ladder: columns, arrows, what stands beneath, and nothing that harms a terminal."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ladder_entries import BOB, CHILD, KATE, PARENT, WHOLE_CALL, entry, sip, webhook
from rich.cells import cell_len
from rich.console import Console

from offhook.model.timeline import Kind, TimelineEntry
from offhook.telemetry.ladder import APPLICATION, OFFHOOK, Ladder, Row, Tone
from offhook.telemetry.ladder_lines import ASCII, UNICODE, Drawing, Glyphs, draw, to_plain, to_text

WIDE = """\
          application               offhook                127.0.0.1:5090             192.0.2.7:5060
   0.000    │                          │ status initiated         │                          │
   0.003    │                          │ INVITE (SDP) sip:kate… ─▶│                          │
            │                          │   X-Account-Id: 7        │                          │
            │                          │   User-to-User: 00c8;encoding=hex                   │
   0.009    │                          │◀─ 180 Ringing (INVITE) ──│                          │
   0.010    │◀ 204 callback ringing,… ─│                          │                          │
            │   POST http://127.0.0.1:5000/status                 │                          │
            │   CallStatus=ringing From=+15550100                 │                          │
   0.400    │                          │◀── 200 OK (INVITE SDP) ──│                          │
   0.401    │                          │ ACK sip:kate@127.0.0.… ─▶│                          │
   0.402    │                          │ status in-progress       │                          │
   0.420    │◀── failed voice, 1 ms ───│                          │                          │
            │   POST http://127.0.0.1:5000/voice                  │                          │
            │   refused                │                          │                          │
   0.421    │                          │ document (inline): 2 verbs                          │
   1.421    │                          │ <Say> line 2: continue   │                          │
   1.500    │                          │ digit 5                  │                          │
   1.501    │                          │ warning: 13512 <Dial> is odd                        │
   1.502a   │                          │───────────── INVITE sip:bob@192.0.2.7 ─────────────▶│
   1.520a   │                          │◀────────────── 486 Busy Here (INVITE) ──────────────│
   1.521a   │                          │ status busy (SIP 486, 0 s)                          │
   1.522    │                          │ audio from 127.0.0.1:4000                           │
  62.502    │                          │ BYE sip:kate@127.0.0.… ─▶│                          │
            │                          │   Reason: Q.850;cause=16 │                          │
  62.521    │                          │ status completed (ended by platform, SIP 200, 62 s) │"""

NARROW = """\
          application      offhook       127.0.0.1:5090   192.0.2.7:5060
   0.000    |                 | status initiated                  |
   0.003    |                 | INVITE (SD... ->|                 |
            |                 |   X-Account-Id: 7                 |
            |                 |   User-to-User: 00c8;encoding=hex |
   0.009    |                 |< 180 Ringin... -|                 |
   0.010    |< 204 callba... -|                 |                 |
            |   POST http://127.0.0.1:5000/status                 |
            |   CallStatus=ringing From=+15550100                 |
   0.400    |                 |< 200 OK (IN... -|                 |
   0.401    |                 | ACK sip:ka... ->|                 |
   0.402    |                 | status in-progress                |
   0.420    |< failed voi... -|                 |                 |
            |   POST http://127.0.0.1:5000/voice                  |
            |   refused       |                 |                 |
   0.421    |                 | document (inline): 2 verbs        |
   1.421    |                 | <Say> line 2: continue            |
   1.500    |                 | digit 5         |                 |
   1.501    |                 | warning: 13512 <Dial> is odd      |
   1.502a   |                 |---- INVITE sip:bob@192.0.2.7 ---->|
   1.520a   |                 |<----- 486 Busy Here (INVITE) -----|
   1.521a   |                 | status busy (SIP 486, 0 s)        |
   1.522    |                 | audio from 127.0.0.1:4000         |
  62.502    |                 | BYE sip:ka... ->|                 |
            |                 |   Reason: Q.850;cause=16          |
  62.521    |                 | status completed (ended by platform, ..."""


def drawn(entries: Sequence[TimelineEntry], width: int, glyphs: Glyphs = ASCII) -> list[str]:
    """The ladder of these entries as plain lines."""
    ladder = Ladder()
    rows = ladder.add_all(entries)
    return [to_plain(line) for line in draw(ladder, rows, width, glyphs)]


def row(one: TimelineEntry) -> Row:
    """The row of a single entry."""
    return Ladder().add(one)


def test_a_whole_call_on_a_wide_terminal() -> None:
    """Every kind of entry has its place; calls that the call made are marked with a letter."""
    assert "\n".join(drawn(WHOLE_CALL, 100, UNICODE)) == WIDE


def test_a_whole_call_in_ascii_on_a_narrow_terminal() -> None:
    """The plain form has no character beyond ASCII; what does not fit is cut with dots."""
    lines = drawn(WHOLE_CALL, 72)
    assert "\n".join(lines).isascii()
    assert "\n".join(lines) == NARROW


def test_entries_are_put_in_order_of_time() -> None:
    """Entries of several calls come one after the other by their time."""
    found = Ladder().add_all(reversed(WHOLE_CALL))
    assert [one.after for one in found] == sorted(one.after for one in found)
    assert found[0].after == 0.0


@pytest.mark.parametrize(("direction", "source", "target"), [("sent", OFFHOOK, 2), ("received", 2, OFFHOOK)])
def test_arrows_point_where_messages_went(direction: str, source: int, target: int) -> None:
    """What was sent goes to the peer's column, what was received comes from it."""
    made = row(sip(0, direction, KATE, "BYE sip:a@b SIP/2.0"))
    assert (made.source, made.target, made.label) == (source, target, "BYE sip:a@b")


def test_the_start_line_is_that_of_the_wire() -> None:
    """The message's own first line counts, whatever the entry calls it; without a text the entry's has to do."""
    told: dict[str, Any] = {"direction": "sent", "peer": KATE, "start_line": "100 Trying"}
    assert row(entry(0, Kind.SIP, "", text="SIP/2.0 100 Trying\r\nCSeq: 7 INVITE\r\n\r\n", **told)).label == (
        "100 Trying (INVITE)"
    )
    assert row(entry(0, Kind.SIP, "", **told)).label == "100 Trying"


def test_headers_that_tell_who_calls_stand_beneath() -> None:
    """X-, User-to-User and identity headers are shown, folded ones on one line; bodies are not looked into."""
    message = (
        "INVITE sip:a@b SIP/2.0\nX-One: 1\nx-two:\n  2\nDiversion: <sip:c@d>\nFrom: <sip:no>\n"
        "P-Asserted-Identity: <sip:e@f>\n\nX-Body: no"
    )
    shown = row(sip(0, "received", KATE, message)).beneath
    assert shown == ("X-One: 1", "x-two: 2", "Diversion: <sip:c@d>", "P-Asserted-Identity: <sip:e@f>")


def test_many_headers_are_counted_not_shown() -> None:
    """A message with more headers than anyone reads says how many there are."""
    headers = "\n".join(f"X-{number}: {number}" for number in range(60))
    shown = row(sip(0, "received", KATE, f"INVITE sip:a@b SIP/2.0\n{headers}")).beneath
    assert len(shown) == 41
    assert shown[-1] == "and 20 more"


def test_webhook_parameters_are_those_that_tell_something() -> None:
    """Empty ones and those of every request are left out, long ones cut."""
    parameters = {"AccountSid": "AC1", "FromCity": "", "Digits": "5", "SipHeader_X-Long": "y" * 100}
    made = row(webhook(0, purpose="action", method="GET", url="/a", code=200, milliseconds=4, parameters=parameters))
    assert made.beneath == ("GET /a", f"Digits=5 SipHeader_X-Long={'y' * 59}…")
    assert (made.label, made.tone, made.target) == ("200 action, 4 ms", Tone.WEBHOOK, APPLICATION)


@pytest.mark.parametrize(
    ("one", "tone"),
    [
        (sip(0, "received", KATE, "SIP/2.0 180 Ringing"), Tone.QUIET),
        (sip(0, "received", KATE, "SIP/2.0 200 OK"), Tone.GOOD),
        (sip(0, "received", KATE, "SIP/2.0 603 Decline"), Tone.BAD),
        (webhook(0, purpose="voice", code=500), Tone.BAD),
        (entry(0, Kind.STATUS, "completed", status="completed"), Tone.GOOD),
        (entry(0, Kind.STATUS, "no-answer", status="no-answer"), Tone.BAD),
        (entry(0, Kind.NOTICE, "x", level="error"), Tone.BAD),
        (entry(0, Kind.NOTICE, "x", level="warning"), Tone.WARNING),
    ],
)
def test_failures_stand_out(one: TimelineEntry, tone: Tone) -> None:
    """Each outcome has its tone."""
    assert row(one).tone is tone


def test_peers_beyond_the_last_column_share_it() -> None:
    """A call with many peers stays readable and bounded."""
    ladder = Ladder()
    rows = [ladder.add(sip(0, "sent", f"192.0.2.{number}:5060", "BYE sip:a@b SIP/2.0")) for number in range(2000)]
    assert len(ladder.columns) == 8
    assert ladder.columns[-1] == "other peers"
    assert rows[-1].target == 7
    assert rows[0].target == 2


def test_columns_that_do_not_fit_share_the_last_lane() -> None:
    """On a narrow terminal there are as many lanes as there is room for."""
    entries = [sip(0, "sent", f"192.0.2.{number}:5060", "BYE sip:a@b SIP/2.0") for number in range(6)]
    lines = drawn(entries, 60)
    assert lines[0].endswith("other peers")
    assert max(map(cell_len, lines)) <= 60


def test_a_ladder_can_grow_while_it_is_drawn() -> None:
    """Rows that are drawn as they come use the columns known by then."""
    ladder = Ladder()
    drawing = Drawing(ladder, 100, ASCII)
    assert [to_plain(line).split() for line in drawing.heading()] == [["application", "offhook"]]
    drawing.lines(ladder.add(sip(0, "sent", BOB, "BYE sip:a@b SIP/2.0")))
    assert [to_plain(line).split() for line in drawing.heading()] == [["application", "offhook", BOB]]


def test_calls_are_marked_in_the_order_they_were_introduced() -> None:
    """A child that acts first is still the child."""
    ladder = Ladder()
    ladder.calls.extend([PARENT, CHILD])
    assert ladder.add(entry(0, Kind.VERB, "x", CHILD)).call == 1
    assert ladder.add(entry(0, Kind.VERB, "x", PARENT)).call == 0


EVIL = "\x1b]0;owned\x07\x1b[2J\u202eevil\u200b\r\n\x00[red]markup[/red][link=http://x]"


def poisoned(text: str) -> list[TimelineEntry]:
    """Entries that carry `text` wherever something from outside can stand."""
    message = f"INVITE sip:{text}@b SIP/2.0\r\nCSeq: 1 {text}\r\nX-Evil: {text}\r\nX-{text}: a\r\n\r\n"
    return [
        entry(0, Kind.SIP, text, direction="sent", peer=text, start_line=text, text=message),
        entry(1, Kind.SIP, text, direction=text, peer=text, start_line=text, text=text),
        entry(1, Kind.SIP, text, direction="received", peer=[text], text={"a": text}, start_line=7),
        webhook(
            2, purpose=text, method=text, url=text, code=text, milliseconds=text, parameters={text: text}, error=text
        ),
        webhook(2, purpose=None, parameters=text, code=10**400, milliseconds=10**400),
        entry(3, Kind.STATUS, text, status=text, ended_by=text, duration=text, sip_response_code=text, error_code=text),
        entry(4, Kind.NOTICE, text, level=text),
        *(entry(5, kind, text) for kind in (Kind.DOCUMENT, Kind.VERB, Kind.DIGIT, Kind.MEDIA)),
    ]


def printed(entries: Sequence[TimelineEntry], width: int) -> str:
    """What a colour terminal would be sent."""
    ladder = Ladder()
    rows = ladder.add_all(entries)
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=width, color_system="standard", legacy_windows=False)
    for line in draw(ladder, rows, width):
        console.print(to_text(line), soft_wrap=True)
    return file.getvalue()


@pytest.mark.parametrize("text", [EVIL, "x" * 20_000, "日本語" * 500, "e\u0301" * 3000, ""])
def test_hostile_values_never_reach_the_terminal_raw(text: str) -> None:
    """Whatever a peer, an application or a document says, lines fit and no escape of theirs is sent."""
    for width in (60, 133):
        for glyphs in (UNICODE, ASCII):
            lines = drawn(poisoned(text), width, glyphs)
            assert all(line.isprintable() and cell_len(line) <= width for line in lines)
            assert len(lines) < 120
    told = printed(poisoned(text), 100)
    for harmful in ("\x1b]", "\x1b[2J", "\x07", "\r", "\x00", "\u202e", "\u200b"):
        assert harmful not in told


def test_markup_is_text() -> None:
    """What looks like Rich markup is shown as it is and changes nothing."""
    told = printed([entry(0, Kind.VERB, "[red]x[/red] [link=http://x]y[/link]")], 100)
    assert "[red]x[/red] [link=http://x]y[/link]" in told
    assert "http://x\x1b" not in told


def test_colour_is_sent_for_tones() -> None:
    """A failure is red on a terminal."""
    assert "\x1b[1;31m" in printed([entry(0, Kind.NOTICE, "x", level="error")], 100)


@given(st.text(max_size=60), st.integers(min_value=0, max_value=200))
def test_any_text_at_any_width_makes_lines_that_fit(text: str, width: int) -> None:
    """No text and no width makes the drawing fail or a line too long."""
    for glyphs in (UNICODE, ASCII):
        for line in drawn(poisoned(text), width, glyphs):
            assert line.isprintable()
            assert cell_len(line) <= max(width, 60)
