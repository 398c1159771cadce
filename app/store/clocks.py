"""The audit's projection: one row for each clock that has started. Written by tickets.save, or made anew.

What must not live here: what an entry says (domain/clock_entries.py), the audit's questions (breaches.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, delete, exists, select

from app.domain.clock_entries import ClockEntry
from app.store.rows import insert_rows
from app.store.tables import clocks, tickets

_KEY = ("ticket_id", "metric")
_VALUES = tuple(column.name for column in clocks.columns if column.name not in _KEY)
_UPSERT = (
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {', '.join(f'{v} = excluded.{v}' for v in _VALUES)}"
    f" WHERE {' OR '.join(f'clocks.{v} IS DISTINCT FROM excluded.{v}' for v in _VALUES)}"
)


def put(connection: Connection, entries: Sequence[ClockEntry]) -> None:
    """Write entries; a row that says the same already stays untouched."""
    insert_rows(
        connection,
        clocks,
        [{name: getattr(entry, name) for name in (*_KEY, *_VALUES)} for entry in entries],
        _UPSERT,
    )


def replace(connection: Connection, tickets: Collection[int], entries: Sequence[ClockEntry]) -> None:
    """Make the rows of these tickets anew."""
    if tickets:
        connection.execute(delete(clocks).where(clocks.c.ticket_id.in_(tickets)))
        put(connection, entries)


def lock_without(connection: Connection, ticket_id: int, limit: int) -> list[int]:
    """Return the next ticket ids after one that have no entry, locked until the transaction ends."""
    kept = exists().where(clocks.c.ticket_id == tickets.c.id)
    wanted = select(tickets.c.id).where(tickets.c.id > ticket_id, ~kept)
    rows = connection.execute(wanted.order_by(tickets.c.id).limit(limit).with_for_update())
    return list(rows.scalars())


def of_tickets(connection: Connection, tickets: Collection[int]) -> tuple[ClockEntry, ...]:
    """Return the entries of these tickets, by ticket and metric."""
    wanted = select(clocks).where(clocks.c.ticket_id.in_(tickets))
    rows = connection.execute(wanted.order_by(clocks.c.ticket_id, clocks.c.metric)).mappings()
    return tuple(ClockEntry(**row) for row in rows)
