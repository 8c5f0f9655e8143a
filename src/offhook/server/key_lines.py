"""Finds the line that each key of a TOML text stands on, so that a complaint about the key can name it.

Tables and arrays of tables, dotted keys, quoted keys and inline tables are told apart by the TOML reader itself: a
statement is as many lines as it takes to be TOML.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


def key_lines(text: str) -> Mapping[str, int]:
    """Keys such as `edge[1].sip`, and the tables they stand in, with their lines; `text` has to be TOML."""
    found: dict[str, int] = {}
    seen: Counter[str] = Counter()
    table = ""
    for number, statement in _statements(text):
        if statement.lstrip().startswith("["):
            table = _table(tomllib.loads(statement), seen)
            found.setdefault(table, number)
            continue
        for key in _keys(tomllib.loads(statement)):
            found[f"{table}.{key}" if table else key] = number
    return found


def line_of(lines: Mapping[str, int], key: str) -> int | None:
    """The line of a key; when it has none, of the closest table or list that it belongs to; None when none has one."""
    while key:
        if key in lines:
            return lines[key]
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each statement with the number of its first line."""
    statement, first = "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not statement:
            first = number
        statement += line + "\n"
        if not statement.strip() or statement.lstrip().startswith("#"):
            statement = ""
        elif _is_whole(statement):
            yield first, statement
            statement = ""


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _table(header: Mapping[str, Any], seen: Counter[str]) -> str:
    """The name of the table that a header line opens; those of an array are counted in `seen`."""
    name, value = "", header
    while value:
        key, inner = next(iter(value.items()))
        name = f"{name}.{key}" if name else key
        if isinstance(inner, list):
            seen[name] += 1
            name, inner = f"{name}[{seen[name] - 1}]", inner[0]
        value = inner
    return name


def _keys(value: Any, name: str = "") -> Iterator[str]:
    """This name and those of all that stands within."""
    if name:
        yield name
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _keys(inner, f"{name}[{index}]")
