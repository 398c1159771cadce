"""The inbox: every webhook request, stored raw before it is answered, handled in order for each sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, text, update
from sqlalchemy.dialects.postgresql import insert

from app.domain.message import Channel, Inbound, InboundKind
from app.store.tables import inbox

# Advisory locks of this class are held by whoever handles the messages of one sender.
_SENDER_LOCK = 1042
# How far down the queue a claim looks, and how many bytes of raw mail one batch may hold in memory.
_SCAN = 500
_BATCH_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stored request that nobody handled yet. `attempts` counts the failed ones."""

    id: int
    attempts: int
    inbound: Inbound


def store(connection: Connection, rows: Sequence[tuple[int, Inbound]]) -> set[int]:
    """Insert the requests with their ids; return the ids that were new (a known key is a duplicate)."""
    values = [
        {
            "id": row_id,
            "provider": item.provider,
            "kind": item.kind,
            "channel": item.channel,
            "key": item.key,
            "sender": item.sender,
            "recipient": item.recipient,
            "received_at": item.received_at,
            "not_before": item.received_at,
            "payload": item.payload,
            "raw": item.raw,
        }
        for row_id, item in rows
    ]
    statement = insert(inbox).values(values).on_conflict_do_nothing().returning(inbox.c.id)
    return set(connection.execute(statement).scalars())


_CLAIM = text(
    """
    WITH scanned AS (
        SELECT sender, id, not_before FROM inbox WHERE state = 'new' ORDER BY id LIMIT :scan
    ), first AS (
        SELECT DISTINCT ON (sender) sender, id, not_before FROM scanned ORDER BY sender, id
    ), ready AS MATERIALIZED (
        SELECT sender FROM first WHERE not_before <= :now ORDER BY id LIMIT :batch
    )
    SELECT sender FROM ready WHERE pg_try_advisory_xact_lock(:lock, hashtext(sender))
    """,
)

_READ = text(
    """
    SELECT id, provider, kind, channel, key, sender, recipient, received_at, payload, raw, attempts
    FROM inbox
    WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER w AS place, sum(octet_length(raw)) OVER w AS bytes
            FROM inbox WHERE state = 'new' AND sender = ANY(:senders)
            WINDOW w AS (ORDER BY id)
        ) queue
        WHERE place = 1 OR (place <= :batch AND bytes <= :bytes)
    )
    ORDER BY id
    """,
)


def claim(connection: Connection, now: datetime, batch: int) -> list[Waiting]:
    """Return up to `batch` waiting requests, each sender's in order, to be handled in this transaction.

    Whoever gets a sender's lock has all of that sender's messages until the transaction ends, so that two
    nodes never handle one sender's messages side by side or out of order.
    """
    senders = list(
        connection.execute(
            _CLAIM,
            {"scan": _SCAN, "now": now, "batch": batch, "lock": _SENDER_LOCK},
        ).scalars(),
    )
    if not senders:
        return []
    rows = connection.execute(_READ, {"senders": senders, "batch": batch, "bytes": _BATCH_BYTES})
    return [
        Waiting(
            row.id,
            row.attempts,
            Inbound(
                provider=row.provider,
                kind=InboundKind(row.kind),
                channel=Channel(row.channel),
                key=row.key,
                sender=row.sender,
                recipient=row.recipient,
                received_at=row.received_at,
                payload=row.payload,
                raw=bytes(row.raw),
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a request: a ticket, or a reason (`outcome`) why there is none, or both."""

    id: int
    ticket_id: int | None
    outcome: str
    failed: bool = False


def finish(connection: Connection, handled: Sequence[Handled], now: datetime) -> None:
    """Mark the requests as handled."""
    if not handled:
        return
    statement = (
        update(inbox)
        .where(inbox.c.id == bindparam("b_id"))
        .values(
            state=bindparam("b_state"),
            ticket_id=bindparam("b_ticket"),
            outcome=bindparam("b_outcome"),
            handled_at=now,
        )
    )
    connection.execute(
        statement,
        [
            {
                "b_id": item.id,
                "b_state": "failed" if item.failed else "done",
                "b_ticket": item.ticket_id,
                "b_outcome": item.outcome,
            }
            for item in handled
        ],
    )


def set_aside(connection: Connection, row_id: int, not_before: datetime) -> None:
    """Count a failed attempt and try again at `not_before`; later messages of the sender wait behind it."""
    connection.execute(
        update(inbox)
        .where(inbox.c.id == row_id)
        .values(attempts=inbox.c.attempts + 1, not_before=not_before),
    )
