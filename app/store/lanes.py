"""Lanes as the database keeps them: locked by whoever claims from one, written in the same transaction.

What must not live here: the arithmetic (domain/pacing.py), whose turn it is (claims.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from app.domain.pacing import Lane

_LOCK = text(
    """
    SELECT l.name, l.next_at, l.held_until, l.slow_until, l.code, EXISTS (
        SELECT FROM outbox o WHERE o.state = 'pending' AND o.channel = l.name AND o.rank = 0
            AND o.not_before <= :now
    ) AS pages_wait
    FROM lanes l WHERE l.name = ANY(CAST(:names AS text[])) ORDER BY l.name FOR UPDATE OF l
    """,
)
_MAKE = text(
    """
    INSERT INTO lanes (name, next_at, held_until, slow_until)
    SELECT name, '1970-01-01 UTC', '1970-01-01 UTC', '1970-01-01 UTC'
    FROM unnest(CAST(:names AS text[])) AS n (name) ON CONFLICT (name) DO NOTHING
    """,
)
_WRITE = text(
    """
    UPDATE lanes SET next_at = :next_at, held_until = :held_until, slow_until = :slow_until, code = :code
    WHERE name = :name
    """,
)


@dataclass(frozen=True, slots=True)
class Locked:
    """A lane that is ours until the transaction ends, and whether pages wait in it."""

    lane: Lane
    pages_wait: bool


def lock(connection: Connection, names: Collection[str], now: datetime) -> list[Locked]:
    """Return these lanes, locked in the order of their names; those that are not there yet are made."""
    asked = {"names": sorted(names), "now": now}
    found = connection.execute(_LOCK, asked).all()
    if len(found) < len(names):
        connection.execute(_MAKE, asked)
        found = connection.execute(_LOCK, asked).all()
    return [
        Locked(
            Lane(
                name=row.name,
                next_at=row.next_at,
                held_until=row.held_until,
                slow_until=row.slow_until,
                code=row.code,
            ),
            row.pages_wait,
        )
        for row in found
    ]


def write(connection: Connection, lanes: Collection[Lane]) -> None:
    """Write lanes that this transaction has locked."""
    if lanes:
        connection.execute(_WRITE, [asdict(lane) for lane in lanes])


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many messages are due in a lane with a pace, and how the lane stands."""

    lane: Lane
    waiting: int


_WAITING = text(
    """
    SELECT p.name, coalesce(l.next_at, 'epoch') AS next_at, coalesce(l.held_until, 'epoch') AS held_until,
        coalesce(l.slow_until, 'epoch') AS slow_until, coalesce(l.code, '') AS code,
        (SELECT count(*) FROM outbox o WHERE o.state = 'pending' AND o.channel = p.name
            AND o.not_before <= :now) AS waiting
    FROM (
        SELECT unnest(CAST(:limited AS text[])) AS name UNION SELECT name FROM lanes WHERE slow_until > :now
    ) p LEFT JOIN lanes l ON l.name = p.name
    ORDER BY p.name
    """,
)
_TOGETHER = text(
    """
    SELECT count(*) FROM outbox
    WHERE state = 'pending' AND rank = 0 AND not_before > :now AND detail = :detail
    """,
)


def waiting(connection: Connection, limited: Collection[str], now: datetime) -> list[Waiting]:
    """Return the lanes that are limited or slow now, and what is due in each."""
    rows = connection.execute(_WAITING, {"limited": list(limited), "now": now})
    return [
        Waiting(
            Lane(
                name=row.name,
                next_at=row.next_at,
                held_until=row.held_until,
                slow_until=row.slow_until,
                code=row.code,
            ),
            row.waiting,
        )
        for row in rows
    ]


def held_together(connection: Connection, now: datetime, detail: str) -> int:
    """Return how many pages wait to be told together with others, as their `detail` says."""
    return int(connection.execute(_TOGETHER, {"now": now, "detail": detail}).scalar_one())
