"""What the pages show, read in a few statements: the board and one ticket. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.clocks import Reports, read_clocks
from app.domain.directory import Directory, Role
from app.domain.events import AnyEvent
from app.domain.roster import Scope
from app.domain.sla import Policy
from app.domain.ticket import Ticket
from app.store import outbox as outbox_store
from app.store import records
from app.store import tickets as ticket_store
from app.store.outbox import Delivery
from app.usecases.house import House

BOARD_LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One open ticket. `next_due_at` is the running clock that is due first, or longest overdue; UTC."""

    ticket: Ticket
    next_metric: str
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The open tickets by next due. `total` counts all of them, also those beyond the limit."""

    rows: tuple[BoardRow, ...]
    total: int
    duty: tuple[str, ...]
    last_closed: Ticket | None
    directory: Directory
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """One ticket with all that happened: `events` in the order recorded, `deliveries` what we said."""

    ticket: Ticket
    events: tuple[AnyEvent, ...]
    deliveries: tuple[Delivery, ...]
    suppressed: Mapping[str, datetime]
    reports: Reports
    policy: Policy
    directory: Directory
    now: datetime


def board(house: House) -> Board:
    """Return the board as of now."""
    now = house.clock.now()
    with house.begin() as connection:
        roster = house.roster(connection)
        rows = ticket_store.open_by_due(connection, BOARD_LIMIT)
        total = len(rows) if len(rows) < BOARD_LIMIT else ticket_store.count_open(connection)
        last = None if rows else ticket_store.last_ended(connection)
    return Board(
        rows=tuple(BoardRow(ticket=t, next_metric=m, next_due_at=due) for t, m, due in rows),
        total=total,
        duty=roster.who([Role.DUTY_MANAGER], Scope(), now),
        last_closed=last,
        directory=roster.directory,
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
        directory = house.roster(connection).directory
        site = directory.sites.get(ticket.site)
        zone = site.timezone if site else directory.company.timezone
        policy = house.policy(connection, ticket.policy, zone)
        deliveries = outbox_store.of_ticket(connection, ticket_id)
        return TicketView(
            ticket=ticket,
            events=tuple(ticket_store.events_of(connection, ticket_id)),
            deliveries=tuple(deliveries),
            suppressed=records.suppressed(connection, {d.address for d in deliveries}),
            reports=read_clocks(ticket, policy, now),
            policy=policy,
            directory=directory,
            now=now,
        )


def change_mark(house: House) -> int:
    """Return a number that changes whenever any ticket does; for pages that wait for news."""
    with house.begin() as connection:
        return records.latest_event(connection)
