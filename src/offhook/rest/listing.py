"""Lists: filters with dates, page size and token, and the envelope around a page (contract 1 §1.5)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from offhook.calls.ports import CallFilter
from offhook.model.sids import CallSid
from offhook.rest import errors
from offhook.rest.create_call import number_or_text
from offhook.rest.envelope import Resource
from offhook.rest.errors import InvalidParameter

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000

_WHOLE = re.compile(r"[0-9]{1,9}")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_AMERICAN = re.compile(r"(\d{2})/(\d{2})/(\d{4})(?:\s+(\d{2}:\d{2}:\d{2})(?:\s+([A-Z]{1,4}))?)?")
_ZONES = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "EST": -5,
    "EDT": -4,
    "CST": -6,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page of a list is asked for; `kept` are the filters that its URIs repeat."""

    path: str
    size: int = DEFAULT_SIZE
    number: int = 0
    token: str | None = None
    kept: Sequence[tuple[str, str]] = ()

    def envelope(self, count: int, next_token: str | None) -> Resource:
        """Everything of a page but its records."""
        start = self.number * self.size
        return {
            "end": start + max(count - 1, 0),
            "first_page_uri": self._uri(0, None),
            "next_page_uri": None if next_token is None else self._uri(self.number + 1, next_token),
            "page": self.number,
            "page_size": self.size,
            "previous_page_uri": None,
            "start": start,
            "uri": self._uri(self.number, self.token),
        }

    def _uri(self, number: int, token: str | None) -> str:
        pairs = [*self.kept, ("PageSize", str(self.size)), ("Page", str(number))]
        if token is not None:
            pairs.append(("PageToken", token))
        return f"{self.path}?{urlencode(pairs)}"


def read_page(path: str, query: Mapping[str, str], filters: Sequence[str]) -> PageRequest:
    """The page that a query asks for. Raises InvalidParameter (20007, 20422)."""
    size = query.get("PageSize", "") or str(DEFAULT_SIZE)
    if not _WHOLE.fullmatch(size) or not 1 <= int(size) <= LARGEST_SIZE:
        raise InvalidParameter(errors.PAGE_SIZE, f"PageSize must be from 1 to {LARGEST_SIZE}, not {size[:80]!r}")
    number = query.get("Page", "") or "0"
    if not _WHOLE.fullmatch(number):
        raise InvalidParameter(errors.INVALID_PARAMETER, f"Page must be a whole number, not {number[:80]!r}")
    token = query.get("PageToken") or None
    return PageRequest(
        path=path,
        size=int(size),
        number=int(number) if token else 0,
        token=token,
        kept=[(name, query[name]) for name in filters if name in query],
    )


CALL_FILTERS = (
    *("To", "From", "ParentCallSid", "Status"),
    *(f"{name}{operator}" for name in ("StartTime", "EndTime") for operator in ("", "<", ">")),
)


def read_call_filter(query: Mapping[str, str]) -> CallFilter:
    """Which calls a query asks for. Raises InvalidParameter (20422)."""
    parent = query.get("ParentCallSid") or None
    start_after, start_before = read_period(query, "StartTime")
    end_after, end_before = read_period(query, "EndTime")
    return CallFilter(
        to=_party(query.get("To")),
        from_=_party(query.get("From")),
        parent_call_sid=None if parent is None else CallSid(parent),
        status=query.get("Status") or None,
        start_after=start_after,
        start_before=start_before,
        end_after=end_after,
        end_before=end_before,
    )


def read_period(query: Mapping[str, str], name: str) -> tuple[datetime | None, datetime | None]:
    """The period from (inclusive) and to (exclusive) of `name`, `name<` and `name>`: `=` means on that UTC day."""
    after = _read_moment(query, f"{name}>")
    before = _read_moment(query, f"{name}<")
    on = _read_moment(query, name)
    if on is not None:
        midnight = on.replace(hour=0, minute=0, second=0, microsecond=0)
        after = midnight if after is None else max(after, midnight)
        next_midnight = _end_of_day(midnight)
        before = next_midnight if before is None else min(before, next_midnight)
    return after, before


def parse_moment(text: str) -> datetime:
    """A date or a time in any of the forms that clients send, as aware UTC. Raises ValueError."""
    text = text.strip()
    if _ISO.fullmatch(text):
        return _as_utc(datetime.fromisoformat(re.sub(r"\s+(?=[Z+-])", "", text)))
    american = _AMERICAN.fullmatch(text)
    if american is None:
        return _as_utc(parsedate_to_datetime(text))
    month, day, year, clock, zone = american.groups()
    if zone is not None and zone not in _ZONES:
        raise ValueError(f"unknown time zone {zone}")
    moment = datetime.fromisoformat(f"{year}-{month}-{day}T{clock or '00:00:00'}")
    return _as_utc(moment.replace(tzinfo=timezone(timedelta(hours=_ZONES[zone or "UTC"]))))


def _as_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _end_of_day(midnight: datetime) -> datetime:
    try:
        return midnight + _DAY
    except OverflowError:  # the last day of the calendar
        return midnight


def _read_moment(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return parse_moment(text)
    except (ValueError, OverflowError, TypeError) as error:
        message = f"{name} must be a date such as 2026-03-01, not {text[:80]!r}"
        raise InvalidParameter(errors.INVALID_PARAMETER, message) from error


def _party(text: str | None) -> str | None:
    if not text or not text.strip():
        return None
    party = text.strip()
    lost_plus = text.startswith(" ") and party[:1].isdigit()
    return number_or_text(f"+{party}" if lost_plus else party)
