"""Many rows in one statement: they travel as one JSON text, which PostgreSQL takes apart.

An INSERT for each row costs the driver ten times as much as the row costs the database. What must not live
here: what any table's rows mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Table, TextClause, text


class JsonText(str):
    """A value that is written as JSON already; it goes into its row as it is."""

    __slots__ = ()


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    conflict: str = "",
) -> None:
    """Insert rows that all have the same columns; the others get their defaults. No bytes.

    `conflict` is an ON CONFLICT clause of our own; if it updates, no two of `rows` may have one key.
    """
    if rows:
        connection.execute(_statement(table, tuple(rows[0]), conflict), {"rows": as_json(rows)})


def as_json(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as one JSON text. A column has JsonText in all of them or in none."""
    ready = {name for row in rows[:1] for name, value in row.items() if isinstance(value, JsonText)}
    if not ready:
        return _encode(rows)
    return f"[{','.join(_row(row, ready) for row in rows)}]"


def _row(row: Mapping[str, object], ready: set[str]) -> str:
    text = _encode({name: value for name, value in row.items() if name not in ready})
    written = [f'"{name}":{row[name]}' for name in ready]
    return f"{text[:-1]},{','.join(written)}}}"


@cache
def _statement(table: Table, columns: tuple[str, ...], conflict: str) -> TextClause:
    names = ", ".join(f'"{table.c[name].name}"' for name in columns)
    return text(
        f"INSERT INTO {table.name} ({names}) SELECT {names}"  # noqa: S608 - names of our own tables
        f" FROM json_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS json)) {conflict}",
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a row cannot hold a {type(value).__name__}")


_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode
