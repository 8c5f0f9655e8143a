"""Entries come to their call, also those that were seen before the call was known."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from offhook.model.sids import CallSid
from offhook.model.timeline import Kind, TimelineEntry
from offhook.telemetry.timeline import TimelineLimits, TimelineRecorder

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
ONE, OTHER = CallSid("CA" + "1" * 32), CallSid("CA" + "2" * 32)


def sip(call_id: str, summary: str = "INVITE", text: str = "") -> TimelineEntry:
    """A SIP message whose call is not known."""
    return TimelineEntry(at=AT, kind=Kind.SIP, summary=summary, detail={"call_id": call_id, "text": text})


class Shelf:
    """Where entries arrive."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def of(self, call_sid: CallSid) -> list[str]:
        """The summaries that came to one call."""
        return [entry.summary for entry in self.entries if entry.call_sid == call_sid]


@pytest.fixture
def shelf() -> Shelf:
    """An empty one."""
    return Shelf()


def recorder(shelf: Shelf, **limits: int) -> TimelineRecorder:
    """One that fills the shelf."""
    return TimelineRecorder(shelf.entries.append, TimelineLimits(**limits))


def test_an_entry_with_its_call_goes_straight_through(shelf: Shelf) -> None:
    """What names its call is handed over as it is."""
    entry = TimelineEntry(at=AT, kind=Kind.VERB, summary="<Say>", call_sid=ONE)
    recorder(shelf).record(entry)
    assert shelf.entries == [entry]


def test_messages_wait_for_their_call(shelf: Shelf) -> None:
    """Messages that came before the link are handed over in order when it comes; later ones at once."""
    timeline = recorder(shelf)
    timeline.record(sip("a", "INVITE"))
    timeline.record(sip("b", "OPTIONS"))
    timeline.record(sip("a", "100"))
    assert shelf.entries == []
    timeline.link("a", ONE)
    timeline.record(sip("a", "180"))
    assert shelf.of(ONE) == ["INVITE", "100", "180"]
    assert len(shelf.entries) == 3


def test_messages_are_handed_over_once(shelf: Shelf) -> None:
    """A second link takes what comes after it and nothing that came before."""
    timeline = recorder(shelf)
    timeline.record(sip("a", "INVITE"))
    timeline.link("a", ONE)
    timeline.link("a", OTHER)
    timeline.record(sip("a", "BYE"))
    assert shelf.of(ONE) == ["INVITE"]
    assert shelf.of(OTHER) == ["BYE"]


def test_the_oldest_call_id_leaves_a_full_room(shelf: Shelf) -> None:
    """Call-IDs that nobody claims push one another out, the oldest first."""
    timeline = recorder(shelf, waiting_call_ids=2)
    for call_id in "abc":
        timeline.record(sip(call_id))
    timeline.link("a", ONE)
    timeline.link("b", OTHER)
    assert shelf.of(ONE) == []
    assert shelf.of(OTHER) == ["INVITE"]


def test_the_oldest_entry_of_a_call_id_leaves(shelf: Shelf) -> None:
    """One Call-ID cannot take all the room: its oldest entries go."""
    timeline = recorder(shelf, waiting_entries=2)
    for summary in ("INVITE", "100", "180"):
        timeline.record(sip("a", summary))
    timeline.link("a", ONE)
    assert shelf.of(ONE) == ["100", "180"]


def test_big_messages_leave_earlier(shelf: Shelf) -> None:
    """The room is measured in characters too, and freed again by hand-over and by loss."""
    timeline = recorder(shelf, waiting_characters=1000, waiting_entries=2)
    timeline.record(sip("a", text="x" * 900))
    timeline.link("a", ONE)
    for text in ("y" * 400, "y" * 400, "y" * 100):
        timeline.record(sip("b", text=text))
    timeline.record(sip("c", text="z" * 400))
    timeline.link("b", ONE)
    assert len(shelf.of(ONE)) == 3
    for call_id in ("d", "e", "f"):
        timeline.record(sip(call_id, call_id, text="z" * 400))
    for call_id in ("c", "d", "e", "f"):
        timeline.link(call_id, OTHER)
    assert shelf.of(OTHER) == ["e", "f"]


def test_the_link_used_least_recently_is_forgotten(shelf: Shelf) -> None:
    """Links are bounded: one that still sees messages outlives one that does not."""
    timeline = recorder(shelf, links=2)
    timeline.link("a", ONE)
    timeline.link("b", OTHER)
    timeline.record(sip("a", "180"))
    timeline.link("c", OTHER)
    timeline.record(sip("a", "200"))
    timeline.record(sip("b", "BYE"))
    assert shelf.of(ONE) == ["180", "200"]
    assert shelf.of(OTHER) == []


def test_an_entry_of_nobody_is_left_out(shelf: Shelf) -> None:
    """Neither a call nor a Call-ID, or a Call-ID that is no text: there is no timeline to go to."""
    timeline = recorder(shelf)
    timeline.record(TimelineEntry(at=AT, kind=Kind.NOTICE, summary="?"))
    timeline.record(TimelineEntry(at=AT, kind=Kind.SIP, summary="?", detail={"call_id": 7}))
    assert shelf.entries == []


def test_listeners_hear_everything_at_once_and_once(shelf: Shelf) -> None:
    """A listener hears of an entry when it is recorded, not again when its call is known; until it leaves."""
    heard: list[TimelineEntry] = []
    timeline = recorder(shelf)
    leave = timeline.listen(heard.append)
    timeline.record(sip("a"))
    timeline.link("a", ONE)
    leave()
    leave()
    timeline.record(sip("a"))
    assert [entry.call_sid for entry in heard] == [None]


def test_followers_hear_of_calls_only(shelf: Shelf) -> None:
    """A follower hears what reached a call, with its SID; until it leaves."""
    heard: list[TimelineEntry] = []
    timeline = recorder(shelf)
    leave = timeline.follow(heard.append)
    timeline.record(sip("a"))
    timeline.record(sip("b"))
    timeline.link("a", ONE)
    leave()
    timeline.record(sip("a"))
    assert [(entry.call_sid, entry.summary) for entry in heard] == [(ONE, "INVITE")]


@pytest.mark.parametrize("join", [TimelineRecorder.listen, TimelineRecorder.follow])
def test_a_reader_that_fails_does_no_harm(
    shelf: Shelf, join: Callable[[TimelineRecorder, Callable[[TimelineEntry], None]], object]
) -> None:
    """A reading that raises is logged; the entry still reaches its call and the next reading."""
    heard: list[TimelineEntry] = []
    timeline = recorder(shelf)

    def fail(_entry: TimelineEntry) -> None:
        raise RuntimeError("broken")

    join(timeline, fail)
    join(timeline, heard.append)
    timeline.link("a", ONE)
    timeline.record(sip("a"))
    assert shelf.of(ONE) == ["INVITE"]
    assert len(heard) == 1
