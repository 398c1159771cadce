"""Calls of ours that may still ring or talk: outbox rows of the channel `voice`, as far as their line goes.

`finished_at` of such a row is when nothing was left to do about its line.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text, update

from app.store.tables import outbox


@dataclass(frozen=True, slots=True)
class Line:
    """A call to do something about. `before` is how it stood: an answered one hears why."""

    id: int
    provider_id: str
    attempts: int
    before: str

    @property
    def answered(self) -> bool:
        """Return whether somebody, or a machine, is listening."""
        return self.before in ("answered", "undelivered")


# Whoever acknowledged in whatever way: a line is ended when its ticket asks for nobody any more, or when its
# person has passed; one that tells of many, when none asks its person. `not_before` is the lease, and the
# pause before another try: ending a call twice does no harm.
_TAKE = text(
    """
    WITH chosen AS MATERIALIZED (
        SELECT o.id, o.status AS before FROM outbox o
        WHERE o.channel = 'voice' AND o.state = 'sent' AND o.finished_at IS NULL
        AND o.not_before <= :now AND o.status <> 'delivered' AND o.ticket_id IS NOT NULL
        AND (
            o.status IN ('ended', 'undelivered')
            OR NOT EXISTS (
                SELECT 1 FROM tickets t WHERE t.id = o.ticket_id
                AND (
                    t.doc #>> '{escalation,next_at}' IS NOT NULL
                    AND NOT coalesce(jsonb_exists(t.doc -> 'passed', o.person), false)
                    OR t.doc #>> '{handoff,to}' = o.person
                    OR (t.doc ->> 'ack_asked')::boolean AND t.doc ->> 'assignee' = o.person
                )
            )
            AND NOT (
                o.thread ? 'stands_for' AND EXISTS (
                    SELECT 1 FROM tickets t
                    WHERE t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
                    AND t.doc #> '{escalation,asked}' @> to_jsonb(o.person)
                )
            )
        )
        ORDER BY o.not_before, o.id LIMIT :batch FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox o SET not_before = :again,
        status = CASE WHEN chosen.before = 'undelivered' THEN o.status ELSE 'ended' END
    FROM chosen WHERE o.id = chosen.id
    RETURNING o.id, o.provider_id, o.attempts, chosen.before
    """,
)


def take_moot(connection: Connection, *, now: datetime, again: datetime, batch: int) -> list[Line]:
    """Return lines to end or to be told something, not to be returned once more before `again`."""
    rows = connection.execute(_TAKE, {"now": now, "again": again, "batch": batch})
    return [Line(row.id, row.provider_id, row.attempts, row.before) for row in rows]


def finish(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Note that nothing is left to do about these lines."""
    if ids:
        statement = update(outbox).where(outbox.c.id.in_(ids), outbox.c.finished_at.is_(None))
        connection.execute(statement.values(finished_at=now))


def leave_alone(connection: Connection, row_id: int, until: datetime) -> None:
    """Keep a line from being ended before `until`."""
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(not_before=until))


def mark(connection: Connection, row_id: int, status: str, now: datetime | None, detail: str = "") -> None:
    """Write how a line stands; with `now`, nothing is left to do about it."""
    values: dict[str, object] = {"status": status, "finished_at": now}
    if detail:
        values["detail"] = detail
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))
