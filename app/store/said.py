"""What was said to an address lately: which pages, and how often the same.

What must not live here: sending (outbox.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from app.store.tables import outbox


@dataclass(frozen=True, slots=True)
class LastPage:
    """A page that went (or is about to go) to an address."""

    address: str
    ticket_id: int
    created_at: datetime


_LAST_PAGES = text(
    """
    SELECT a.address, p.ticket_id, p.created_at
    FROM unnest(CAST(:addresses AS text[])) AS a(address)
    CROSS JOIN LATERAL (
        SELECT ticket_id, created_at, id FROM outbox o
        WHERE o.address = a.address AND o.rank = 0 AND o.ticket_id IS NOT NULL AND o.created_at >= :since
        ORDER BY o.id DESC LIMIT 8
    ) p
    ORDER BY p.id DESC
    """,
)


def last_pages(connection: Connection, addresses: Collection[str], since: datetime) -> list[LastPage]:
    """Return the last few pages to each address, the newest first."""
    if not addresses:
        return []
    rows = connection.execute(_LAST_PAGES, {"addresses": list(addresses), "since": since})
    return [LastPage(row.address, row.ticket_id, row.created_at) for row in rows]


def said_lately(
    connection: Connection,
    addresses: Collection[str],
    text_ids: Collection[str],
    since: datetime,
) -> dict[str, int]:
    """Return how often one of these texts went to each of these addresses since then."""
    if not addresses:
        return {}
    rows = connection.execute(
        select(outbox.c.address, func.count().label("times"))
        .where(
            outbox.c.address.in_(addresses),
            outbox.c.text_id.in_(text_ids),
            outbox.c.created_at >= since,
        )
        .group_by(outbox.c.address),
    )
    return {row.address: row.times for row in rows}
