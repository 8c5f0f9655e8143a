"""Identifiers and time from the machine."""

from datetime import UTC, datetime

from offhook.model.sids import is_sid
from offhook.net.clock import SystemClock
from offhook.net.tokens import SystemTokens


def test_sids_have_the_asked_kind_and_never_repeat() -> None:
    """A new SID is valid for its prefix and differs from the others."""
    tokens = SystemTokens()
    sids = {tokens.sid("CA") for _ in range(1000)}
    assert len(sids) == 1000
    assert all(is_sid(sid, "CA") for sid in sids)


def test_tokens_carry_more_randomness_than_a_tag_needs() -> None:
    """A token has 64 bits, which is above the 32 of RFC 3261 §19.3, and is a valid token of the grammar."""
    tokens = SystemTokens()
    drawn = {tokens() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(len(bytes.fromhex(token)) == 8 for token in drawn)


def test_the_clock_tells_aware_utc_time() -> None:
    """The system clock's present lies between two readings around it and carries UTC."""
    before = datetime.fromtimestamp(datetime.now(tz=UTC).timestamp(), tz=UTC)  # noqa: TID251 - the measure
    now = SystemClock().now()
    after = datetime.now(tz=UTC)  # noqa: TID251 - the measure
    assert before <= now <= after
    assert now.tzinfo is UTC
