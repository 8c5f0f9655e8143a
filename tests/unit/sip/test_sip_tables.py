"""Reason phrases and methods."""

import pytest

from offhook.sip.methods import METHODS, method
from offhook.sip.status import REASON_PHRASES, reason_phrase


@pytest.mark.parametrize(
    ("code", "phrase"),
    [(100, "Trying"), (486, "Busy Here"), (608, "Rejected"), (399, "Multiple Choices"), (499, "Bad Request")],
)
def test_reason_phrases(code: int, phrase: str) -> None:
    """A registered code has its own phrase, another one that of its class (§8.1.3.2)."""
    assert reason_phrase(code) == phrase


def test_every_class_has_a_phrase() -> None:
    """No code from 100 to 699 is without a phrase, and no registered one lies outside."""
    assert all(reason_phrase(code) for code in range(100, 700))
    assert all(100 <= code <= 699 for code in REASON_PHRASES)


def test_ack_alone_is_not_answered() -> None:
    """Every method but ACK has responses (§17)."""
    assert [name for name, known in METHODS.items() if not known.is_answered] == ["ACK"]


def test_unknown_methods_have_no_properties() -> None:
    """An unknown method makes no dialog and refreshes no target; method names are case-sensitive (§7.1)."""
    unknown = method("invite")
    assert (unknown.name, unknown.makes_dialog, unknown.refreshes_target) == ("invite", False, False)
    assert method("INVITE").makes_dialog
