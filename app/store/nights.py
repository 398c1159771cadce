"""Pages of a period and who took tickets in it, for the figures of fairness."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from app.store.outbox import PAGE
from app.store.tables import events, outbox


def pages(connection: Connection, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Return (person, first instant) for each ticket and hour of each person's pages from start until end."""
    hour = func.date_trunc("hour", outbox.c.created_at)
    rows = connection.execute(
        select(outbox.c.person, func.min(outbox.c.created_at))
        .where(outbox.c.rank == PAGE, outbox.c.created_at >= start, outbox.c.created_at < end)
        .where(outbox.c.person != "", outbox.c.ticket_id.is_not(None))
        .group_by(outbox.c.person, outbox.c.ticket_id, hour),
    )
    return [(row[0], row[1]) for row in rows]


def taken(connection: Connection, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Return (person, instant) of each time that somebody took a ticket from start until end."""
    rows = connection.execute(
        select(events.c.data["person"].astext, events.c.at)
        .where(events.c.kind.in_(("acknowledged", "taken")))
        .where(events.c.at >= start, events.c.at < end),
    )
    return [(row[0], row[1]) for row in rows]
