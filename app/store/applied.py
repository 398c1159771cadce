"""Which rulebook revision is in force, and which were before: one row for each time that one was applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from app.store.tables import applied_revisions, revisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A revision that came into force `at` an instant, by a person; `changes` say in words what was new."""

    number: int
    hash: str
    at: datetime
    by: str
    changes: tuple[str, ...]


def newest_number(connection: Connection) -> int:
    """Return the number of the application that is in force, 0 when there never was one."""
    return int(connection.execute(select(func.max(applied_revisions.c.number))).scalar() or 0)


def newest(connection: Connection) -> Applied | None:
    """Return what was applied last."""
    return next(iter(history(connection, 1)), None)


def history(connection: Connection, limit: int = 100) -> list[Applied]:
    """Return what was applied, newest first."""
    rows = connection.execute(
        select(applied_revisions).order_by(applied_revisions.c.number.desc()).limit(limit)
    )
    return [
        Applied(number=row.number, hash=row.hash, at=row.at, by=row.by, changes=tuple(row.changes))
        for row in rows
    ]


def append(connection: Connection, applied: Applied) -> bool:
    """Record an application; False when somebody else has taken this number meanwhile."""
    row = {
        "number": applied.number,
        "hash": applied.hash,
        "at": applied.at,
        "by": applied.by,
        "changes": list(applied.changes),
    }
    statement = insert(applied_revisions).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(applied_revisions.c.number)).first() is not None


def beginning_with(connection: Connection, prefix: str) -> list[str]:
    """Return the hashes of at most two kept revisions that begin so, ordered."""
    found = select(revisions.c.hash).where(revisions.c.hash.startswith(prefix, autoescape=True))
    return list(connection.execute(found.order_by(revisions.c.hash).limit(2)).scalars())


def kept(connection: Connection, limit: int = 100) -> Sequence[tuple[str, datetime]]:
    """Return the kept revisions with the instant of their first use, newest first."""
    rows = connection.execute(
        select(revisions.c.hash, revisions.c.first_used_at)
        .order_by(revisions.c.first_used_at.desc())
        .limit(limit)
    )
    return [(row.hash, row.first_used_at) for row in rows]
