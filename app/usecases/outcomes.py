"""What became of sends: written whatever happens meanwhile, and a failure told to its ticket (promise 5).

A failure for good is a command to the ticket in the same transaction that records it.
What must not live here: what the next step is (domain/decide.py), which code means what (domain/delivery.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, repeat

import structlog
from sqlalchemy import Connection

from app.domain.commands import ReportFailure
from app.domain.delivery import Reaction, provider_away, reaction_to_failure
from app.domain.errors import ConflictError
from app.domain.message import Channel
from app.store import contact_checks
from app.store import outbox as outbox_store
from app.store import tickets as ticket_store
from app.store.engine import is_unavailable
from app.store.outbox import PAGE, Attempt, Claimed, Delivery
from app.usecases import alarms, meters, opting_out
from app.usecases.desk import Desk
from app.usecases.house import House

log = structlog.get_logger()

# Seconds before trying again to write results: short for a row that somebody else changed, then as long as
# a database that starts again may need. It ends with the lease: then the messages are another node's.
_GAPS = (0.02, 0.1, 0.5)
_LATER_GAP, _LATER_TRIES = 1.0, 90


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one send ended, and after how long its provider wants us again, if it said so."""

    attempt: Attempt
    message: Claimed
    again: timedelta | None = None


def record(house: House, outcomes: Sequence[Outcome], lease_until: datetime) -> None:
    """Write all outcomes; a result that is not written is a message that goes out twice, a lease later.

    A database that is away, a deadlock, a ticket that somebody else changed: tried again until the lease
    ends. What cannot be written together is written one by one, and if its ticket is the trouble, without it.
    """
    for gap in chain(_GAPS, repeat(_LATER_GAP, _LATER_TRIES)):
        try:
            _record(house, outcomes)
        except Exception as error:  # noqa: BLE001 - see below: nothing may lose the results of sends
            house.forget_kept()
            log.warning("outcomes_not_written", count=len(outcomes), error=repr(error)[:500])
            if not (isinstance(error, ConflictError) or is_unavailable(error)):
                break
            if house.clock.now() >= lease_until:
                return
            time.sleep(gap)
        else:
            return
    else:
        return
    if len(outcomes) > 1:
        for outcome in outcomes:
            record(house, [outcome], lease_until)
        return
    _record_bare(house, outcomes[0])


def _record_bare(house: House, outcome: Outcome) -> None:
    """Write an outcome that its ticket does not take in; the reconciler finds it and alarms."""
    with house.begin() as connection:
        outbox_store.record(connection, [outcome.attempt], house.identity.node)
        desk = Desk(house, connection, house.clock.now())
        desk.note("failure_untold", str(outcome.message.id), {"ticket_id": str(outcome.message.ticket_id)})
        desk.flush()


def _record(house: House, outcomes: Sequence[Outcome]) -> None:
    """Write all outcomes; what failed for good is told to its ticket in the same transaction."""
    now = house.clock.now()
    with house.begin() as connection:
        outbox_store.record(connection, [r.attempt for r in outcomes], house.identity.node)
        failed = _failed(connection, outcomes)
        if failed:
            desk = Desk(house, connection, now)
            report_failures(
                desk,
                [
                    (
                        r.message.ticket_id,
                        r.message.text_id,
                        failure_of(r.message, r.attempt.code, r.attempt.detail),
                    )
                    for r in failed
                    if r.message.ticket_id is not None
                ],
            )
            outbox_store.mark_reported(connection, [r.message.id for r in failed])
            away = [r for r in failed if r.message.rank == PAGE and provider_away(r.attempt.code)]
            for result in {r.message.channel: r for r in away}.values():
                channel, what = Channel(result.message.channel), result.attempt.detail or result.attempt.code
                alarms.provider_alarm(house, connection, channel, what)
            for result in failed:
                note_reaction(
                    desk,
                    reaction_to_failure(result.attempt.code),
                    result.message.channel,
                    result.message.address,
                    result.attempt.detail,
                )
            desk.flush()
    log.info(
        "deliveries",
        results=[(o.message.id, o.message.ticket_id, o.message.channel, o.attempt.state) for o in outcomes],
    )
    for outcome in outcomes:
        meters.DELIVERIES.labels(outcome.message.channel, outcome.attempt.state).inc()
    if failed:
        house.wake("saved")


def _failed(connection: Connection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the failures that were recorded just now and that nobody has decided upon yet.

    The result of a node that lost its lease counts for nothing, and a receipt may have been quicker.
    """
    failed = [r for r in outcomes if r.attempt.state == "failed"]
    known = outbox_store.deliveries(connection, [r.attempt.id for r in failed])
    return [
        r
        for r in failed
        if (row := known[r.attempt.id]).state == "failed"
        and row.attempts == r.attempt.attempt
        and not row.failure_reported
    ]


def failure_of(message: Claimed | Delivery, code: str, detail: str) -> ReportFailure:
    """Return what a ticket is told when a message of its own did not arrive."""
    return ReportFailure(
        outbox_id=message.id,
        person=message.person,
        channel=Channel(message.channel),
        address=message.address,
        page=message.rank == PAGE,
        code=code,
        detail=detail[:200] or "not delivered",
        text=message.text_id,
    )


def note_reaction(desk: Desk, reaction: Reaction | None, channel: str, address: str, detail: str) -> None:
    """Keep what a refusal says beyond its message: an address that opted out, a set-up that is wrong."""
    if reaction is Reaction.OPT_OUT:
        opting_out.stop(desk, channel, address)
    elif reaction is Reaction.ADDRESS:
        contact_checks.put_failing(desk.connection, channel, address, detail, desk.now)
    elif reaction is Reaction.CONFIG:
        desk.note("provider_setup", channel, {"detail": detail[:500]})
        alarms.provider_alarm(desk.house, desk.connection, Channel(channel), detail or "set up wrongly")
        log.error("provider_setup", channel=channel, detail=detail[:200])


def report_failures(desk: Desk, failures: Iterable[tuple[int | None, str, ReportFailure]]) -> None:
    """Tell tickets that messages of theirs could not be delivered: (ticket id, text id, what failed)."""
    listed = [(ticket_id, failure) for ticket_id, _, failure in failures if ticket_id is not None]
    desk.know(ticket_store.by_ids(desk.connection, {ticket_id for ticket_id, _ in listed}))
    for ticket_id, failure in listed:
        ticket = desk.tickets.get(ticket_id)
        if ticket is not None and ticket.open:
            desk.apply(failure, ticket)
