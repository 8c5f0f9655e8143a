"""Numbers, and who an address names."""

import pytest

from offhook.model.numbers import format_number, is_e164, is_sip_user, sip_user_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14158675309", True),
        ("+442071838750", True),
        ("14158675309", False),
        ("+0123456", False),
        ("+1415867530912345", False),
        ("+1", False),
        ("+1415 867", False),
        ("+1415867530\n", False),
        ("+١٢٣٤٥", False),
    ],
)
def test_is_e164(text: str, expected: bool) -> None:  # noqa: FBT001  # a column of the table
    """E.164 is a plus sign, no leading zero, and at most fifteen ASCII digits."""
    assert is_e164(text) is expected


@pytest.mark.parametrize("text", ["alice", "+14158675309", "a.b-c_d", "Jack"])
def test_sip_user_takes_letters_digits_and_four_marks(text: str) -> None:
    """These may stand in a From header."""
    assert is_sip_user(text)


@pytest.mark.parametrize("text", ["", "a b", "a@b", "client:bob", "a\r\nX: y", "a\n", "ü", 'a"b', "<a>"])
def test_sip_user_refuses_everything_else(text: str) -> None:
    """Nothing that could end a header or a URI is a user."""
    assert not is_sip_user(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14158675309", "(415) 867-5309"),
        ("+442071838750", "+442071838750"),
        ("sip:alice@example.com", "sip:alice@example.com"),
        ("+11158675309", "+11158675309"),
    ],
)
def test_format_number(text: str, expected: str) -> None:
    """Only North American numbers have a national form."""
    assert format_number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:alice@example.com", "alice"),
        ("SIPS:alice:secret@example.com;transport=tls", "alice"),
        ("sip:+14158675309;phone-context=x@example.com", "+14158675309"),
        ("sip:example.com", ""),
        ("sip:example.com:5060;transport=tcp", ""),
        ("tel:+14158675309", "+14158675309"),
        ("client:bob", "bob"),
        ("+14158675309", "+14158675309"),
        ("alice@example.com", "alice"),
        ("anonymous", "anonymous"),
        ("", ""),
    ],
)
def test_sip_user_of(text: str, expected: str) -> None:
    """The name is found in SIP, tel and client addresses and in bare numbers."""
    assert sip_user_of(text) == expected
