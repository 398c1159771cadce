"""A person's command from a page: one ticket, one transaction, tried again when somebody was quicker."""

from __future__ import annotations

from app.domain.commands import Command
from app.domain.decide import Decision
from app.domain.errors import CloseloopError, ConflictError
from app.store import tickets as ticket_store
from app.usecases.desk import Desk
from app.usecases.house import House

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


def _perform(house: House, ticket_id: int, command: Command) -> Decision:
    now = house.clock.now()
    with house.begin() as connection:
        found = ticket_store.by_ids(connection, [ticket_id])
        if ticket_id not in found:
            raise NoSuchTicketError
        desk = Desk(house, connection, now)
        desk.know(found)
        decision = desk.apply(command, found[ticket_id])
        desk.flush()
        return decision
