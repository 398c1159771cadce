"""The breach audit's questions to the projection of clocks: how many, why, when, and which, page by page.

A period is half-open. Filters that only a breach can have (reason, excuse) do not narrow what is counted as
decided. What must not live here: writing (clocks.py), words and zones of a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Date, Text, and_, cast, func, literal, select, tuple_

from app.domain.clock_entries import ClockEntry
from app.store.tables import clocks

UNEXPLAINED = "none"
"""As a wanted reason: nobody has said why yet."""

NOBODY = "-"
"""As a wanted person: nobody had the ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which breaches are looked for; empty means any. `since` is included, `until` not; UTC."""

    since: datetime
    until: datetime
    account: str = ""
    site: str = ""
    metric: str = ""
    priority: str = ""
    person: str = ""
    reason: str = ""
    excused: bool | None = None


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a page of breaches ends: the next one begins after this row. Newest first."""

    breached_at: datetime
    ticket_id: int
    metric: str


@dataclass(frozen=True, slots=True)
class Total:
    """How many breaches of one reason (empty: nobody said why), excused or not, began in one week."""

    reason: str
    excused: bool
    week: date
    count: int


def page(connection: Connection, wanted: Wanted, after: Place | None, limit: int) -> list[ClockEntry]:
    """Return breaches, the newest first, those after a place."""
    conditions = [*_breached(wanted)]
    order = (clocks.c.breached_at, clocks.c.ticket_id, clocks.c.metric)
    if after is not None:
        place = (literal(after.breached_at), literal(after.ticket_id), literal(after.metric, Text))
        conditions.append(tuple_(*order) < tuple_(*place))
    rows = connection.execute(
        select(clocks).where(and_(*conditions)).order_by(*(c.desc() for c in order)).limit(limit),
    )
    return [ClockEntry(**row) for row in rows.mappings()]


def totals(connection: Connection, wanted: Wanted, zone: str) -> list[Total]:
    """Return the breaches counted by reason, excuse and week (its Monday in an IANA zone)."""
    week = cast(func.date_trunc("week", func.timezone(zone, clocks.c.breached_at)), Date)
    rows = connection.execute(
        select(
            clocks.c.reason,
            clocks.c.excused,
            week.label("week"),
            func.count().label("count"),
        )
        .where(*_breached(wanted))
        .group_by(clocks.c.reason, clocks.c.excused, week),
    )
    return [Total(*row) for row in rows]


def decided(connection: Connection, wanted: Wanted) -> int:
    """Return how many clocks were decided in the period, met or breached: what a rate is a part of."""
    at = clocks.c.decided_at
    statement = select(func.count()).where(*_narrowed(wanted), at >= wanted.since, at < wanted.until)
    return connection.execute(statement.where(at.is_not(None))).scalar_one()


def people(connection: Connection, wanted: Wanted) -> Sequence[str]:
    """Return who held a ticket at any breach of the period, whatever else is wanted."""
    at = clocks.c.breached_at
    statement = select(clocks.c.held_by).distinct().where(at >= wanted.since, at < wanted.until)
    if wanted.account:
        statement = statement.where(clocks.c.account == wanted.account)
    return connection.execute(statement.where(at.is_not(None), clocks.c.held_by != "")).scalars().all()


def _breached(wanted: Wanted) -> list[ColumnElement[bool]]:
    at = clocks.c.breached_at
    conditions = [at.is_not(None), at >= wanted.since, at < wanted.until, *_narrowed(wanted)]
    if wanted.reason:
        reason = "" if wanted.reason == UNEXPLAINED else wanted.reason
        conditions.append(clocks.c.reason == reason)
    if wanted.excused is not None:
        conditions.append(clocks.c.excused.is_(wanted.excused))
    return conditions


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [clocks.c.held_by == ""] if wanted.person == NOBODY else []
    pairs = (
        (clocks.c.account, wanted.account),
        (clocks.c.site, wanted.site),
        (clocks.c.metric, wanted.metric),
        (clocks.c.priority, wanted.priority),
        (clocks.c.held_by, "" if wanted.person == NOBODY else wanted.person),
    )
    return [*found, *(column == value for column, value in pairs if value)]
