"""The report of `offhook check`."""

import subprocess
import sys
from pathlib import Path

from offhook.twiml.report import report


def test_a_good_document_has_nothing_to_report() -> None:
    """No lines, no errors."""
    found = report(b"<Response><Say>hello</Say></Response>")
    assert (found.lines, found.has_errors) == ((), False)


def test_warnings_are_lines_and_no_errors() -> None:
    """Each line begins with its place, its level and its code."""
    found = report(b"<Response>\n  <Pause length='x'/>\n  <Say/>\n</Response>")
    assert found.lines == (
        "2:3: warning 13910: length='x' of <Pause>: expected whole number, 1 or more; 1 is used",
        "3: warning 13520: <Say> has no text",
    )
    assert not found.has_errors


def test_too_much_to_say_is_told() -> None:
    """4096 characters are spoken, one more is a warning."""
    assert report(f"<Response><Say>{'x' * 4096}</Say></Response>".encode()).lines == ()
    (line,) = report(f"<Response><Say>{'x' * 4097}</Say></Response>".encode()).lines
    assert line.startswith("1: warning 13521:")


def test_urls_that_will_fail_are_errors() -> None:
    """What ends in 11100 when the call comes to it is told before."""
    found = report(
        b"<Response><Dial action='ftp://h/a' referUrl='/fine'>\n<Sip url='tel:1'>a@b</Sip><Client>c</Client></Dial>"
        b"<Play>file:///etc/passwd</Play><Redirect>next</Redirect></Response>"
    )
    assert [(finding.line, finding.level, finding.code) for finding in found.findings] == [
        (1, "error", 11100),
        (2, "error", 11100),
        (2, "error", 11100),
    ]
    assert found.has_errors


def test_an_action_of_refer_that_will_fail_is_an_error() -> None:
    """Like that of every other verb."""
    (finding,) = report(b"<Response><Refer action='ftp://h/a'><Sip>a@b</Sip></Refer></Response>").findings
    assert (finding.level, finding.code) == ("error", 11100)


def test_an_error_is_the_only_line() -> None:
    """A document that cannot be read has one line."""
    found = report(b"<Response><Say>a & b</Say></Response>")
    assert found.has_errors
    assert len(found.lines) == 1
    assert found.lines[0].startswith("1:19: error 12100: not well-formed")


def test_the_reference_page_is_what_the_schema_says() -> None:
    """The generated page is not stale."""
    tool = Path(__file__).parents[3] / "tools" / "generate_twiml_reference.py"
    assert subprocess.run([sys.executable, str(tool), "--check"], check=False, capture_output=True).returncode == 0  # noqa: S603  # our own tool
