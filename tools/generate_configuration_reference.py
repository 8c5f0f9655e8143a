"""Writes docs/reference/configuration.md from server/settings.py; `--check` only tells whether it is stale."""

from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from generated import settle

from offhook.calls.edge_names import DEFAULT_EDGE, REGION_OF_EDGE
from offhook.server.settings import Settings

TARGET = Path(__file__).parent.parent / "docs" / "reference" / "configuration.md"

HEAD = f"""# Configuration

Generated from `src/offhook/server/settings.py` by `tools/generate_configuration_reference.py`: change the settings, \
not this page.

One TOML file, named by `--config` or `OFFHOOK_CONFIG`; without one every key has its default.
`OFFHOOK_DATA` names the data folder, `./offhook-data` when it is not set.
Each key has a twin in the environment that wins over the file; the items of lists are numbered from 0.
A list or a table is written as in TOML: `OFFHOOK_SIP__ALLOW='["192.0.2.0/24"]'`, \
`OFFHOOK_CALLS__STATUS_OF_CODE='{{603 = "busy"}}'`.
Unknown keys and wrong values are refused at start, with the line they stand on; `offhook doctor` looks further.

Edges may be named {", ".join(f"`{name}`" for name in REGION_OF_EDGE)}; one has to be `{DEFAULT_EDGE}`, the default.
Without any `[[edge]]` there are all eight, on 127.0.0.1 to 127.0.0.8, ports 5060 and 5061.

The only store is SQLite.
"""


def main() -> None:
    """Write or check."""
    hints = get_type_hints(Settings)
    sections = (_section(field.name, hints[field.name]) for field in msgspec.structs.fields(Settings))
    settle(TARGET, "\n".join([HEAD, *sections]))


def _section(name: str, kind: Any) -> str:
    is_list = bool(get_args(kind))
    struct = get_args(kind)[0] if is_list else kind
    heading = f"## `[[{name}]]`" if is_list else f"## `[{name}]`"
    prefix = f"OFFHOOK_{name.upper()}__" + ("0__" if is_list else "")
    rows = [
        f"| `{field.name}` | {_type(field.type)} | {_default(field)} | `{prefix}{field.name.upper()}` |"
        for field in msgspec.structs.fields(struct)
    ]
    table = ["| key | type | default | environment |", "|---|---|---|---|", *rows]
    return "\n".join([heading, "", cleandoc(str(struct.__doc__)).replace("<", "\\<"), "", *table, ""])


def _type(kind: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if get_args(kind) and isinstance(get_args(kind)[0], type) and issubclass(get_args(kind)[0], msgspec.Struct):
        return "list of tables"
    return "table of texts" if get_origin(kind) is dict else names.get(kind, "list of texts")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "must be given"
    value = field.default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    if isinstance(value, str):
        return f'`"{value}"`' if value else "empty"
    if value is msgspec.NODEFAULT:
        return "empty"
    return f"`{value:g}`"


if __name__ == "__main__":
    main()
