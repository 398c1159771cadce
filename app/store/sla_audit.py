"""What the audit of the clocks reads: tickets as stored, streamed, in a transaction that cannot write.

Nothing here changes a row or judges one (usecases/sla_audit.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select, true

from app.domain.clock_entries import ClockEntry
from app.domain.clocks import Timer
from app.domain.events import AnyEvent
from app.domain.ticket import Ticket
from app.store import clocks as clock_store
from app.store import codec
from app.store.tables import events, tickets, timers

BATCH = 200
"""Tickets in memory at a time."""

_DOC_COLUMNS = (
    *("number", "version", "state", "priority", "trade", "account", "site", "assignee"),
    *("opened_at", "ended_at", "revision", "policy"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One ticket as the tables have it. `document` is None when it cannot be read; `unreadable` says why.

    `columns` are those that repeat a field of the document, by the field's name. `sequence` are the numbers
    of the events, which count from 1. `changed_at` is when it was last decided upon. `kept` is what
    the breach audit has of its clocks.
    """

    id: int
    number: int
    policy: str
    document: Ticket | None
    columns: Mapping[str, object]
    next_metric: str
    next_due_at: datetime | None
    changed_at: datetime
    events: tuple[AnyEvent, ...]
    sequence: tuple[int, ...]
    timers: frozenset[Timer]
    kept: tuple[ClockEntry, ...] = ()
    unreadable: str = ""


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one state of the database and can change nothing."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


def count(connection: Connection, since: datetime | None) -> int:
    """Return how many tickets changed at or after `since` (None: how many there are)."""
    return connection.execute(select(func.count()).select_from(tickets).where(_changed(since))).scalar_one()


def stream(connection: Connection, since: datetime | None, batch: int = BATCH) -> Iterator[Stored]:
    """Yield the tickets that changed at or after `since` with all that belongs to them, oldest first.

    A cursor of the server walks through the tickets, so that no more than a batch is ever in memory.
    """
    statement = select(tickets).where(_changed(since)).order_by(tickets.c.id)
    with connection.execute(statement.execution_options(stream_results=True, yield_per=batch)) as result:
        for rows in result.partitions():
            yield from _with_belongings(connection, rows)


def by_number(connection: Connection, number: int) -> Stored | None:
    """Return one ticket as it is stored."""
    if not 0 < number < 2**62:
        return None
    rows = connection.execute(select(tickets).where(tickets.c.number == number)).all()
    return next(iter(_with_belongings(connection, rows)), None)


def _changed(since: datetime | None) -> ColumnElement[bool]:
    return true() if since is None else tickets.c.changed_at >= since


def _with_belongings(connection: Connection, rows: Sequence[Row[Any]]) -> Iterator[Stored]:
    ids = [row.id for row in rows]
    happened: dict[int, list[Row[Any]]] = {ticket_id: [] for ticket_id in ids}
    for event in connection.execute(
        select(events).where(events.c.ticket_id.in_(ids)).order_by(events.c.ticket_id, events.c.seq),
    ):
        happened[event.ticket_id].append(event)
    armed: dict[int, list[Timer]] = {ticket_id: [] for ticket_id in ids}
    for timer in connection.execute(select(timers).where(timers.c.ticket_id.in_(ids))):
        armed[timer.ticket_id].append(Timer(timer.kind, timer.key, timer.due_at))
    kept: dict[int, list[ClockEntry]] = {ticket_id: [] for ticket_id in ids}
    for entry in clock_store.of_tickets(connection, ids):
        kept[entry.ticket_id].append(entry)
    for row in rows:
        yield _stored(row, happened[row.id], armed[row.id], kept[row.id])


def _stored(
    row: Row[Any], happened: Sequence[Row[Any]], armed: Sequence[Timer], kept: Sequence[ClockEntry]
) -> Stored:
    document: Ticket | None = None
    read: tuple[AnyEvent, ...] = ()
    unreadable = ""
    try:
        document = codec.ticket_from_doc(row.doc)
        read = tuple(_event(event) for event in happened)
    except (ValueError, KeyError) as error:
        unreadable = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    columns = {name: row._mapping[name] for name in _DOC_COLUMNS}
    return Stored(
        id=row.id,
        number=row.number,
        policy=row.policy,
        document=document,
        columns=columns,
        next_metric=row.next_metric,
        next_due_at=row.next_due_at,
        changed_at=row.changed_at,
        events=read,
        sequence=tuple(event.seq for event in happened),
        timers=frozenset(armed),
        kept=tuple(kept),
        unreadable=unreadable,
    )


def _event(row: Row[Any]) -> AnyEvent:
    head = {"at": row.at, "recorded_at": row.recorded_at, "actor": row.actor}
    return codec.event_from_row(row.kind, head, row.data)
