"""Which headers of a SIP message reach the customer, under which names (contract 1 §4.6)."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.calls.header_parameters import (
    MAX_PARAMETERS,
    MAX_TOTAL_LENGTH,
    MAX_VALUE_LENGTH,
    header_parameters,
)

PREFIX = "SipHeader_"


def test_only_x_headers_pass_and_keep_their_spelling() -> None:
    """X- in either case passes with the peer's spelling; everything else stays behind."""
    headers = (("X-Route-Id", "7"), ("x-lower", "a"), ("Contact", "<sip:a@b>"), ("X-", "no name"), ("Xylophone", "no"))
    assert header_parameters(headers, PREFIX) == {"SipHeader_X-Route-Id": "7", "SipHeader_x-lower": "a"}


def test_user_to_user_passes_only_when_asked_for() -> None:
    """User-to-User is returned to the voice URL of an inbound call only."""
    headers = (("User-to-User", "123;encoding=hex"),)
    assert header_parameters(headers, PREFIX) == {}
    assert header_parameters(headers, PREFIX, with_uui=True) == {"SipHeader_User-to-User": "123;encoding=hex"}


def test_send_only_headers_never_come_back() -> None:
    """Remote-Party-ID and its kin are send-only."""
    headers = (("Remote-Party-ID", "a"), ("P-Preferred-Identity", "b"), ("P-Called-Party-ID", "c"))
    assert header_parameters(headers, PREFIX, with_uui=True) == {}


def test_repeated_headers_are_joined_by_a_comma_in_order() -> None:
    """Names are compared without case and the first spelling stands."""
    headers = (("X-Skill", "sales"), ("X-SKILL", "german"))
    assert header_parameters(headers, PREFIX) == {"SipHeader_X-Skill": "sales,german"}


def test_control_characters_become_spaces() -> None:
    """Nothing unprintable reaches a form or a log."""
    assert header_parameters((("X-A", "one\r\n\ttwo\x00"),), PREFIX) == {"SipHeader_X-A": "one   two"}


def test_too_many_headers_are_cut_at_the_limit() -> None:
    """The first headers win."""
    headers = tuple((f"X-{number}", "v") for number in range(MAX_PARAMETERS + 5))
    parameters = header_parameters(headers, PREFIX)
    assert len(parameters) == MAX_PARAMETERS
    assert "SipHeader_X-0" in parameters


def test_an_oversized_value_is_left_out_and_the_rest_pass() -> None:
    """A header past the limit does not hide its neighbours."""
    headers = (("X-Big", "b" * (MAX_VALUE_LENGTH + 1)), ("X-Small", "s"))
    assert header_parameters(headers, PREFIX) == {"SipHeader_X-Small": "s"}


@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=2000)), max_size=100))
def test_the_result_is_bounded_whatever_comes(headers: list[tuple[str, str]]) -> None:
    """Any headers at all give printable parameters within the limits."""
    parameters = header_parameters(tuple(("X-" + name, value) for name, value in headers), PREFIX)
    assert len(parameters) <= MAX_PARAMETERS
    assert sum(len(name) + len(value) for name, value in parameters.items()) <= MAX_TOTAL_LENGTH
    assert all(value.isprintable() for value in parameters.values())
