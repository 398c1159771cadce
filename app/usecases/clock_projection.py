"""The projection of the clocks, which the breach audit counts, made from the tickets' events.

The server keeps it up to date as it decides. What must not live here: what an entry says
(domain/clock_entries.py), SQL.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from app.domain.clock_entries import ClockEntry, entries
from app.domain.clocks import read_clocks
from app.domain.evolve import fold
from app.ports import Clock
from app.store import clocks as clock_store
from app.store import tickets as ticket_store
from app.usecases.promises import Promises

_BATCH = 200


def rebuild(engine: Engine, clock: Clock) -> int:
    """Make the entries of all tickets anew; return how many tickets there are."""
    return _make(engine, clock, ticket_store.lock_after)


def fill(engine: Engine, clock: Clock) -> int:
    """Make the entries of tickets that have none, of a time before there was a projection; return how many.

    For a migration's end. A ticket whose policy promises nothing never has any, and is looked at each time.
    """
    return _make(engine, clock, clock_store.lock_without)


def _make(engine: Engine, clock: Clock, lock: Callable[[Connection, int, int], list[int]]) -> int:
    done, last = 0, 0
    while True:
        with engine.begin() as connection:
            ids = lock(connection, last, _BATCH)
            if not ids:
                return done
            now, promises = clock.now(), Promises(connection)
            found: list[ClockEntry] = []
            for ticket_id, events in ticket_store.events_of_many(connection, ids).items():
                ticket = fold(ticket_id, events)
                policy = promises.policy(ticket.policy, promises.zone(ticket))
                found.extend(entries(ticket, read_clocks(ticket, policy, now)))
            clock_store.replace(connection, ids, found)
        done, last = done + len(ids), ids[-1]
