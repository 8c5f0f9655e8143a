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
from offhook.server.settings import Edge, Settings
from offhook.server.validate import problems

PREFIX = "OFFHOOK_"
NOT_KEYS = frozenset({"OFFHOOK_CONFIG", "OFFHOOK_DATA"})
DEFAULT_DATA = "offhook-data"


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
    merge_environment(raw, environment)
    where = Location(path, text)
    try:
        settings = msgspec.convert(raw, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(where.describe(str(error))) from error
    if not settings.edge:
        settings = msgspec.structs.replace(settings, edge=default_edges())
    for key, problem in problems(settings):
        raise ConfigError(where.describe(f"{problem} - at `$.{key}`"))
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


def merge_environment(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Lay OFFHOOK_HTTP__LISTEN and its like over the file; list items are numbered: OFFHOOK_EDGE__0__SIP.

    Raises ConfigError for a name that cannot be a key.
    """
    for name, value in sorted(environment.items()):
        if name.startswith(PREFIX) and name not in NOT_KEYS:
            _lay_over(raw, name, name.removeprefix(PREFIX).lower().split("__"), value)


def _lay_over(table: Any, name: str, keys: list[str], value: str) -> None:
    for place, key in enumerate(keys):
        is_last = place == len(keys) - 1
        if isinstance(table, list):
            if not key.isdigit() or int(key) > len(table):
                raise ConfigError(f"{name}: list items are numbered from 0 without gaps")
            if int(key) == len(table):
                table.append({})
            table = table[int(key)]
            continue
        if not isinstance(table, dict) or not key:
            raise ConfigError(f"{name} names no key of the configuration")
        if is_last:
            table[key] = _value(value)
        else:
            following = keys[place + 1]
            table = table.setdefault(key, [] if following.isdigit() else {})


def _value(text: str) -> Any:
    """A list when it is written as one (["a", "b"]); otherwise text, which is read as the key's own type."""
    if text.startswith("["):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


@dataclass(frozen=True, slots=True)
class Location:
    """Finds the line of a key, so that an error can name it."""

    path: Path | None
    text: str

    def describe(self, message: str) -> str:
        """The message with file and line; a key that no line has came from the environment or is missing."""
        what, _, path = message.partition(" - at `$.")
        unknown = re.search(r"unknown field `([^`]+)`", what)
        keys = path.rstrip("`")
        if unknown is not None:
            keys = ".".join(part for part in (keys, unknown[1]) if part)
            what = f"there is no key `{keys}`: see docs/reference/configuration.md"
        elif keys:
            what = f"`{keys}`: {what}"
        line = self.line_of(keys)
        if line is not None:
            return f"{self.path}, line {line}: {what}"
        source = "the environment" if self.path is None else f"{self.path} or the environment"
        return f"{source}: {what}"

    def line_of(self, keys: str) -> int | None:
        """The line on which a key such as `edge[1].sip` stands, else that of its table, else None."""
        parts = keys.split(".")
        table, _, index = parts[0].partition("[")
        wanted = int(index.rstrip("]")) if index else 0
        found, seen, inside = None, -1, False
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = re.match(r"\s*\[{1,2}\s*([\w.-]+)\s*\]", line)
            if header is not None:
                seen += header[1] == table
                inside = header[1] == table and seen == wanted
                found = number if inside else found
            elif inside and len(parts) > 1 and re.match(rf"\s*\"?{re.escape(parts[-1])}\"?\s*=", line):
                return number
        return found
