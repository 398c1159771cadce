"""Lanes as the database keeps them: locked by whoever claims from one, written in the same transaction.

What must not live here: the arithmetic (domain/pacing.py), whose turn it is (claims.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

from app.domain.pacing import Lane
from app.store.incidents import HELD

LATELY: Final = timedelta(seconds=5)
"""A lane whose pace was used up so lately has one: it is looked at once a second."""

_LOCK = text(
    """
    SELECT l.name, l.next_at, l.held_until, l.slow_until, l.code, (
        SELECT true FROM outbox o WHERE o.state = 'pending' AND o.channel = l.name AND o.rank = 0
            AND o.not_before <= :now
        ORDER BY o.channel, o.rank, o.urgency, o.account, o.not_before LIMIT 1  -- as claims.py has it
    ) IS NOT NULL AS pages_wait
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """How many messages are due in a lane and wait for its turn to come; `TOGETHER` is no lane but a reason.

    `code` is what its provider said, `until` up to when it wants nothing; without them its pace is used up.
    """

    lane: str
    waiting: int
    code: str = ""
    until: datetime | None = None


TOGETHER = "together"
"""Pages that wait to be told together with others."""
_HELD_BACK = text(
    """
    SELECT * FROM (
        SELECT l.name AS lane, CASE WHEN l.slow_until > :now THEN l.code ELSE '' END AS code,
            CASE WHEN l.held_until > :now THEN l.held_until END AS until,
            (SELECT count(*) FROM outbox o
                WHERE o.state = 'pending' AND o.channel = l.name AND o.not_before <= :now) AS waiting
        FROM lanes l WHERE l.next_at > :lately OR l.slow_until > :now
        UNION ALL
        SELECT :together, '', NULL, count(*) FROM outbox
        WHERE state = 'pending' AND rank = 0 AND not_before > :now AND detail = :held
    ) h WHERE waiting > 0 ORDER BY lane
    """,
)


def held_back(connection: Connection, now: datetime) -> list[HeldBack]:
    """Return what is held back now, by lane."""
    asked = {"now": now, "lately": now - LATELY, "together": TOGETHER, "held": HELD}
    return [HeldBack(**row) for row in connection.execute(_HELD_BACK, asked).mappings()]
