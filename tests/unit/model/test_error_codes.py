"""The table of error codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from offhook.calls import errors as call_errors
from offhook.calls.errors import CallError
from offhook.calls.sip_target import InvalidTarget
from offhook.model.errors import ERRORS, Level, more_info
from offhook.twiml.schema import ELEMENTS

TOOLS = Path(__file__).parents[3] / "tools"


@pytest.mark.parametrize(
    ("code", "level", "title"),
    [
        (11200, Level.ERROR, "HTTP retrieval failure"),
        (12200, Level.WARNING, "Schema validation warning"),
        (13247, Level.ERROR, "Dial->SIP: Invalid From number (caller ID)"),
        (20003, Level.ERROR, "Permission Denied"),
        (32011, Level.WARNING, "Error communicating with your SIP communications infrastructure"),
    ],
)
def test_codes_have_the_contracts_level_and_title(code: int, level: Level, title: str) -> None:
    """Level and title are those of contract 1 §8."""
    entry = ERRORS[code]
    assert (entry.code, entry.level, entry.title) == (code, level, title)


def test_a_level_is_a_notifications_log() -> None:
    """Errors are 0 and warnings 1, as notifications have it."""
    assert (Level.ERROR.value, Level.WARNING.value) == (0, 1)


def test_every_entry_explains_itself() -> None:
    """No entry lacks a title or a sentence."""
    assert all(entry.title and entry.text.endswith(".") for entry in ERRORS.values())


def test_every_code_that_calls_and_documents_raise_is_known() -> None:
    """The classes of calls and the rows of the schema use codes of the table only."""
    used = {InvalidTarget.error_code}
    for kind in vars(call_errors).values():
        if isinstance(kind, type) and issubclass(kind, CallError):
            used.add(kind.error_code)
    used |= {row.code for rule in ELEMENTS.values() for row in rule.attributes}
    assert used <= ERRORS.keys()


def test_more_info_points_to_the_page_of_the_code() -> None:
    """The address is the one that SDKs show."""
    assert more_info(21201) == "https://www.twilio.com/docs/errors/21201"


def test_the_module_is_what_the_table_says() -> None:
    """The generated module is not stale."""
    command = [sys.executable, str(TOOLS / "generate_errors.py"), "--check"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603  # our own tool
