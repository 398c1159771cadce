"""What must never be found: promises that the database itself shows to be broken, queues that stand still.

Each question reads partial indexes of what is open, armed or waiting. What must not live here: what is done
about an answer (usecases/reconcile.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from app.store.lanes import LATELY

_LIMIT = 200

# Each gives ids of tickets (`failures_untold`: of outbox messages).
_BROKEN: Mapping[str, str] = {
    "nobody_asked": """
        SELECT t.id FROM tickets t
        WHERE t.ended_at IS NULL AND t.assignee = '' AND t.state <> 'resolved'
        AND NOT EXISTS (SELECT 1 FROM timers x WHERE x.ticket_id = t.id AND x.kind = 'escalation')
    """,
    "clock_unarmed": """
        SELECT DISTINCT c.ticket_id FROM tickets t JOIN clocks c ON c.ticket_id = t.id
        WHERE t.ended_at IS NULL AND c.state = 'running' AND c.breached_at IS NULL AND c.due_at IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM timers x WHERE x.ticket_id = c.ticket_id AND x.kind = 'clock' AND x.key = c.metric
        )
    """,
    "closure_unarmed": """
        SELECT t.id FROM tickets t
        WHERE t.ended_at IS NULL AND t.state = 'resolved'
        AND NOT EXISTS (SELECT 1 FROM timers x WHERE x.ticket_id = t.id AND x.kind = 'closure')
    """,
    "failures_untold": """
        SELECT o.id FROM outbox o JOIN tickets t ON t.id = o.ticket_id
        WHERE o.state = 'failed' AND NOT o.failure_reported AND t.ended_at IS NULL
    """,
}


def broken(connection: Connection) -> dict[str, list[int]]:
    """Return what is broken now, by kind; at most 200 of each, the oldest first. Empty: all is well."""
    found = {}
    for kind, question in _BROKEN.items():
        ids = connection.execute(text(f"{question} ORDER BY 1 LIMIT {_LIMIT}")).scalars().all()
        if ids:
            found[kind] = list(ids)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How much is due and not done, and for how many seconds the oldest of it has been."""

    name: str
    waiting: int
    late_seconds: float


_QUEUES = text(
    """
    SELECT name, count(since) AS waiting,
        greatest(0, coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(since)), 0)) AS late_seconds
    FROM (
        SELECT CASE kind WHEN 'receipt' THEN 'receipts' ELSE 'inbox' END AS name,
            greatest(received_at, not_before) AS since
        FROM inbox WHERE state = 'new' AND not_before <= :now
        UNION ALL
        SELECT CASE WHEN rank = 0 THEN 'pages'
            WHEN channel = ANY(ARRAY(
                SELECT l.name FROM lanes l WHERE l.next_at > :lately OR l.slow_until > :now
            )) THEN 'held' ELSE 'notices' END, not_before
        FROM outbox WHERE state = 'pending' AND not_before <= :now
        UNION ALL
        SELECT 'claims', lease_until FROM outbox WHERE state = 'sending' AND lease_until <= :now
        UNION ALL
        SELECT 'timers', not_before FROM timers WHERE not_before <= :now
        UNION ALL
        SELECT name, NULL
        FROM unnest(ARRAY['inbox', 'receipts', 'pages', 'notices', 'held', 'claims', 'timers']) AS name
    ) due
    GROUP BY name ORDER BY name
    """,
)


def queues(connection: Connection, now: datetime) -> list[Queue]:
    """Return how all queues stand: inbox, receipts, pages, notices, timers, and claims past their lease.

    What is no page and waits for its lane is `held`, apart from the notices: that is no fault of anybody's.
    """
    return [
        Queue(name=row.name, waiting=row.waiting, late_seconds=float(row.late_seconds))
        for row in connection.execute(_QUEUES, {"now": now, "lately": now - LATELY})
    ]
