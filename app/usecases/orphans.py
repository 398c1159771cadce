"""Tickets whose holder left the staff: they are asked for anew (promise 2).

Looked for all the time, not when the directory changes: however somebody came to be inactive, nobody waits
for them. What must not live here: what such a ticket does (domain/responding.py).
"""

from __future__ import annotations

from app.domain.commands import HolderLeft
from app.store import tickets as ticket_store
from app.usecases.desk import Desk
from app.usecases.house import House

_BATCH = 50


def ask_for_orphans(house: House) -> int:
    """Ask anew for tickets whose holder is no longer active; return how many."""
    now = house.clock.now()
    with house.begin() as connection:
        orphans = ticket_store.orphans(connection, _BATCH)
        if not orphans:
            return 0
        desk = Desk(house, connection, now)
        desk.know(orphans)
        decided = [
            desk.apply(HolderLeft(person=ticket.assignee), ticket) for _, ticket in sorted(orphans.items())
        ]
        desk.flush()
    house.wake("saved")
    return sum(1 for decision in decided if decision.events)
