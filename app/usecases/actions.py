"""A person's command from a page: one ticket, one transaction, tried again when somebody was quicker."""

from __future__ import annotations

from app.domain.commands import Command, SetPriority
from app.domain.decide import Decision
from app.domain.errors import CloseloopError, ConflictError
from app.store import tickets as ticket_store
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.merging import merge
from app.usecases.urgency import with_ladder

_TRIES = 5


class NoSuchTicketError(CloseloopError):
    """There is no ticket with this number."""


def perform(house: House, ticket_id: int, command: Command) -> Decision:
    """Carry out `command` on a ticket and commit. Raises NoSuchTicketError, ConflictError (5 tries)."""
    for tries_left in reversed(range(_TRIES)):
        try:
            decision = _perform(house, ticket_id, command)
        except ConflictError:
            if tries_left == 0:
                raise
        else:
            house.wake("saved")
            return decision
    raise ConflictError


def merge_tickets(house: House, ticket_id: int, into_number: int, *, person: str, actor: str) -> str:
    """Fold a ticket into the one with that number and commit; return why not, or an empty text.

    Raises ConflictError when somebody was quicker with either of them.
    """
    now = house.clock.now()
    with house.begin() as connection:
        desk = Desk(house, connection, now)
        desk.know(ticket_store.by_ids(connection, [ticket_id]))
        desk.know(ticket_store.by_numbers(connection, [into_number]))
        desk.know(
            ticket_store.by_ids(connection, {t.merged_into for t in desk.tickets.values() if t.merged_into})
        )
        duplicate, target = desk.tickets.get(ticket_id), desk.by_number(into_number)
        if duplicate is None or target is None:
            return "there is no such ticket"
        why = merge(desk, duplicate, target, person=person, actor=actor)
        desk.flush()
    house.wake("saved")
    return why


def _perform(house: House, ticket_id: int, command: Command) -> Decision:
    now = house.clock.now()
    with house.begin() as connection:
        found = ticket_store.by_ids(connection, [ticket_id])
        if ticket_id not in found:
            raise NoSuchTicketError
        desk = Desk(house, connection, now)
        desk.know(found)
        if isinstance(command, SetPriority):
            command = with_ladder(desk, found[ticket_id], command)
        decision = desk.apply(command, found[ticket_id])
        desk.flush()
        return decision
