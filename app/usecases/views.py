"""What the pages show, read in a few statements: the board and one ticket. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.domain.clocks import Reports, read_clocks
from app.domain.directory import Directory, Role
from app.domain.events import AnyEvent
from app.domain.roster import Scope
from app.domain.sla import Policy
from app.domain.ticket import Ticket
from app.domain.uncovered import Uncovered
from app.store import incidents as incident_store
from app.store import lanes as lane_store
from app.store import oncall as oncall_store
from app.store import outbox as outbox_store
from app.store import records
from app.store import tickets as ticket_store
from app.store.incidents import Incident
from app.store.lanes import HeldBack
from app.store.outbox import Delivery
from app.store.tickets import Wanted
from app.usecases.house import House

BOARD_LIMIT = 300
_MOST_GAPS = 3
_GAPS_AHEAD = timedelta(days=7)
_STORMS_SHOWN = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One open ticket. `next_due_at` is the running clock that is due first, or longest overdue; UTC."""

    ticket: Ticket
    next_metric: str
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The open tickets that were wanted, by next due. `total` counts all of these, also beyond the limit.

    `gaps` are the next times in which nobody is on call, of the coming week.
    `users` has the names of those who act from the desk without being in the directory, by mail address.
    """

    rows: tuple[BoardRow, ...]
    total: int
    duty: tuple[str, ...]
    last_closed: Ticket | None
    directory: Directory
    users: Mapping[str, str]
    now: datetime
    gaps: tuple[Uncovered, ...] = ()
    incidents: tuple[Incident, ...] = ()
    held: tuple[HeldBack, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """One ticket with all that happened: `events` in the order recorded, `deliveries` what we said.

    `suppressed` has, of all addresses that were or may be written to, those that said STOP, and when.
    """

    ticket: Ticket
    events: tuple[AnyEvent, ...]
    deliveries: tuple[Delivery, ...]
    suppressed: Mapping[str, datetime]
    reports: Reports
    policy: Policy
    directory: Directory
    users: Mapping[str, str]
    now: datetime
    incident: Incident | None = None


def board(house: House, wanted: Wanted | None = None) -> Board:
    """Return the board as of now, only with the tickets that are wanted."""
    now = house.clock.now()
    with house.begin() as connection:
        roster = house.roster(connection)
        rows = ticket_store.open_by_due(connection, BOARD_LIMIT, wanted)
        total = len(rows) if len(rows) < BOARD_LIMIT else ticket_store.count_open(connection, wanted)
        gaps = oncall_store.known_gaps(connection, now, _MOST_GAPS)
        last = None if rows else ticket_store.last_ended(connection)
        held = lane_store.held_back(connection, now)
        storms = incident_store.recent(connection, now - _STORMS_SHOWN) if rows else []
        people = [key for ticket, _, _ in rows for key in (ticket.assignee, *ticket.escalation.asked)]
        users = user_names(connection, roster.directory, people)
    return Board(
        rows=tuple(BoardRow(ticket=t, next_metric=m, next_due_at=due) for t, m, due in rows),
        total=total,
        duty=roster.who([Role.DUTY_MANAGER], Scope(), now),
        gaps=tuple(gap for gap in gaps if gap.start < now + _GAPS_AHEAD),
        incidents=tuple(storms),
        held=tuple(held),
        last_closed=last,
        directory=roster.directory,
        users=users,
        now=now,
    )


def ticket_by_number(house: House, number: int) -> TicketView | None:
    """Return the ticket with this number and all that belongs to it, or None."""
    with house.begin() as connection:
        found = ticket_store.by_numbers(connection, [number])
    return ticket_view(house, next(iter(found))) if found else None


def ticket_view(house: House, ticket_id: int) -> TicketView | None:
    """Return the ticket with this id and all that belongs to it, or None."""
    now = house.clock.now()
    with house.begin() as connection:
        ticket = ticket_store.by_ids(connection, [ticket_id]).get(ticket_id)
        if ticket is None:
            return None
        roster = house.roster(connection)
        directory = roster.directory
        site = directory.sites.get(ticket.site)
        zone = site.timezone if site else directory.company.timezone
        policy = house.policy(connection, ticket.policy, zone)
        deliveries = outbox_store.of_ticket(connection, ticket_id)
        events = ticket_store.events_of(connection, ticket_id)
        concerned = {ticket.assignee, *ticket.escalation.asked}
        addresses = {d.address for d in deliveries} | {ticket.requester.address}
        addresses |= {method.address for key in concerned for method in roster.methods(key)}
        people = [str(getattr(event, "person", "")) for event in events]
        return TicketView(
            ticket=ticket,
            events=tuple(events),
            deliveries=tuple(deliveries),
            suppressed=records.suppressed(connection, addresses),
            reports=read_clocks(ticket, policy, now),
            policy=policy,
            directory=directory,
            users=user_names(connection, directory, [ticket.assignee, *people]),
            now=now,
            incident=incident_store.of_ticket(connection, ticket_id),
        )


def change_mark(house: House) -> str:
    """Return a text that changes whenever anything a page shows may have; for pages that wait for news."""
    with house.begin() as connection:
        return records.news_mark(connection)


def user_names(connection: Connection, directory: Directory, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of the users among these keys: a user without a person acts under the mail address."""
    found = {}
    for key in sorted({k for k in keys if "@" in k and k not in directory.people}):
        user = records.user(connection, key)
        if user is not None and user.name:
            found[key] = user.name
    return found
