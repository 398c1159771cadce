"""Rows of private calendar feeds. What must not live here: keys (usecases/feeds.py), what a feed says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.store.oncall_tables import feeds


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed in force. `kind` is `person` or `schedule`, `name` its key."""

    id: int
    kind: str
    name: str


_ROW = (feeds.c.id, feeds.c.kind, feeds.c.name)


def make(connection: Connection, row: FeedRow, *, by: str, now: datetime) -> None:
    """Keep a feed, unless there is one in force for the same."""
    values = {"id": row.id, "kind": row.kind, "name": row.name, "made_by": by, "made_at": now}
    connection.execute(insert(feeds).values(values).on_conflict_do_nothing())


def revoke(connection: Connection, feed_id: int, now: datetime) -> bool:
    """End a feed; return whether it was in force."""
    ended = update(feeds).where(feeds.c.id == feed_id, feeds.c.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(ended).rowcount > 0


def by_id(connection: Connection, feed_id: int) -> FeedRow | None:
    """Return a feed in force."""
    row = connection.execute(select(*_ROW).where(feeds.c.id == feed_id, feeds.c.revoked_at.is_(None))).first()
    return FeedRow(*row) if row else None


def in_force(connection: Connection, person: str, schedules: Collection[str]) -> list[FeedRow]:
    """Return the feeds in force of a person and of these schedules."""
    wanted = or_(
        and_(feeds.c.kind == "person", feeds.c.name == person),
        and_(feeds.c.kind == "schedule", feeds.c.name.in_(schedules)),
    )
    found = select(*_ROW).where(feeds.c.revoked_at.is_(None), wanted).order_by(feeds.c.kind, feeds.c.name)
    return [FeedRow(*row) for row in connection.execute(found)]
