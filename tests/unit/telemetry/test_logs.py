"""Logs are JSON for programs and lines for people, without secrets and without control characters."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from offhook.telemetry.logs import LogFormat, LogLevel, configure_logs


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail(text: str) -> None:
    """Raise with this text."""
    raise ValueError(text)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """What was logged as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_stream_that_is_no_terminal_gets_json() -> None:
    """One object per line with time, level, logger and what was said."""
    stream = io.StringIO()
    configure_logs(stream=stream)
    structlog.get_logger("offhook.x").info("a call began", call_sid="CA1")
    (line,) = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "a call began", "level": "info", "logger": "offhook.x", "call_sid": "CA1"}


def test_the_level_decides() -> None:
    """What is below the level is not written, neither ours nor the standard library's."""
    stream = io.StringIO()
    configure_logs(LogLevel.WARNING, stream=stream)
    structlog.get_logger("offhook.x").info("no")
    logging.getLogger("aiohttp.server").info("no")
    structlog.get_logger("offhook.x").warning("yes")
    logging.getLogger("aiohttp.server").warning("yes, %s", "too")
    assert [line["event"] for line in lines(stream)] == ["yes", "yes, too"]


def test_secrets_are_not_logged() -> None:
    """Known secrets and those that show by their name or place are blotted out, in tracebacks too."""
    stream = io.StringIO()
    configure_logs(stream=stream, secrets=["topsecret"])
    log = structlog.get_logger("offhook.x")
    log.info("topsecret", auth_token="abc", headers={"Authorization": "Basic eDp5"}, url="http://u:p@h/")
    logging.getLogger("aiohttp.client").error("sip:%s:pw@h", "a")
    try:
        fail("it was topsecret")
    except ValueError:
        log.exception("failed")
    told = stream.getvalue()
    assert not any(secret in told for secret in ("topsecret", "abc", "eDp5", "u:p@", ":pw@"))
    assert "ValueError: it was ***" in lines(stream)[2]["exception"]


def test_a_terminal_is_not_steered() -> None:
    """On a terminal text from outside stays on its line and cannot clear the screen."""
    stream = Terminal()
    configure_logs(stream=stream)
    structlog.get_logger("offhook.x").warning("\x1b[2Jboom\n2026 [info] forged", peer="a\nb", code=7)
    told = stream.getvalue()
    assert told.count("\n") == 1
    assert "\x1b[2J" not in told
    assert r"\x1b[2Jboom\n2026" in told


def test_a_traceback_keeps_its_lines_on_a_terminal() -> None:
    """Only the lines of a traceback are lines."""
    stream = io.StringIO()
    configure_logs(form=LogFormat.CONSOLE, stream=stream)
    try:
        fail("\x1b[2J")
    except ValueError:
        structlog.get_logger("offhook.x").exception("failed")
    told = stream.getvalue().splitlines()
    assert told[1].startswith("Traceback")
    assert told[-1] == r"ValueError: \x1b[2J"
