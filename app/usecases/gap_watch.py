"""A gap that opens is told at once: after each change of leave, overrides or the directory.

Whoever changes leave or overrides calls `tell_gaps` in the same transaction; a load is noticed by the worker
within seconds. What is known is kept, so that a gap is told once, whatever restarts, on any number of nodes.
What must not live here: when somebody is on call (domain).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.domain.directory import Directory, Role
from app.domain.roster import Roster
from app.domain.texts import TextId
from app.domain.uncovered import Uncovered, uncovered, without
from app.store import directory as directory_store
from app.store import oncall as store
from app.store import outbox as outbox_store
from app.store.oncall import Watch
from app.store.outbox import OutboxRow
from app.usecases.house import House
from app.usecases.wording import Wording, clock_text, short_name

AHEAD = timedelta(days=90)
_LOOK_AGAIN = timedelta(days=1)


def watch_gaps(house: House) -> int:
    """Look for gaps if anything changed since the last look, or a day went by; return how many are new."""
    now = house.clock.now()
    with house.begin() as connection:
        version, watch = directory_store.read_version(connection), store.read_watch(connection)
        fresh = watch is not None and watch.horizon > now + AHEAD - _LOOK_AGAIN
        if version == 0 or (fresh and watch is not None and watch.version == version):
            return 0
        directory_store.lock(connection)
        new = tell_gaps(house, connection, now)
    house.wake("saved")
    return len(new)


def tell_gaps(house: House, connection: Connection, now: datetime) -> list[Uncovered]:
    """Keep the gaps of the next 90 days, and tell whoever is on duty about those that are new.

    Reads the directory anew: the transaction may have changed it. The caller holds the directory's lock.
    """
    roster = Roster(directory_store.read_directory(connection))
    before, known = store.read_watch(connection), store.known_gaps(connection, now)
    horizon = now + AHEAD
    found = uncovered(roster, now, horizon)
    new = [piece for one in found for piece in _new(one, known, before)]
    store.keep_gaps(connection, found, Watch(roster.directory.version, horizon))
    if new:
        outbox_store.put(connection, list(_texts(house, roster, now, new)))
    return new


def label(target: str, directory: Directory) -> str:
    """Return what has the gap, as people say it."""
    kind, _, name = target.partition(":")
    if kind == "account":
        account = directory.accounts.get(name)
        return account.name if account else name
    return "duty manager" if target == Role.DUTY_MANAGER else name


def _new(one: Uncovered, known: Sequence[Uncovered], before: Watch | None) -> list[Uncovered]:
    same = [k for k in known if k.target == one.target]
    # Time goes on, and with it how far is looked: that makes no gap longer than it was.
    reaching = {k.end for k in same if before is not None and k.end >= before.horizon}
    pieces = without([(one.start, one.end)], [(k.start, k.end) for k in same])
    return [
        Uncovered(target=one.target, start=since, end=until, away=one.away)
        for since, until in pieces
        if since not in reaching
    ]


def _texts(house: House, roster: Roster, now: datetime, new: Sequence[Uncovered]) -> list[OutboxRow]:
    directory, first = roster.directory, new[0]
    wording = Wording(house, directory, now)
    rows: list[OutboxRow] = []
    for key in roster.alarmed(now):
        duty = directory.people[key]
        away = [short_name(directory.people[p].name) for p in first.away if p in directory.people]
        facts = {
            "schedule": label(first.target, directory),
            "time": clock_text(first.start, now, duty.timezone),
            "until": clock_text(first.end, now, duty.timezone),
            "name": away[0] if away else "",
            "count": str(len(new) - 1) if new[1:] else "",
            "link": house.identity.public_url,
        }
        rows += wording.notice(duty, TextId.GAP_OPENED, **facts)
    return rows
