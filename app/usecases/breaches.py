"""The breach audit: what it shows, and what managers add to a breach: why, what is done, an excuse.

Figures of a row come from the ticket's events by the same function as everywhere (promise 7); the projection
only finds and counts. What must not live here: who may do it, how it looks (web).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from app.domain import commands as cmd
from app.domain.attribution import TURNS, Ball, Piece, attribute, ball_of
from app.domain.breach_notes import BreachNote, note_of
from app.domain.clock_entries import ClockEntry
from app.domain.clocks import read_clocks, zone_of
from app.domain.directory import Directory
from app.domain.errors import CloseloopError
from app.domain.events import AnyEvent
from app.domain.sla import ClockReport, Count, Metric, Policy
from app.domain.ticket import Ticket
from app.rulebook.models import BreachReason
from app.store import breaches as breach_store
from app.store import inbox as inbox_store
from app.store import tickets as ticket_store
from app.store.breaches import Place, Total, Wanted
from app.store.inbox import Kept
from app.usecases.actions import perform
from app.usecases.house import House
from app.usecases.views import TicketView, ticket_by_number, user_names

PAGE = 50
_EXPORT_PAGE = 500


class UnknownReasonError(CloseloopError):
    """This reason is not in the list, or may not excuse a breach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One breach as of `now`: the ticket, what is noted, the count that was breached, who had the ball."""

    ticket: Ticket
    metric: Metric
    note: BreachNote
    report: ClockReport
    late: Count
    breached_at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A page of the audit. `after` is where the next page begins, None on the last.

    `people` are those who held a ticket at a breach of the period.
    """

    rows: tuple[Breach, ...]
    after: Place | None
    totals: tuple[Total, ...]
    decided: int
    people: tuple[str, ...]
    reasons: tuple[BreachReason, ...]
    directory: Directory
    users: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachView:
    """One breach with all of its ticket, and the messages as they came."""

    breach: Breach
    view: TicketView
    messages: tuple[Kept, ...]
    reasons: tuple[BreachReason, ...]


def audit(house: House, wanted: Wanted, after: Place | None = None) -> Audit:
    """Return the breaches that are wanted: a page of them, and all of them counted."""
    now = house.clock.now()
    with house.begin() as connection:
        directory = house.roster(connection).directory
        found = breach_store.page(connection, wanted, after, PAGE + 1)
        rows = _breaches(house, connection, directory, found[:PAGE], now)
        people = breach_store.people(connection, wanted)
        keys = [k for row in rows for k in _keys(row)]
        return Audit(
            rows=rows,
            after=_place(found[PAGE - 1]) if len(found) > PAGE else None,
            totals=tuple(breach_store.totals(connection, wanted, directory.company.timezone)),
            decided=breach_store.decided(connection, wanted),
            people=tuple(people),
            reasons=house.rulebook.breach_reasons,
            directory=directory,
            users=user_names(connection, directory, [*people, *keys]),
            now=now,
        )


def every(house: House, wanted: Wanted) -> Iterator[tuple[tuple[Breach, ...], Directory, Mapping[str, str]]]:
    """Yield all breaches that are wanted in the order of the pages, some hundred at a time.

    Each portion is a transaction of its own: a slow reader keeps no connection.
    """
    now = house.clock.now()
    after: Place | None = None
    while True:
        with house.begin() as connection:
            directory = house.roster(connection).directory
            found = breach_store.page(connection, wanted, after, _EXPORT_PAGE)
            rows = _breaches(house, connection, directory, found, now)
            users = user_names(connection, directory, [k for row in rows for k in _keys(row)])
        if rows:
            yield rows, directory, users
        if len(found) < _EXPORT_PAGE:
            return
        after = _place(found[-1])


def breach(house: House, number: int, metric: str) -> BreachView | None:
    """Return one breach with the events and messages behind it, or None when there is none such."""
    view = ticket_by_number(house, number)
    if view is None:
        return None
    found = _Reader(view.directory, view.now).breach(view.ticket, metric, view.events, view.policy)
    if found is None:
        return None
    with house.begin() as connection:
        messages = tuple(inbox_store.of_ticket(connection, view.ticket.id))
    return BreachView(breach=found, view=view, messages=messages, reasons=house.rulebook.breach_reasons)


def explain(house: House, ticket_id: int, command: cmd.ExplainBreach) -> bool:
    """Record why a breach happened; return whether that changed anything. Raises UnknownReasonError."""
    _known(house, command.reason, excusing=False)
    return bool(perform(house, ticket_id, command).events)


def excuse(house: House, ticket_id: int, command: cmd.ExcuseBreach) -> bool:
    """Let a breach count apart; return whether that changed anything. Raises UnknownReasonError."""
    _known(house, command.reason, excusing=True)
    return bool(perform(house, ticket_id, command).events)


def unexcuse(house: House, ticket_id: int, command: cmd.UnexcuseBreach) -> bool:
    """Take an excuse back; return whether there was one."""
    return bool(perform(house, ticket_id, command).events)


def _known(house: House, code: str, *, excusing: bool) -> None:
    if not any(r.code == code and (r.excusable or not excusing) for r in house.rulebook.breach_reasons):
        raise UnknownReasonError


def _breaches(
    house: House, connection: Connection, directory: Directory, found: Sequence[ClockEntry], now: datetime
) -> tuple[Breach, ...]:
    ids = {entry.ticket_id for entry in found}
    tickets = ticket_store.by_ids(connection, ids)
    events = ticket_store.events_of_many(connection, ids, [event.kind for event in TURNS]) if ids else {}
    reader, rows = _Reader(directory, now), []
    for entry in found:
        ticket = tickets[entry.ticket_id]
        policy = house.policy(connection, ticket.policy, zone_of(ticket, directory))
        rows.append(reader.breach(ticket, entry.metric, events[ticket.id], policy))
    return tuple(row for row in rows if row is not None)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads breaches as of `now`."""

    directory: Directory
    now: datetime

    def breach(
        self, ticket: Ticket, metric: str, events: Sequence[AnyEvent], policy: Policy
    ) -> Breach | None:
        report = read_clocks(ticket, policy, self.now).get(Metric(metric)) if metric in set(Metric) else None
        if report is None or report.late is None or report.breached_at is None:
            return None
        return Breach(
            ticket=ticket,
            metric=Metric(metric),
            note=note_of(ticket.breach_notes, metric),
            report=report,
            late=report.late,
            breached_at=report.breached_at,
            pieces=attribute(report.late.segments, events, self._role),
        )

    def _role(self, person: str) -> Ball:
        return ball_of(self.directory.people.get(person))


def _place(entry: ClockEntry) -> Place:
    if entry.breached_at is None:
        raise ValueError("only a breach has a place in the audit")
    return Place(entry.breached_at, entry.ticket_id, entry.metric)


def _keys(row: Breach) -> tuple[str, ...]:
    people = tuple(piece.person for piece in row.pieces)
    return (row.note.held_by, row.note.explained_by, row.note.excused_by, *people)
