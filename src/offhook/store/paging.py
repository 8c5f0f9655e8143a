"""Where a page of a list ends and the next begins: by date and SID, newest first, so that rows may come and go."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from offhook.calls.errors import BadPageToken

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TOKEN = re.compile(r"PA(([A-Z]{2})[0-9a-fA-F]{32})([0-9a-f]{1,15})")


def microseconds(moment: datetime) -> int:
    """Exact microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def token_of(sid: str, date_created: datetime) -> str:
    """The token that continues a list after a row; it carries the position, so the row itself may be deleted."""
    return f"PA{sid}{microseconds(date_created):x}"


def position(token: str, prefix: str = "") -> tuple[int, str]:
    """The date and SID that a token carries, of SIDs that begin with `prefix`. Raises BadPageToken."""
    match = _TOKEN.fullmatch(token)
    if match is None or (prefix and match[2] != prefix):
        raise BadPageToken(f"{token[:80]!r} is not a page token of this list")
    return int(match[3], 16), match[1]


def page_query(
    table: str, conditions: Sequence[tuple[str, Any]], size: int, after: tuple[int, str] | None
) -> tuple[str, list[Any]]:
    """The statement and values of one page and the row after it.

    `table` and the clauses of `conditions` are constants of the caller; what comes from outside is bound.
    """
    clauses = [clause for clause, _ in conditions]
    values = [value for _, value in conditions]
    if after is not None:
        clauses.append("(date_created, sid) < (?, ?)")
        values += after
    where = " AND ".join(clauses)
    statement = f"SELECT record FROM {table} WHERE {where} ORDER BY date_created DESC, sid DESC LIMIT ?"  # noqa: S608
    return statement, [*values, size + 1]
