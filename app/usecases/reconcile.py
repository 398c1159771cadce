"""Every minute, on one node: look for broken promises, repair, count, alarm. It should never find anything.

What must not live here: what counts as broken (store/reconcile.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.domain.clocks import CLOSURE
from app.domain.commands import TimerFired
from app.store import oncall, records
from app.store import outbox as outbox_store
from app.store import reconcile as reconcile_store
from app.store import tickets as ticket_store
from app.usecases import alarms, meters
from app.usecases.desk import Desk
from app.usecases.house import House
from app.usecases.outcomes import failure_of, report_failures

log = structlog.get_logger()

JOB = "reconcile"
KIND = "promise_broken"
EVERY = timedelta(minutes=1)
LATEST = timedelta(seconds=30)
"""For so long anything that is due may wait before it counts as standing still."""
_KEPT = timedelta(days=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Findings:
    """What one look found: broken promises by kind, how many are so still, queues that stand still."""

    broken: dict[str, int]
    unrepaired: int
    late: dict[str, float]


def reconcile(house: House) -> Findings | None:
    """Look once for this minute; return what was found, or None when another node has looked already."""
    now = house.clock.now()
    with house.begin() as connection:
        if not oncall.first_time(connection, JOB, [alarms.slot(now, EVERY)], now):
            return None
        oncall.forget_before(connection, JOB, now - _KEPT)
        broken = reconcile_store.broken(connection)
        late = {
            q.name: q.late_seconds
            for q in reconcile_store.queues(connection, now)
            if q.name != "held" and q.late_seconds > LATEST.total_seconds()
        }
    if not broken and not late:
        return Findings({}, 0, {})
    for kind, ids in broken.items():
        meters.BROKEN.labels(kind).inc(len(ids))
        _repair(house, kind, ids)
    with house.begin() as connection:
        left = sum(map(len, reconcile_store.broken(connection).values()))
        found = Findings({kind: len(ids) for kind, ids in broken.items()}, left, late)
        _alarm(house, connection, broken, found)
    for what in ("inbox", "receipts", "saved"):
        house.wake(what)
    return found


def once_a_minute(house: House, afterwards: Callable[[], object]) -> int:
    """Look, unless somebody has in this minute, then do what comes after; return 0: nothing is left to do."""
    if reconcile(house) is not None:
        afterwards()
    return 0


def _repair(house: House, kind: str, ids: list[int]) -> None:
    """Mend each by itself: whatever spoiled one of them must not keep the others broken."""
    for each in ids:
        try:
            with house.begin() as connection:
                desk = Desk(house, connection, house.clock.now())
                if kind == "failures_untold":
                    _tell(desk, each)
                else:
                    _arm(desk, each)
                desk.flush()
        except Exception as error:
            log.exception("not_repaired", kind=kind, id=each, error=repr(error)[:300])


def _arm(desk: Desk, ticket_id: int) -> None:
    """Write the timers that the ticket wants: a timer that nothing waits for changes nothing else."""
    desk.know(ticket_store.by_ids(desk.connection, [ticket_id]))
    desk.apply(TimerFired(kind=CLOSURE, key="", due_at=_NEVER), desk.tickets[ticket_id])
    desk.rearm(ticket_id)


def _tell(desk: Desk, outbox_id: int) -> None:
    delivery = outbox_store.deliveries(desk.connection, [outbox_id])[outbox_id]
    if delivery.failure_reported:
        return
    failure = failure_of(delivery, delivery.code, delivery.detail)
    report_failures(desk, [(delivery.ticket_id, delivery.text_id, failure)])
    outbox_store.mark_reported(desk.connection, [outbox_id])


def _alarm(house: House, connection: Connection, broken: dict[str, list[int]], found: Findings) -> None:
    """Put it on record, and tell the duty manager on every path: the broken one may be among them."""
    now = house.clock.now()
    log.error(KIND, broken=found.broken, unrepaired=found.unrepaired, late=found.late)
    shown = {kind: [str(i) for i in ids[:_SHOWN]] for kind, ids in broken.items()}
    detail = {"broken": found.broken, "ids": shown, "unrepaired": found.unrepaired, "late": found.late}
    entry = records.AuditEntry(id=house.ids.next(), at=now, kind=KIND, subject=JOB, detail=detail)
    records.add_audit(connection, [entry])
    alarms.raise_alarm(house, connection, KIND, _words(found))


def _words(found: Findings) -> str:
    said = []
    if found.broken:
        count = sum(found.broken.values())
        mended = "all mended" if not found.unrepaired else f"{found.unrepaired} NOT mended: look at the board"
        said.append(f"{count} {'ticket' if count == 1 else 'tickets'} had nobody or no timer, {mended}")
    if found.late:
        worst = max(found.late, key=lambda name: found.late[name])
        said.append(f"{worst} waiting for {found.late[worst]:.0f} s")
    return "; ".join(said)
