"""What clients send is read, or refused with an error of the API, whatever it is."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.model.sids import AccountSid
from offhook.rest.auth import authenticate
from offhook.rest.create_call import read_order
from offhook.rest.errors import ApiError, InvalidParameter, MissingCredentials
from offhook.rest.form import Form, parse_form
from offhook.rest.listing import parse_moment, read_call_filter, read_page

ACCOUNT = AccountSid("AC" + "1" * 32)
ACCOUNTS = {ACCOUNT: "token", AccountSid("AC" + "2" * 32): ""}

TEXTS = st.one_of(
    st.text(),
    st.sampled_from(
        ["sip:a@b", "sip:a@b?X-A=%0a", "http://[::1", "http://a", "+14155550100", " 1", "POST", "\u0663", "\U0001d7d9"]
    ),
)
NAMES = ("To", "From", "Url", "Twiml", "StatusCallback", "StatusCallbackEvent", "Timeout", "TimeLimit", "SendDigits")
MORE_NAMES = ("CallerId", "SipAuthUsername", "SipAuthPassword", "Method", "FallbackUrl", "Record")


@given(st.binary(max_size=200))
@example(b"a=%ed%a0%80")
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    """parse_form returns well-formed text or raises InvalidParameter."""
    try:
        form = parse_form(body, 10)
    except InvalidParameter:
        return
    for name, values in form.names().items():
        (name + "".join(values)).encode()


@given(st.dictionaries(st.sampled_from(NAMES + MORE_NAMES), TEXTS))
def test_any_parameters_are_an_order_or_refused(parameters: dict[str, str]) -> None:
    """read_order raises nothing but InvalidParameter, and what it lets through is safe in a header."""
    try:
        checked = read_order(Form(list(parameters.items())), ACCOUNT)
    except InvalidParameter as error:
        assert error.status == 400  # noqa: PT017 - both outcomes are right, this is one of them
        return
    assert checked.order.to
    assert not set(checked.order.from_ + checked.order.to) & set("\r\n\0")


@given(st.one_of(st.none(), st.text(), st.binary().map(lambda raw: "Basic " + b64encode(raw).decode())))
@example("Basic " + b64encode(f"AC{'2' * 32}:".encode()).decode())
@example("Basic " + b64encode(f"AC{'2' * 32}:-".encode()).decode())
def test_no_other_header_lets_in(header: str | None) -> None:
    """Anything but the right pair raises MissingCredentials; an account without a token is never let in."""
    with pytest.raises(MissingCredentials):
        authenticate(header, ACCOUNTS)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC "])
def test_the_right_pair_lets_in(scheme: str) -> None:
    """The scheme's case does not matter (RFC 9110 §11.1)."""
    assert authenticate(f"{scheme} {b64encode(f'{ACCOUNT}:token'.encode()).decode()}", ACCOUNTS) == ACCOUNT


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1)))  # noqa: DTZ001 - hypothesis adds the zone
def test_iso_times_are_read_exactly(moment: datetime) -> None:
    """What isoformat writes is read back, with Z as well as with an offset."""
    assert parse_moment(moment.isoformat()) == moment
    assert parse_moment(moment.isoformat().replace("+00:00", "Z")) == moment
    assert parse_moment(moment.replace(tzinfo=None).isoformat(sep=" ")) == moment


@given(st.text(max_size=40))
@example("0001-01-01T00:00:00+23:59")
@example("Mon, 99 Foo 9999 00:00:00 +9999")
@example("2026-01-01T00:00:00+99:99")
def test_any_query_is_a_filter_or_refused(text: str) -> None:
    """Filters, page sizes and numbers raise nothing but errors of the API."""
    for name in ("StartTime", "EndTime<", "To", "PageSize", "Page"):
        try:
            read_call_filter({name: text})
            page = read_page("/x", {name: text}, (name,))
            assert page.envelope(0, None)["next_page_uri"] is None
        except ApiError as error:
            assert error.status == 400  # noqa: PT017 - both outcomes are right, this is one of them


def test_a_day_ends_at_the_next_midnight() -> None:
    """`StartTime=` covers one UTC day and narrows what < and > say."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    midnight = noon - timedelta(hours=12)
    which = read_call_filter({"StartTime": "2026-03-01T05:06:07Z", "StartTime>": "2026-03-01T12:00:00Z"})
    assert (which.start_after, which.start_before) == (noon, midnight + timedelta(days=1))
