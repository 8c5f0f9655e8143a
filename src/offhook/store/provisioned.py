"""The table of what accounts have set up: model.provisioned on the store's connection.

Statements keep to what SQLite and PostgreSQL share.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from offhook.calls.errors import NameTaken, StoreFailed
from offhook.model.provisioned import Provisioned
from offhook.store import paging
from offhook.store.paging import microseconds
from offhook.store.writer import Writer

INSERT = (
    "INSERT INTO provisioned (kind, parent_sid, sid, account_sid, name, label, date_created, record)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE = "UPDATE provisioned SET name = ?, label = ?, record = ? WHERE kind = ? AND parent_sid = ? AND sid = ?"
SELECT = "SELECT record FROM provisioned WHERE kind = ? AND parent_sid = ? AND sid = ?"
SELECT_KIND = "SELECT record FROM provisioned WHERE kind = ? ORDER BY date_created, sid"
COUNT = "SELECT COUNT(*) FROM provisioned WHERE account_sid = ? AND kind = ? AND parent_sid = ?"
COUNT_USES = "SELECT COUNT(*) FROM provisioned WHERE kind = ? AND (sid = ? OR name = ?)"
DELETE = "DELETE FROM provisioned WHERE kind = ? AND parent_sid = ? AND sid = ?"
DELETE_CHILDREN = "DELETE FROM provisioned WHERE parent_sid = ?"

_FILTERED = {"name", "label"}
_decoder = msgspec.json.Decoder(Provisioned)


class ProvisionedTable:
    """Rows by kind, parent and SID; every method is called on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def add(self, resource: Provisioned) -> None:
        """Write a new one. Raises NameTaken, StoreFailed."""
        values = (
            *(resource.kind, resource.parent_sid, resource.sid, resource.account_sid, resource.name, resource.label),
            *(microseconds(resource.date_created), _encode(resource)),
        )
        await self._write(INSERT, values, resource)

    async def change(self, resource: Provisioned) -> None:
        """Write a newer state. Raises NameTaken, StoreFailed."""
        key = (resource.kind, resource.parent_sid, resource.sid)
        await self._write(UPDATE, (resource.name, resource.label, _encode(resource), *key), resource)

    async def fetch(self, kind: str, sid: str, parent_sid: str = "") -> Provisioned | None:
        """One of them, of whichever account. Raises StoreFailed."""
        values = (kind, parent_sid, sid)
        row = await self._writer.read(lambda connection: connection.execute(SELECT, values).fetchone())
        return None if row is None else _decoder.decode(row[0])

    async def every(self, kind: str) -> Sequence[Provisioned]:
        """All of a kind, oldest first. Raises StoreFailed."""
        rows = await self._writer.read(lambda connection: connection.execute(SELECT_KIND, (kind,)).fetchall())
        return [_decoder.decode(row[0]) for row in rows]

    async def page(
        self, account_sid: str, kind: str, parent_sid: str, filters: Mapping[str, str], size: int, token: str | None
    ) -> tuple[Sequence[Provisioned], str | None]:
        """One page, newest first, and the token of the next. Raises BadPageToken, StoreFailed.

        `filters` are for name and label; a `*` in one stands for anything.
        """
        statement, values = _page_query(account_sid, kind, parent_sid, filters, size, token)
        rows = await self._writer.read(lambda connection: connection.execute(statement, values).fetchall())
        found = [_decoder.decode(row[0]) for row in rows[:size]]
        rest = paging.token_of(found[-1].sid, found[-1].date_created) if len(rows) > size else None
        return found, rest

    async def count(self, account_sid: str, kind: str, parent_sid: str = "") -> int:
        """How many an account has. Raises StoreFailed."""
        return await self._number(COUNT, (account_sid, kind, parent_sid))

    async def uses(self, kind: str, sid: str) -> int:
        """How many of a kind have this SID, or are named by it. Raises StoreFailed."""
        return await self._number(COUNT_USES, (kind, sid, sid))

    async def remove(self, kind: str, sid: str, parent_sid: str = "") -> None:
        """Forget one, and what stands in it. Raises StoreFailed."""

        def delete(connection: sqlite3.Connection) -> None:
            connection.execute(DELETE, (kind, parent_sid, sid))
            if not parent_sid:
                connection.execute(DELETE_CHILDREN, (sid,))

        await self._writer.write(delete)

    async def _number(self, statement: str, values: Sequence[Any]) -> int:
        row = await self._writer.read(lambda connection: connection.execute(statement, values).fetchone())
        return int(row[0])

    async def _write(self, statement: str, values: Sequence[Any], resource: Provisioned) -> None:
        try:
            await self._writer.write(lambda connection: connection.execute(statement, values).rowcount)
        except StoreFailed as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise NameTaken(resource.kind, resource.name or resource.sid) from error
            raise


def _encode(resource: Provisioned) -> str:
    return msgspec.json.encode(resource).decode()


def _page_query(
    account_sid: str, kind: str, parent_sid: str, filters: Mapping[str, str], size: int, token: str | None
) -> tuple[str, Sequence[Any]]:
    conditions: list[tuple[str, Any]] = [
        ("account_sid = ?", account_sid),
        ("kind = ?", kind),
        ("parent_sid = ?", parent_sid),
    ]
    conditions += [(f"{column} LIKE ? ESCAPE '\\'", _pattern(filters[column])) for column in _FILTERED & filters.keys()]
    return paging.page_query("provisioned", conditions, size, None if token is None else paging.position(token))


def _pattern(text: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", text).replace("*", "%")
