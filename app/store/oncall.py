"""Rows of on-call life: leave, overrides, known gaps, and the ledger of what is done once.

Whoever writes leave or overrides calls `changed` in the same transaction: the directory's version counts on,
and every node reads its snapshot anew. What must not live here: who is on call (domain/roster.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from app.domain.uncovered import Uncovered
from app.store.directory import bump_version
from app.store.oncall_tables import gap_watch, gaps, leave, ledger, overrides


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRow:
    """A person's leave as it was entered, on [starts, ends), UTC.

    `source` is empty for what somebody typed in, else the feed or file; `uid` is what that calls it.
    """

    id: int
    person: str
    starts: datetime
    ends: datetime
    note: str = ""
    source: str = ""
    uid: str = ""
    entered_by: str
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRow:
    """A dated exception of a schedule on [starts, ends), UTC; `out` may be `*`."""

    id: int
    schedule: str
    starts: datetime
    ends: datetime
    out: str = ""
    joins: str = ""
    reason: str = ""
    entered_by: str
    entered_at: datetime


_LEAVE = [leave.c[name] for name in LeaveRow.__dataclass_fields__]
_OVERRIDE = [overrides.c[name] for name in OverrideRow.__dataclass_fields__]


def changed(connection: Connection, now: datetime) -> int:
    """Count the directory's version on; return the new one. Others who change it wait until this commits."""
    return bump_version(connection, now)


def add_leave(connection: Connection, rows: Sequence[LeaveRow]) -> None:
    """Insert leave."""
    if rows:
        names = LeaveRow.__dataclass_fields__
        connection.execute(insert(leave), [{name: getattr(row, name) for name in names} for row in rows])


def leave_by_id(connection: Connection, leave_id: int) -> LeaveRow | None:
    """Return leave that is in force."""
    row = connection.execute(
        select(*_LEAVE).where(leave.c.id == leave_id, leave.c.withdrawn_at.is_(None)),
    ).first()
    return _leave(row) if row else None


def leave_ahead(
    connection: Connection, now: datetime, *, person: str = "", limit: int = 500
) -> list[LeaveRow]:
    """Return leave in force that is not over, of one person or of all, by its start; at most `limit`."""
    found = select(*_LEAVE).where(leave.c.withdrawn_at.is_(None), leave.c.ends > now)
    if person:
        found = found.where(leave.c.person == person)
    rows = connection.execute(found.order_by(leave.c.starts, leave.c.id).limit(limit))
    return [_leave(row) for row in rows]


def leave_from(connection: Connection, person: str, source: str) -> list[LeaveRow]:
    """Return what one source says of a person, in force, past and future."""
    rows = connection.execute(
        select(*_LEAVE)
        .where(leave.c.person == person, leave.c.source == source, leave.c.withdrawn_at.is_(None))
        .order_by(leave.c.starts, leave.c.id),
    )
    return [_leave(row) for row in rows]


def withdraw_leave(connection: Connection, ids: Collection[int], *, by: str, now: datetime) -> int:
    """End leave that is in force; return how much there was."""
    if not ids:
        return 0
    done = connection.execute(
        update(leave)
        .where(leave.c.id.in_(ids), leave.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=by),
    )
    return done.rowcount


def add_overrides(connection: Connection, rows: Sequence[OverrideRow]) -> None:
    """Insert overrides."""
    if rows:
        names = OverrideRow.__dataclass_fields__
        connection.execute(insert(overrides), [{name: getattr(row, name) for name in names} for row in rows])


def overrides_ahead(
    connection: Connection, now: datetime, *, schedule: str = "", limit: int = 500
) -> list[OverrideRow]:
    """Return overrides in force that are not over, of one schedule or of all, in the order they apply."""
    found = select(*_OVERRIDE).where(overrides.c.revoked_at.is_(None), overrides.c.ends > now)
    if schedule:
        found = found.where(overrides.c.schedule == schedule)
    rows = connection.execute(found.order_by(overrides.c.id).limit(limit))
    return [OverrideRow(**row._mapping) for row in rows]


def revoke_override(connection: Connection, override_id: int, *, by: str, now: datetime) -> bool:
    """End an override that is in force; return whether it was."""
    done = connection.execute(
        update(overrides)
        .where(and_(overrides.c.id == override_id, overrides.c.revoked_at.is_(None)))
        .values(revoked_at=now, revoked_by=by),
    )
    return done.rowcount > 0


def first_time(connection: Connection, job: str, keys: Collection[str], now: datetime) -> set[str]:
    """Enter occasions of a job in the ledger; return those that nobody had entered before.

    Of several nodes at it at once, one gets each key: the others wait until it commits. What follows from the
    key belongs into the same transaction.
    """
    if not keys:
        return set()
    rows = [{"job": job, "key": key, "done_at": now} for key in sorted(set(keys))]
    added = insert_or_not(ledger).values(rows).on_conflict_do_nothing().returning(ledger.c.key)
    return set(connection.execute(added).scalars())


def entered(connection: Connection, job: str, key: str) -> datetime | None:
    """Return when an occasion of a job was entered, None if it was not."""
    when: datetime | None = connection.execute(
        select(ledger.c.done_at).where(ledger.c.job == job, ledger.c.key == key)
    ).scalar()
    return when


def without(connection: Connection, job: str, other: str, before: datetime) -> list[str]:
    """Return the occasions of `job` from before `before` that `other` has no entry for."""
    after = ledger.alias()
    done = select(after.c.key).where(after.c.job == other, after.c.key == ledger.c.key).exists()
    rows = connection.execute(
        select(ledger.c.key).where(ledger.c.job == job, ledger.c.done_at < before, ~done).limit(100)
    )
    return list(rows.scalars())


def forget_before(connection: Connection, job: str, before: datetime) -> int:
    """Drop entries of a job that are too old to come up again; return how many."""
    gone = connection.execute(delete(ledger).where(ledger.c.job == job, ledger.c.done_at < before))
    return gone.rowcount


def forget(connection: Connection, job: str) -> None:
    """Drop all entries of a job: what was done once may be done again."""
    connection.execute(delete(ledger).where(ledger.c.job == job))


def last_time(connection: Connection, job: str) -> datetime | None:
    """Return the latest instant that a job was entered with, None if it never was."""
    latest: datetime | None = connection.execute(
        select(func.max(ledger.c.done_at)).where(ledger.c.job == job)
    ).scalar()
    return latest


def forget_except(connection: Connection, job: str, keys: Collection[str]) -> None:
    """Drop the occasions of a job that are not among `keys`: they count as new when they come back."""
    gone = delete(ledger).where(ledger.c.job == job)
    connection.execute(gone.where(ledger.c.key.not_in(sorted(keys))) if keys else gone)


def _leave(row: Row[tuple[object, ...]]) -> LeaveRow:
    return LeaveRow(**row._mapping)


@dataclass(frozen=True, slots=True)
class Watch:
    """The directory's version that the gaps were found in, and until when was looked."""

    version: int
    horizon: datetime


def read_watch(connection: Connection) -> Watch | None:
    """Return what the known gaps were found in; None before the first look."""
    row = connection.execute(select(gap_watch.c.version, gap_watch.c.horizon)).first()
    return Watch(row.version, row.horizon) if row else None


def known_gaps(connection: Connection, after: datetime, limit: int = 1000) -> list[Uncovered]:
    """Return the gaps found by the last look that end after an instant, by start; at most `limit`."""
    found = select(gaps).where(gaps.c.ends > after).order_by(gaps.c.starts, gaps.c.target).limit(limit)
    return [
        Uncovered(target=row.target, start=row.starts, end=row.ends, away=tuple(row.away))
        for row in connection.execute(found)
    ]


def keep_gaps(connection: Connection, found: Sequence[Uncovered], watch: Watch) -> None:
    """Put what a look found in the place of what the one before did."""
    connection.execute(delete(gaps))
    if found:
        rows = [
            {"target": one.target, "starts": one.start, "ends": one.end, "away": list(one.away)}
            for one in found
        ]
        connection.execute(insert(gaps), rows)
    values = {"id": 1, "version": watch.version, "horizon": watch.horizon}
    looked = insert_or_not(gap_watch).values(values)
    connection.execute(looked.on_conflict_do_update(index_elements=["id"], set_=values))
