"""The inbox: every webhook request, stored raw before it is answered, handled in order for each sender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from sqlalchemy import Connection, TextClause, select, text, update

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


# One statement, the same for any number of rows: a list of VALUES would be compiled anew for each batch. Raw
# bodies come as one value that is cut up here: in an array, a mail of 30 MB takes five seconds to be escaped.
_STORE = text(
    """
    INSERT INTO inbox
        (id, provider, kind, channel, key, sender, recipient, received_at, not_before, payload, raw)
    SELECT id, provider, kind, channel, key, sender, recipient, received_at, received_at, payload::jsonb,
        substring(CAST(:raw AS bytea) FROM start FOR length)
    FROM unnest(
        CAST(:id AS bigint[]), CAST(:provider AS text[]), CAST(:kind AS text[]), CAST(:channel AS text[]),
        CAST(:key AS text[]), CAST(:sender AS text[]), CAST(:recipient AS text[]),
        CAST(:received_at AS timestamptz[]), CAST(:payload AS text[]),
        CAST(:start AS int[]), CAST(:length AS int[])
    ) AS request (id, provider, kind, channel, key, sender, recipient, received_at, payload, start, length)
    ON CONFLICT (provider, kind, key) DO NOTHING
    RETURNING id
    """,
)


def store(connection: Connection, rows: Sequence[tuple[int, Inbound]]) -> set[int]:
    """Insert the requests with their ids; return the ids that were new (a known key is a duplicate).

    It is one statement, so that a caller with nothing else to write needs no transaction around it.
    """
    if not rows:
        return set()
    items = [item for _, item in rows]
    lengths = [len(item.raw) for item in items]
    columns: dict[str, object] = {
        "id": [row_id for row_id, _ in rows],
        "provider": [item.provider for item in items],
        "kind": [item.kind.value for item in items],
        "channel": [item.channel.value for item in items],
        "key": [item.key for item in items],
        "sender": [item.sender for item in items],
        "recipient": [item.recipient for item in items],
        "received_at": [item.received_at for item in items],
        "payload": [json.dumps(item.payload) for item in items],
        "start": list(accumulate(lengths[:-1], initial=1)),
        "length": lengths,
        "raw": b"".join(item.raw for item in items),
    }
    return set(connection.execute(_STORE, columns).scalars())


def _claim(which: str) -> TextClause:
    return text(
        f"""
        WITH scanned AS (
            SELECT sender, id, not_before FROM inbox WHERE state = 'new' AND {which} ORDER BY id LIMIT :scan
        ), first AS (
            SELECT DISTINCT ON (sender) sender, id, not_before FROM scanned ORDER BY sender, id
        ), ready AS MATERIALIZED (
            SELECT sender FROM first WHERE not_before <= :now ORDER BY id LIMIT :batch
        )
        SELECT sender FROM ready WHERE pg_try_advisory_xact_lock(:lock, hashtext(sender))
        """,  # noqa: S608 - one of the two conditions below
    )


# Each in the words of its partial index.
_CLAIM_MESSAGES, _CLAIM_RECEIPTS = _claim("kind <> 'receipt'"), _claim("kind = 'receipt'")

_READ = text(
    """
    SELECT id, provider, kind, channel, key, sender, recipient, received_at, payload, raw, attempts
    FROM inbox
    WHERE id IN (
        SELECT id FROM (
            SELECT id, row_number() OVER w AS place, sum(octet_length(raw)) OVER w AS bytes
            FROM inbox WHERE state = 'new' AND sender = ANY(:senders) AND (kind = 'receipt') = :receipts
            WINDOW w AS (ORDER BY id)
        ) queue
        WHERE place = 1 OR (place <= :batch AND bytes <= :bytes)
    )
    ORDER BY id
    """,
)


def claim(connection: Connection, now: datetime, batch: int, *, receipts: bool = False) -> list[Waiting]:
    """Return up to `batch` waiting messages or receipts, each sender's in order, for this transaction.

    Whoever gets a sender's lock has all of that sender's messages until the transaction ends, so that two
    nodes never handle one sender's messages side by side or out of order.
    """
    senders = list(
        connection.execute(
            _CLAIM_RECEIPTS if receipts else _CLAIM_MESSAGES,
            {"scan": _SCAN, "now": now, "batch": batch, "lock": _SENDER_LOCK},
        ).scalars(),
    )
    if not senders:
        return []
    rows = connection.execute(
        _READ,
        {"senders": senders, "batch": batch, "bytes": _BATCH_BYTES, "receipts": receipts},
    )
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A handled message of a ticket as it came. `handled_at` is `recorded_at` of the events it led to."""

    id: int
    provider: str
    channel: str
    sender: str
    received_at: datetime
    handled_at: datetime
    payload: Mapping[str, object]


def of_ticket(connection: Connection, ticket_id: int) -> list[Kept]:
    """Return the messages that became part of a ticket, in the order received."""
    rows = connection.execute(
        select(*(inbox.c[name] for name in Kept.__dataclass_fields__))
        .where(inbox.c.ticket_id == ticket_id, inbox.c.handled_at.is_not(None))
        .order_by(inbox.c.received_at, inbox.c.id),
    )
    return [Kept(**row) for row in rows.mappings()]


def known_keys(connection: Connection, provider: str, kind: InboundKind, keys: Sequence[str]) -> set[str]:
    """Return which of these keys of a provider's requests are stored."""
    if not keys:
        return set()
    rows = connection.execute(
        select(inbox.c.key).where(
            inbox.c.provider == provider, inbox.c.kind == kind.value, inbox.c.key.in_(keys)
        ),
    )
    return set(rows.scalars())


def latest(connection: Connection, provider: str) -> datetime | None:
    """Return when the newest message of a provider's came in, None if none ever has."""
    row = connection.execute(_LATEST, {"provider": provider}).first()
    return row.received_at if row else None


# Ids grow with time, so that few rows are looked at.
_LATEST = text(
    """
    SELECT received_at FROM inbox WHERE provider = :provider AND kind = 'message' ORDER BY id DESC LIMIT 1
    """,
)

_FINISH = text(
    """
    UPDATE inbox SET state = h.state, ticket_id = h.ticket_id, outcome = h.outcome, handled_at = :now
    FROM unnest(
        CAST(:id AS bigint[]), CAST(:state AS text[]), CAST(:ticket_id AS bigint[]), CAST(:outcome AS text[])
    ) AS h (id, state, ticket_id, outcome)
    WHERE inbox.id = h.id
    """,
)


def finish(connection: Connection, handled: Sequence[Handled], now: datetime) -> None:
    """Mark the requests as handled."""
    if not handled:
        return
    columns: dict[str, object] = {
        "id": [item.id for item in handled],
        "state": ["failed" if item.failed else "done" for item in handled],
        "ticket_id": [item.ticket_id for item in handled],
        "outcome": [item.outcome for item in handled],
        "now": now,
    }
    connection.execute(_FINISH, columns)


_EMPTY = text(
    """
    WITH old AS MATERIALIZED (
        SELECT id FROM inbox WHERE NOT emptied AND received_at < :before AND state <> 'new'
        ORDER BY received_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE inbox SET payload = '{}', raw = '', emptied = true FROM old WHERE inbox.id = old.id
    """,
)


def empty_before(connection: Connection, before: datetime, limit: int) -> int:
    """Empty the bodies of handled requests that came before an instant, the oldest first; return how many."""
    return connection.execute(_EMPTY, {"before": before, "limit": limit}).rowcount


def set_aside(connection: Connection, row_id: int, not_before: datetime) -> None:
    """Count a failed attempt and try again at `not_before`; later messages of the sender wait behind it."""
    connection.execute(
        update(inbox)
        .where(inbox.c.id == row_id)
        .values(attempts=inbox.c.attempts + 1, not_before=not_before),
    )
