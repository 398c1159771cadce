"""Due timers: each is a command to its ticket.

What must not live here: what a timer means (domain/decide.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.domain.clocks import Timer
from app.domain.commands import TimerFired
from app.store import timers as timer_store
from app.store.timers import DueTicket
from app.usecases.desk import Desk
from app.usecases.house import House

log = structlog.get_logger()

BATCH = 200
_ENDED_BATCH = 5000  # timers of tickets that have ended cost next to nothing
_STEP_ASIDE = timedelta(seconds=30)


def fire_due(house: House, batch: int = BATCH) -> int:
    """Fire timers that are due, many tickets in one transaction; return how many tickets were looked at."""
    try:
        return _fire(house, batch)
    except Exception as error:  # noqa: BLE001 - one ticket's trouble must not stop the clocks of the others
        log.warning("timer_batch_failed", error=repr(error))
    return _one_by_one(house, batch)


def _fire(house: House, batch: int) -> int:
    now = house.clock.now()
    with house.begin() as connection:
        due = timer_store.claim(connection, now, batch)
        if not due.tickets and not due.ended:
            return 0
        desk = Desk(house, connection, now)
        dropped = _drop_ended(desk) if due.ended else 0
        for item in due.tickets:
            _fire_ticket(desk, item)
        desk.flush()
        house.reach("timers.decided")
    house.reach("timers.saved")
    log.info("timers_fired", tickets=[item.ticket.number for item in due.tickets], dropped=dropped)
    house.wake("saved")
    return len(due.tickets) + due.ended


def _drop_ended(desk: Desk) -> int:
    """Disarm what tickets have left behind that ended, and say so; return how many timers that were."""
    dropped = timer_store.drop_ended(desk.connection, desk.now, _ENDED_BATCH)
    for number, timer in dropped:
        _note_stale(desk, number, timer)
    return len(dropped)


def _note_stale(desk: Desk, number: int, timer: Timer) -> None:
    detail = {"timer": timer.kind, "due_at": timer.due_at.isoformat()}
    desk.note("timer_stale", str(number), detail)


def _one_by_one(house: House, batch: int) -> int:
    done = 0
    for _ in range(batch):
        failed: Sequence[DueTicket] = ()
        try:
            now = house.clock.now()
            with house.begin() as connection:
                due = timer_store.claim(connection, now, 1)
                failed = due.tickets
                if not failed and not due.ended:
                    break
                desk = Desk(house, connection, now)
                if due.ended:
                    _drop_ended(desk)
                for item in failed:
                    _fire_ticket(desk, item)
                desk.flush()
        except Exception as error:
            if not failed:
                raise
            _step_aside(house, failed[0], error)
        done += 1
    house.wake("saved")
    return done


def _step_aside(house: House, item: DueTicket, error: Exception) -> None:
    """Push a failing ticket's timers back a little, and put it on record before anything else happens."""
    log.error("timer_failed", ticket=item.ticket.number, error=repr(error))
    now = house.clock.now()
    with house.begin() as connection:
        timer_store.push_back(connection, item.ticket.id, now + _STEP_ASIDE)
        desk = Desk(house, connection, now)
        desk.note("timer_failed", str(item.ticket.number), {"error": repr(error)[:500]})
        desk.flush()


def _fire_ticket(desk: Desk, item: DueTicket) -> None:
    """Send each due timer to its ticket, in order; one that nothing waits for any more says so.

    What is armed afterwards is what the ticket wants now, also if nothing happened: a site that moved to
    another zone, or a new version of us, may want another instant.
    """
    desk.know({item.ticket.id: item.ticket})
    for timer in item.timers:
        ticket = desk.tickets[item.ticket.id]
        command = TimerFired(kind=timer.kind, key=timer.key, due_at=timer.due_at)
        decision = desk.apply(command, ticket)
        if decision.stale:
            _note_stale(desk, ticket.number, timer)
    desk.rearm(item.ticket.id)
