"""Reads the configuration: one TOML file, an environment twin for every key, a working default for each.

Whatever is wrong is refused at start with the file and the line it stands on.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from offhook.calls.edge_names import REGION_OF_EDGE
from offhook.server.errors import ConfigError
from offhook.server.key_lines import key_lines, line_of
from offhook.server.settings import Edge, Settings
from offhook.server.validate import problems

PREFIX = "OFFHOOK_"
NOT_KEYS = frozenset({"OFFHOOK_CONFIG", "OFFHOOK_DATA"})
DEFAULT_DATA = "offhook-data"

MISSING = re.compile(r"missing required field `([^`]+)`")
UNKNOWN = re.compile(r"unknown field `([^`]+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings, the file they came from (None: defaults), and the data folder."""

    settings: Settings
    source: Path | None
    data: Path


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Config:
    """Read file and environment. Raises ConfigError."""
    environment = os.environ if environment is None else environment
    if path is None and environment.get("OFFHOOK_CONFIG"):
        path = Path(environment["OFFHOOK_CONFIG"])
    text = _read(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: this is not TOML: {error}") from error
    origins = Origins(path, key_lines(text), merge_environment(raw, environment))
    try:
        settings = msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(origins.explain(str(error))) from error
    if not settings.edge:
        settings = msgspec.structs.replace(settings, edge=default_edges())
    for key, problem in problems(settings):
        raise ConfigError(f"{origins.of(key)}: `{key}`: {problem}")
    return Config(settings=settings, source=path, data=Path(environment.get("OFFHOOK_DATA") or DEFAULT_DATA))


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error


def default_edges() -> tuple[Edge, ...]:
    """The eight edges on 127.0.0.1 to 127.0.0.8, so that an edge can be told by its address in a capture."""
    return tuple(
        Edge(
            name=name,
            region=region,
            sip=f"127.0.0.{number}:5060",
            sips=f"127.0.0.{number}:5061",
            media=f"127.0.0.{number}",
            advertise=f"127.0.0.{number}",
        )
        for number, (name, region) in enumerate(REGION_OF_EDGE.items(), start=1)
    )


def merge_environment(raw: dict[str, Any], environment: Mapping[str, str]) -> Mapping[str, str]:
    """Lay OFFHOOK_HTTP__LISTEN and its like over the file; list items are numbered: OFFHOOK_EDGE__0__SIP.

    Returns which key came from which variable. Raises ConfigError for a name that cannot be a key.
    """
    laid = {}
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name not in NOT_KEYS:
            laid[_lay_over(raw, name, name.removeprefix(PREFIX).lower().split("__"), value)] = name
    return laid


def _lay_over(root: dict[str, Any], variable: str, parts: list[str], value: str) -> str:
    """Put one value in its place; its key, such as `edge[0].sip`."""
    table: Any = root
    key = ""
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        inner: Any = _value(value) if is_last else [] if parts[place + 1].isdecimal() else {}
        if isinstance(table, list):
            if not part.isdecimal() or int(part) > len(table):
                raise ConfigError(f"{variable}: list items are numbered from 0 without gaps")
            index = int(part)
            if index == len(table):
                table.append(inner)
            elif is_last:
                table[index] = inner
            key, table = f"{key}[{index}]", table[index]
        elif isinstance(table, dict) and part:
            if is_last or part not in table:
                table[part] = inner
            key, table = f"{key}.{part}".lstrip("."), table[part]
        else:
            raise ConfigError(f"{variable} names no key of the configuration: see docs/reference/configuration.md")
    return key


def _value(text: str) -> Any:
    """A list or a table when it is written as one (["a", "b"]); otherwise text, which is read as the key's own type."""
    if text.startswith(("[", "{")):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


@dataclass(frozen=True, slots=True)
class Origins:
    """Where keys come from: the file, the lines of its keys, and which of them a variable of the environment laid over.

    Neither a value of the environment nor one of the file is repeated here: it may be a secret.
    """

    path: Path | None
    lines: Mapping[str, int]
    variables: Mapping[str, str]

    def of(self, key: str) -> str:
        """The variable that set a key, or the file and line of the key or of the table that it is missing from."""
        for wanted, variable in self.variables.items():
            if key == wanted or _is_within(key, wanted) or _is_within(wanted, key):
                return variable
        line = line_of(self.lines, key)
        return f"{self.path or 'the environment'}{f', line {line}' if line else ''}"

    def explain(self, message: str) -> str:
        """What the reader of types complains about, with its place and in our words."""
        what, _, where = message.partition(" - at `$")
        key = where.rstrip("`").removeprefix(".")
        missing, unknown = MISSING.search(what), UNKNOWN.search(what)
        if missing is not None:
            key, what = f"{key}.{missing[1]}".lstrip("."), "it has to be given"
        elif unknown is not None:
            key, what = f"{key}.{unknown[1]}".lstrip("."), "there is no such key: see docs/reference/configuration.md"
        return f"{self.of(key)}: `{key}`: {what}"


def _is_within(inner: str, outer: str) -> bool:
    return inner.startswith((f"{outer}.", f"{outer}["))
