"""The outbox: what we mean to say, claimed with a lease, sent outside any transaction, then recorded."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Update, case, select, text, update

from app.store.rows import insert_rows
from app.store.tables import delivery_attempts, outbox

PAGE, CUSTOMER, NOTICE = 0, 1, 2
FIRST, URGENT, USUAL = 0, 1, 2
"""How urgent it is among those of its rank: an urgent ticket's first page, its other pages, all else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One message as it was decided. `person` is empty for a customer; `rank` 0 is a page.

    It waits for the turn of its `account`, which is empty for what belongs to none. `thread` holds what a
    mail needs to stay in its thread: reply_to, message_id, references.
    """

    id: int
    ticket_id: int | None
    rank: int
    text_id: str
    channel: str
    address: str
    person: str
    subject: str
    body: str
    thread: dict[str, str] = field(default_factory=dict)
    created_at: datetime
    not_before: datetime
    account: str = ""
    urgency: int = USUAL


def put(connection: Connection, rows: Sequence[OutboxRow]) -> None:
    """Insert the messages."""
    if rows:
        names = [c.name for c in outbox.c if hasattr(rows[0], c.name)]
        insert_rows(connection, outbox, [{n: getattr(row, n) for n in names} for row in rows])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message to send now, held until its lease ends. `wanted` is false when its page has become moot.

    `status` is `unknown` when a send was begun of which nobody knows whether it got there; any other word is
    the provider's own about a send whose answer we never got.
    """

    id: int
    ticket_id: int | None
    rank: int
    text_id: str
    channel: str
    address: str
    person: str
    subject: str
    body: str
    thread: dict[str, str]
    attempts: int
    status: str
    created_at: datetime
    wanted: bool
    urgency: int = USUAL


def release_expired(connection: Connection, now: datetime) -> int:
    """Give back the messages of a node that died while sending; they go out again. Return how many."""
    result = connection.execute(_release().where(outbox.c.lease_until < now))
    return result.rowcount


def _release() -> Update:
    """Return what gives back claims: whether their messages went out, nobody knows."""
    status = case((outbox.c.status == "", "unknown"), else_=outbox.c.status)
    return (
        update(outbox)
        .where(outbox.c.state == "sending")
        .values(state="pending", lease_until=None, claimed_by="", status=status)
    )


def claimants(connection: Connection) -> list[str]:
    """Return the nodes that hold messages now."""
    statement = select(outbox.c.claimed_by).where(outbox.c.state == "sending").distinct()
    return list(connection.execute(statement).scalars())


def release_of(connection: Connection, nodes: Collection[str]) -> int:
    """Give back what these nodes hold, because they are known to be dead. Return how many messages."""
    if not nodes:
        return 0
    result = connection.execute(_release().where(outbox.c.claimed_by.in_(nodes)))
    return result.rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one call to the provider ended. `state` is what the message is now; `retry_at` for pending."""

    id: int
    attempt: int
    state: str
    at: datetime
    provider_id: str = ""
    status: str = ""
    code: str = ""
    detail: str = ""
    retry_at: datetime | None = None


# A receipt may be quicker than our own record of the send: what it wrote stays, and what it says went out is
# neither sent again nor given up, although we never got the provider's answer. The rows are locked in the
# order of their ids, as everybody does: two transactions then never wait for each other in a circle.
_RECORD = text(
    """
    WITH told AS (
        SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS t (
            id bigint, attempt integer, state text, provider_id text, status text, code text, detail text,
            retry_at timestamptz, sent_at timestamptz, finished_at timestamptz
        )
    ), held AS (
        SELECT o.id FROM outbox o JOIN told ON told.id = o.id AND told.attempt = o.attempts
        WHERE o.state = 'sending' AND o.claimed_by = :node
        ORDER BY o.id FOR UPDATE OF o
    )
    UPDATE outbox o SET
        state = CASE
            WHEN o.status NOT IN ('', 'unknown') AND t.state IN ('pending', 'failed') THEN 'sent'
            ELSE t.state
        END,
        lease_until = NULL,
        claimed_by = '',
        provider_id = coalesce(nullif(t.provider_id, ''), o.provider_id),
        status = CASE WHEN o.status IN ('', 'unknown') AND t.status <> '' THEN t.status ELSE o.status END,
        code = CASE WHEN o.status IN ('', 'unknown') THEN t.code ELSE o.code END,
        detail = CASE WHEN o.status IN ('', 'unknown') THEN t.detail ELSE o.detail END,
        not_before = coalesce(t.retry_at, o.not_before),
        sent_at = coalesce(t.sent_at, o.sent_at),
        finished_at = coalesce(t.finished_at, o.finished_at)
    FROM held, told t WHERE o.id = held.id AND t.id = o.id
    """,
)


def record(connection: Connection, attempts: Sequence[Attempt], node: str) -> None:
    """Write the results of sends that `node` still holds; a lease that was lost changes nothing."""
    if not attempts:
        return
    rows = [
        {
            "id": a.id,
            "attempt": a.attempt,
            "state": a.state,
            "provider_id": a.provider_id,
            "status": a.status,
            "code": a.code,
            "detail": a.detail[:500],
            "retry_at": a.retry_at and a.retry_at.isoformat(),
            "sent_at": a.at.isoformat() if a.state == "sent" else None,
            "finished_at": a.at.isoformat() if a.state in ("failed", "cancelled") else None,
        }
        for a in attempts
    ]
    connection.execute(_RECORD, {"rows": json.dumps(rows), "node": node})
    told = [
        {
            "outbox_id": a.id,
            "attempt": a.attempt,
            "at": a.at,
            "result": a.state,
            "code": a.code,
            "detail": a.detail[:500],
        }
        for a in attempts
    ]
    # Written before, when the commit's answer was lost.
    insert_rows(connection, delivery_attempts, told, "ON CONFLICT DO NOTHING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message as far as its delivery goes."""

    id: int
    ticket_id: int | None
    rank: int
    text_id: str
    channel: str
    address: str
    person: str
    body: str
    state: str
    status: str
    code: str
    detail: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    failure_reported: bool
    provider_id: str = ""


_DELIVERY = [outbox.c[name] for name in Delivery.__dataclass_fields__]


def deliveries(connection: Connection, ids: Collection[int]) -> dict[int, Delivery]:
    """Return the messages with these ids, locked until the transaction ends.

    Whoever writes several does it in the order of their ids, as `record` does: else a batch of results and
    a batch of receipts wait for each other.
    """
    if not ids:
        return {}
    statement = select(*_DELIVERY).where(outbox.c.id.in_(ids)).order_by(outbox.c.id).with_for_update()
    return {row.id: Delivery(**row._mapping) for row in connection.execute(statement)}


def of_ticket(connection: Connection, ticket_id: int, limit: int = 500) -> list[Delivery]:
    """Return the newest `limit` messages of a ticket, oldest first."""
    rows = connection.execute(
        select(*_DELIVERY).where(outbox.c.ticket_id == ticket_id).order_by(outbox.c.id.desc()).limit(limit),
    )
    return [Delivery(**row._mapping) for row in rows][::-1]


def by_provider_ids(connection: Connection, provider_ids: Collection[str]) -> dict[str, int]:
    """Return the ids of the messages that the provider knows by these names."""
    known = [p for p in provider_ids if p]
    if not known:
        return {}
    rows = connection.execute(
        select(outbox.c.provider_id, outbox.c.id).where(outbox.c.provider_id.in_(known)),
    )
    return {row.provider_id: row.id for row in rows}


_UNHEARD = text(
    """
    WITH open AS (
        SELECT id, channel, provider_id, status, sent_at, rank FROM outbox
        WHERE channel = 'sms' AND state = 'sent' AND status IN ('queued', 'sent', 'unknown')
            AND sent_at >= :earliest AND sent_at < :latest
        UNION ALL
        SELECT id, channel, provider_id, status, sent_at, rank FROM outbox
        WHERE channel = 'voice' AND state = 'sent' AND finished_at IS NULL
            AND status IN ('queued', 'sent', 'answered', 'unknown')
    )
    SELECT id, channel, provider_id, status FROM open
    WHERE provider_id <> '' AND EXISTS (
        SELECT FROM unnest(CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])) AS w (since, until)
        WHERE sent_at >= w.since AND sent_at < w.until
    )
    ORDER BY rank, id LIMIT :limit
    """,
)


def unheard(
    connection: Connection, windows: Sequence[tuple[datetime, datetime]], limit: int
) -> list[tuple[int, str, str, str]]:
    """Return texts and calls of these windows whose end is not known, pages first.

    Each is an id, its channel, the provider's id and the status.
    """
    starts, ends = [w[0] for w in windows], [w[1] for w in windows]
    asked = {"since": starts, "until": ends, "earliest": min(starts), "latest": max(ends), "limit": limit}
    return [tuple(row) for row in connection.execute(_UNHEARD, asked)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterWord:
    """What a provider says later of a message. `failed`: it will never arrive; `finished`: all is done."""

    id: int
    status: str
    provider_id: str
    code: str
    detail: str
    failed: bool
    finished: bool


_LATER_WORDS = text(
    """
    UPDATE outbox o SET
        status = t.status,
        detail = t.detail,
        code = coalesce(nullif(t.code, ''), o.code),
        provider_id = coalesce(nullif(t.provider_id, ''), o.provider_id),
        failure_reported = o.failure_reported OR t.failed,
        finished_at = CASE WHEN t.finished THEN :now ELSE o.finished_at END
    FROM json_to_recordset(CAST(:words AS json)) AS t (
        id bigint, status text, provider_id text, code text, detail text, failed boolean, finished boolean
    )
    WHERE o.id = t.id
    """,
)


def set_status(connection: Connection, words: Sequence[LaterWord], now: datetime) -> None:
    """Write the providers' later words, one for each message; their rows are locked (see `deliveries`)."""
    if words:
        told = [{**asdict(word), "detail": word.detail[:500]} for word in words]
        connection.execute(_LATER_WORDS, {"words": json.dumps(told), "now": now})


def mark_reported(connection: Connection, ids: Collection[int]) -> None:
    """Note that the failure of these messages has been decided upon; it is decided upon once."""
    if ids:
        connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(failure_reported=True))
