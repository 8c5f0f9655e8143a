"""Brings a database to the newest schema by numbered SQL files; `PRAGMA user_version` counts those applied.

Each file is one transaction together with its number, so that a killed process leaves a whole step or none.
"""

import re
import sqlite3
from importlib import resources

from offhook.calls.errors import StoreFailed

_NUMBERED = re.compile(r"(\d{4})_\w+\.sql")


def migrations() -> list[tuple[int, str]]:
    """Every migration as (number, SQL), in order."""
    found = []
    for file in resources.files("offhook.store").joinpath("migrations").iterdir():
        match = _NUMBERED.fullmatch(file.name)
        if match:
            found.append((int(match[1]), file.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing. Raises StoreFailed when a newer version of this program wrote the database."""
    steps = migrations()
    present = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if present > steps[-1][0]:
        message = f"the database has schema {present}, this version knows {steps[-1][0]}: use a newer offhook"
        raise StoreFailed(message)
    for number, script in steps:
        if number > present:
            _apply(connection, number, script)


def _apply(connection: sqlite3.Connection, number: int, script: str) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
