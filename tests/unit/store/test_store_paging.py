"""Where a page ends: tokens that come back as they went, and statements that bind what comes from outside."""

from datetime import UTC, datetime, timedelta

import pytest

from offhook.calls.errors import BadPageToken
from offhook.store.paging import microseconds, page_query, position, token_of

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)
SID = "CA" + "0f" * 16


def test_a_token_carries_its_position() -> None:
    """To the microsecond."""
    assert position(token_of(SID, MOMENT)) == position(token_of(SID, MOMENT), "CA") == (microseconds(MOMENT), SID)
    assert microseconds(MOMENT + timedelta(microseconds=1)) - microseconds(MOMENT) == 1


@pytest.mark.parametrize(
    "token", ["", "PA", SID, f"PA{SID}", f"PA{SID}xyz", f"PA{SID}1\n", token_of("RE" + "1" * 32, MOMENT)]
)
def test_what_is_no_token_of_a_list(token: str) -> None:
    """Nor is that of another list."""
    with pytest.raises(BadPageToken):
        position(token, "CA")


def test_the_statement_of_a_page() -> None:
    """One row more than the page, so that one knows whether another follows."""
    statement, values = page_query("call_record", [("account_sid = ?", "AC"), ("status = ?", "busy")], 2, (7, SID))
    assert statement == (
        "SELECT record FROM call_record WHERE account_sid = ? AND status = ? AND (date_created, sid) < (?, ?)"
        " ORDER BY date_created DESC, sid DESC LIMIT ?"
    )
    assert values == ["AC", "busy", 7, SID, 3]
    assert page_query("call_record", [("a = ?", 1)], 2, None)[1] == [1, 3]
