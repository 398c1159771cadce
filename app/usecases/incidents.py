"""Storms: many new tickets of one account at once are one incident; taken together, and undone.

Each ticket stays a ticket, with its clocks, its ladder and its customer's answers: an incident only says
which of them people are told of together (bundling.py). What must not live here: the limits
(rules/limits.yaml), SQL.
"""

from __future__ import annotations

import structlog

from app.domain.commands import Acknowledge
from app.domain.errors import ConflictError
from app.domain.instants import parse_duration
from app.domain.message import Channel
from app.domain.texts import TextId
from app.store import incidents as incident_store
from app.store import tickets as ticket_store
from app.store.incidents import Incident
from app.store.outbox import NOTICE
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.wording import Origin

log = structlog.get_logger()

_AT_ONCE = 100
_TRIES = 5
NOWHERE = Origin(channel=Channel.WEB, address="")
"""Where the answers to the single commands go when one answer stands for all."""


def notice_storms(desk: Desk) -> None:
    """Put the tickets that this transaction opened into their account's incident, if it has one or makes one.

    Called after they are written.
    """
    accounts = {ticket.account for ticket in desk.opened} - {""}
    if not accounts:
        return
    storm, now = desk.house.rulebook.limits.storm, desk.now
    since, until = now - parse_duration(storm.within), now + parse_duration(storm.calm)
    connection = desk.connection
    for found in incident_store.standing(connection, accounts, now=now, since=since):
        incident_id, account = found.incident_id, found.account
        if incident_id is None:
            if found.fresh < storm.tickets:
                continue
            incident_store.lock(connection, account)
            # Another node may have been quicker.
            (again,) = incident_store.standing(connection, [account], now=now, since=since)
            incident_id = again.incident_id
        if incident_id is None:
            incident_id = desk.house.ids.next()
            incident_store.open_incident(connection, incident_id, account, now)
            log.warning("storm", account=account, incident_id=incident_id, tickets=found.fresh)
        incident_store.join(connection, incident_id, account, since=since, until=until, now=now)


def say_once(desk: Desk) -> None:
    """Leave one of the notices that somebody else has taken a ticket, for each who would get many."""
    told: set[str] = set()
    left = []
    for row in desk.outbox:
        if row.text_id == TextId.TAKEN and row.rank == NOTICE:
            if row.address in told:
                continue
            told.add(row.address)
        left.append(row)
    desk.outbox[:] = left


def take_all(house: House, incident_id: int, *, person: str, actor: str) -> int:
    """Acknowledge all tickets of an incident that wait for an answer; return how many.

    Raises ConflictError when others keep changing them.
    """
    taken = 0
    for _ in range(_TRIES):
        try:
            while (count := _take_some(house, incident_id, person, actor)) > 0:
                taken += count
        except ConflictError:
            continue
        house.wake("saved")
        return taken
    raise ConflictError


def _take_some(house: House, incident_id: int, person: str, actor: str) -> int:
    with house.begin() as connection:
        ids = incident_store.asking_tickets(connection, incident_id, _AT_ONCE)
        desk = Desk(house, connection, house.clock.now())
        desk.know(ticket_store.by_ids(connection, ids))
        done = 0
        for ticket_id in ids:
            decision = desk.apply(Acknowledge(actor=actor, person=person), desk.tickets[ticket_id], NOWHERE)
            done += not decision.ticket.escalating
        say_once(desk)
        desk.flush()
        return done


def ungroup(house: House, incident_id: int, *, actor: str) -> bool:
    """Let each ticket of an incident be on its own again, for good; return whether it stood."""
    now = house.clock.now()
    with house.begin() as connection:
        done = incident_store.dissolve(connection, incident_id, by=actor, now=now)
        if done:
            desk = Desk(house, connection, now)
            desk.note("incident_dissolved", str(incident_id), {"by": actor})
            desk.flush()
    return done


def one(house: House, incident_id: int) -> Incident | None:
    """Return an incident that stands."""
    with house.begin() as connection:
        return incident_store.by_id(connection, incident_id)
