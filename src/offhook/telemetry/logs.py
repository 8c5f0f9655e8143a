"""Logs: lines for people on a terminal, JSON otherwise, on standard error, without secrets and without raw bytes.

The standard library's loggers (aiohttp's, asyncio's) are written the same way.
"""

import logging
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TextIO

import structlog

from offhook.telemetry.printable import printable
from offhook.telemetry.scrub import Scrubber

LONGEST_LINE = 4000  # characters of one line of one value
TRACES = frozenset({"exception", "stack"})

Event = structlog.typing.EventDict


class LogLevel(Enum):
    """From which level on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(Enum):
    """How it is written; `auto` is console on a terminal and JSON elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


def configure_logs(
    level: LogLevel = LogLevel.INFO,
    form: LogFormat = LogFormat.AUTO,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set up logging for the process; `secrets` are values that may stand nowhere, such as auth tokens."""
    stream = stream or sys.stderr
    threshold = logging.getLevelNamesMapping()[level.name]
    common = _processors(Scrubber(secrets))
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,  # loggers made at import follow a later configuration
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(form, stream)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)


def _processors(scrubber: Scrubber) -> list[structlog.typing.Processor]:
    def scrub(_logger: Any, _method: str, event: Event) -> Mapping[str, Any]:
        # What structlog keeps for itself begins with an underscore and is taken out before rendering.
        return {name: one if name.startswith("_") else scrubber.named(name, one) for name, one in event.items()}

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        scrub,
    ]


def _renderer(form: LogFormat, stream: TextIO) -> structlog.typing.Processor:
    is_terminal = stream.isatty()
    if form is LogFormat.JSON or (form is LogFormat.AUTO and not is_terminal):
        return structlog.processors.JSONRenderer()
    console = structlog.dev.ConsoleRenderer(colors=is_terminal)

    def render(logger: Any, method: str, event: Event) -> str:
        return str(console(logger, method, {name: _shown(name, one) for name, one in event.items()}))

    return render


def _shown(name: str, value: Any) -> Any:
    """Text from outside on one line; only a traceback, whose lines are ours, has more."""
    if value is None or isinstance(value, int | float):
        return value
    lines = str(value).split("\n") if name in TRACES else [str(value)]
    return "\n".join(printable(line, LONGEST_LINE) for line in lines)
