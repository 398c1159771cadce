"""Armed timers: what must be sent to which ticket, and when. Written by tickets.save, claimed here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text, update

from app.domain.clocks import Timer
from app.domain.ticket import Ticket
from app.store import codec
from app.store.tables import timers


@dataclass(frozen=True, slots=True)
class DueTicket:
    """A ticket whose row this transaction has locked, with its timers that are due, earliest first."""

    ticket: Ticket
    timers: tuple[Timer, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What a claim found: open tickets, and how many that have ended, for which nothing is to be decided."""

    tickets: tuple[DueTicket, ...] = ()
    ended: int = 0


# The ticket's own row is locked first (it guards its timers); whoever is busy with it keeps it, and we do
# not wait: SKIP LOCKED here can therefore not deadlock with a writer that updates tickets in order. More are
# looked at than taken: when very much is due at once, the first ones are what other nodes have just taken.
_CLAIM = text(
    """
    WITH due AS MATERIALIZED (
        SELECT ticket_id, min(due_at) AS first FROM (
            SELECT ticket_id, due_at FROM timers
            WHERE not_before <= :now ORDER BY not_before LIMIT :batch * 4
        ) d GROUP BY ticket_id
    )
    SELECT t.id, CASE WHEN t.ended_at IS NULL THEN t.doc END AS doc FROM tickets t
    JOIN due ON due.ticket_id = t.id
    ORDER BY due.first, t.id LIMIT :batch FOR UPDATE OF t SKIP LOCKED
    """,
)

# Nothing is decided for a ticket that has ended: no document is read, whatever is armed goes at once.
_DROP_ENDED = text(
    """
    WITH due AS MATERIALIZED (
        SELECT ticket_id FROM timers WHERE not_before <= :now ORDER BY not_before LIMIT :batch
    ), ended AS MATERIALIZED (
        SELECT t.id, t.number FROM tickets t
        WHERE t.id IN (SELECT ticket_id FROM due) AND t.ended_at IS NOT NULL
        ORDER BY t.id FOR NO KEY UPDATE OF t SKIP LOCKED
    )
    DELETE FROM timers USING ended WHERE timers.ticket_id = ended.id
    RETURNING ended.number, timers.kind, timers.key, timers.due_at
    """,
)


def drop_ended(connection: Connection, now: datetime, batch: int) -> list[tuple[int, Timer]]:
    """Disarm tickets that have ended, among the `batch` timers due first; return number and timer of each."""
    rows = connection.execute(_DROP_ENDED, {"now": now, "batch": batch})
    return [(row.number, Timer(row.kind, row.key, row.due_at)) for row in rows]


def claim(connection: Connection, now: datetime, batch: int) -> Due:
    """Return tickets with timers due at `now`, locked until this transaction ends."""
    rows = connection.execute(_CLAIM, {"now": now, "batch": batch}).all()
    documents = {row.id: row.doc for row in rows if row.doc is not None}
    ended = len(rows) - len(documents)
    if not documents:
        return Due(ended=ended)
    due: dict[int, list[Timer]] = {ticket_id: [] for ticket_id in documents}
    for row in connection.execute(
        select(timers.c.ticket_id, timers.c.kind, timers.c.key, timers.c.due_at)
        .where(timers.c.ticket_id.in_(documents), timers.c.not_before <= now)
        .order_by(timers.c.due_at, timers.c.kind, timers.c.key),
    ):
        due[row.ticket_id].append(Timer(row.kind, row.key, row.due_at))
    found = (DueTicket(codec.ticket_from_doc(documents[i]), tuple(due[i])) for i in documents if due[i])
    return Due(tuple(found), ended)


def push_back(connection: Connection, ticket_id: int, not_before: datetime) -> None:
    """Let a ticket whose timer failed step aside until `not_before`, so that it does not stop the others."""
    connection.execute(
        update(timers)
        .where(timers.c.ticket_id == ticket_id, timers.c.not_before < not_before)
        .values(not_before=not_before),
    )


def next_due(connection: Connection) -> datetime | None:
    """Return when the next timer is due, or None when nothing is armed."""
    return connection.execute(select(func.min(timers.c.not_before))).scalar()


def of_ticket(connection: Connection, ticket_id: int) -> frozenset[Timer]:
    """Return what is armed for a ticket."""
    rows = connection.execute(
        select(timers.c.kind, timers.c.key, timers.c.due_at).where(timers.c.ticket_id == ticket_id),
    )
    return frozenset(Timer(row.kind, row.key, row.due_at) for row in rows)
