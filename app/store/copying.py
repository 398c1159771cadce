"""All rows of a database, read and written as PostgreSQL's own COPY text, whatever the tables are.

Tables and sequences are found in the catalog, so that a database of any revision can be read. What must not
live here: files, and what the rows mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from app.store.engine import MOVED

_PIECE = 256 * 1024

# Both sides speak alike, whatever a role or a server has set.
_SPEECH = text(
    "SET LOCAL client_encoding = 'UTF8'; SET LOCAL datestyle = 'ISO, YMD';"
    " SET LOCAL intervalstyle = 'postgres'; SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 3;"
    " SET LOCAL bytea_output = 'hex';"
    " SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
)
_TABLES = text(
    """
    SELECT c.relname AS name, CAST(greatest(c.reltuples, 0) AS bigint) AS rows,
        (SELECT array_agg(CAST(a.attname AS text) ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = '') AS columns,
        ARRAY(SELECT CAST(r.relname AS text) FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
            WHERE f.contype = 'f' AND f.conrelid = c.oid AND f.confrelid <> c.oid) AS needs
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> 'alembic_version'
    ORDER BY c.relname
    """,
)
_SEQUENCES = text(
    """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind = 'S' ORDER BY c.relname
    """,
)
_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table, its columns in the order in which they are copied, and how many rows it has, if only about."""

    name: str
    columns: tuple[str, ...]
    rows: int


def begin_snapshot(connection: Connection) -> None:
    """Begin a transaction that sees one instant of the database and changes nothing."""
    connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    connection.execute(_SPEECH)


def begin(connection: Connection) -> None:
    """Begin a transaction that writes what another one read."""
    connection.execute(_SPEECH)


def encoding(connection: Connection) -> str:
    """Return the encoding in which the server keeps this database's text."""
    return str(connection.execute(text("SHOW server_encoding")).scalar_one())


def shapes(connection: Connection) -> tuple[Shape, ...]:
    """Return all tables, one that others refer to before those; their rows as last estimated."""
    found = {row.name: row for row in connection.execute(_TABLES)}
    order = TopologicalSorter({name: sorted(row.needs) for name, row in found.items()}).static_order()
    return tuple(
        Shape(name, tuple(found[name].columns or ()), found[name].rows) for name in order if name in found
    )


def used(connection: Connection, tables: Iterable[Shape]) -> str | None:
    """Return the name of a table that has rows, None if none has."""
    asked = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(
            sql.Literal(table.name), sql.Identifier(table.name)
        )
        for table in tables
    ]
    if not asked:
        return None
    row = _cursor(connection).execute(sql.SQL(" UNION ALL ").join(asked)).fetchone()
    return None if row is None else str(row[0])


def hold(connection: Connection, tables: Iterable[Shape], patience: str = "5s") -> None:
    """Let nobody else write to `tables` until the transaction ends; wait so long for those who do now."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    cursor = _cursor(connection)
    cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(patience)))
    cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(names))


def rows_of(connection: Connection, table: Shape) -> Iterator[bytes]:
    """Yield all rows of a table as COPY text: pieces of whole rows, one line a row."""
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
        _columns(table), sql.Identifier(table.name)
    )
    piece = bytearray()
    with _cursor(connection).copy(statement) as copy:
        for line in copy:
            piece += line
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
    if piece:
        yield bytes(piece)


def add_rows(connection: Connection, table: Shape, pieces: Iterable[bytes]) -> int:
    """Add rows that `rows_of` has given; return how many there were."""
    cursor = _cursor(connection)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), _columns(table))
    with cursor.copy(statement) as copy:
        for piece in pieces:
            copy.write(piece)
    return int(cursor.rowcount)


def sequences(connection: Connection) -> dict[str, tuple[int, bool]]:
    """Return where each sequence stands, and whether it has given out that number."""
    cursor = _cursor(connection)
    names = [str(name) for name in connection.execute(_SEQUENCES).scalars()]
    found = {}
    for name in names:  # a handful; each is a relation of its own
        row = cursor.execute(
            sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name))
        ).fetchone()
        found[name] = (int(row[0]), bool(row[1]))
    return found


def set_sequences(connection: Connection, standing: dict[str, tuple[int, bool]]) -> None:
    """Let each sequence go on where another one stood."""
    for name, (value, called) in standing.items():
        connection.execute(
            text("SELECT setval(CAST(quote_ident(:name) AS regclass), :value, :called)"),
            {"name": name, "value": value, "called": called},
        )


def retire(connection: Connection, to: str) -> None:
    """Note where the data went, and let nobody write here any more; from the commit on.

    A process that was frozen meanwhile wakes up to a database that takes nothing, as a standby would.
    """
    cursor = _cursor(connection)
    name = sql.Identifier(connection.execute(text("SELECT current_database()")).scalar_one())
    cursor.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    cursor.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(MOVED + to)))


def dismiss_others(connection: Connection) -> None:
    """End all other sessions of this database: what `retire` says holds for new ones only."""
    connection.execute(_OTHERS)


def _columns(table: Shape) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, table.columns))


def _cursor(connection: Connection) -> Any:  # noqa: ANN401 - psycopg's cursor, which SQLAlchemy gives untyped
    return connection.connection.cursor()
