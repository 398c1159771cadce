"""Handoffs: who is on call soon hears what is open, who is through hears thanks and what they hand over.

Looked at once a minute by one node. Each text has its entry in the ledger, written in the same transaction,
so that it goes out once, whatever restarts. What must not live here: whose turn it is (domain/roster.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from app.domain.directory import Directory
from app.domain.instants import format_instant
from app.domain.oncall import Shift
from app.domain.roster import Roster, Scope
from app.domain.texts import TextId
from app.domain.ticket import Ticket
from app.store import directory as directory_store
from app.store import oncall as store
from app.store import outbox as outbox_store
from app.store import tickets as ticket_store
from app.usecases.house import House
from app.usecases.wording import Wording, clock_text, short_name, site_name

LEAD: Final = timedelta(minutes=15)
"""So long before a shift its person is told."""
_LATE_START, _LATE_END = timedelta(minutes=10), timedelta(hours=1)
_AHEAD: Final = timedelta(days=14)
_MOST_TICKETS: Final = 500
_KEPT: Final = timedelta(days=7)
_LOOKS, _STARTS, _ENDS = "shift_looks", "shift_starts", "shift_ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Handoff:
    """At `at` it passes from some people to others; `until` is how long the new ones have it."""

    target: str
    at: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]
    until: datetime | None


def tell_shifts(house: House) -> int:
    """Send what is due about shifts that start and end now; return how many texts that were."""
    now = house.clock.now()
    with house.begin() as connection:
        if directory_store.read_version(connection) == 0:
            return 0
        minute = format_instant(now.replace(second=0, microsecond=0))
        if not store.first_time(connection, _LOOKS, [minute], now):
            return 0
        for job in (_LOOKS, _STARTS, _ENDS):
            store.forget_before(connection, job, now - _KEPT)
        roster = house.roster(connection)
        handoffs = list(_handoffs(roster, now))
        starts = {_key(h, p): (h, p) for h in handoffs for p in _starting(h, now)}
        ends = {_key(h, p): (h, p) for h in handoffs for p in _ending(h, now)}
        if not starts and not ends:
            return 0
        new_starts = store.first_time(connection, _STARTS, starts, now)
        new_ends = store.first_time(connection, _ENDS, ends, now)
        tickets = [ticket for ticket, _, _ in ticket_store.open_by_due(connection, _MOST_TICKETS)]
        teller = _Teller(house, roster, now, tickets)
        rows = [row for key in sorted(new_starts) for row in teller.starts(*starts[key])]
        rows += [row for key in sorted(new_ends) for row in teller.ends(*ends[key])]
        outbox_store.put(connection, rows)
    if rows:
        house.wake("saved")
    return len(rows)


def _handoffs(roster: Roster, now: datetime) -> Iterator[_Handoff]:
    """Yield the handoffs of each schedule, and of each manager who goes or comes back, around now."""
    directory = roster.directory
    managers = {account.manager for account in directory.accounts.values() if account.active}
    people = {target for target in managers if target.startswith("person:")}
    away = {f"person:{leave.person}" for leave in directory.leave}
    for target in sorted({*(f"schedule:{name}" for name in directory.schedules), *(people & away)}):
        course = roster.course([target], Scope(), now - _LATE_END, now + _AHEAD)
        for index, (before, after) in enumerate(pairwise(course)):
            if now - _LATE_END < after.start <= now + LEAD:
                until = _until(course[index + 1 :], now)
                yield _Handoff(
                    target=target, at=after.start, before=before.people, after=after.people, until=until
                )


def _until(course: Sequence[Shift], now: datetime) -> datetime | None:
    return course[0].end if course[0].end < now + _AHEAD else None


def _starting(handoff: _Handoff, now: datetime) -> set[str]:
    return set(handoff.after) - set(handoff.before) if handoff.at > now - _LATE_START else set()


def _ending(handoff: _Handoff, now: datetime) -> set[str]:
    return set(handoff.before) - set(handoff.after) if handoff.at <= now else set()


def _key(handoff: _Handoff, person: str) -> str:
    return f"{handoff.target}|{format_instant(handoff.at)}|{person}"


@dataclass(frozen=True, slots=True)
class _Teller:
    house: House
    roster: Roster
    now: datetime
    tickets: Sequence[Ticket]

    def starts(self, handoff: _Handoff, person: str) -> list[outbox_store.OutboxRow]:
        known = self.roster.directory.people[person]
        until = clock_text(handoff.until, self.now, known.timezone) if handoff.until else ""
        since = clock_text(handoff.at, self.now, known.timezone) if handoff.at > self.now else ""
        facts = {**self._open(handoff), "until": until, "link": self.house.identity.public_url}
        facts["time"] = since
        return self._wording().notice(known, TextId.SHIFT_STARTS, **facts)

    def ends(self, handoff: _Handoff, person: str) -> list[outbox_store.OutboxRow]:
        people = self.roster.directory.people
        to = ", ".join(short_name(people[key].name) for key in handoff.after)
        return self._wording().notice(people[person], TextId.SHIFT_OVER, **{**self._open(handoff), "to": to})

    def _wording(self) -> Wording:
        return Wording(self.house, self.roster.directory, self.now)

    def _open(self, handoff: _Handoff) -> dict[str, str]:
        """Return what is open there: of the accounts that it is about, and whatever the leaving ones hold."""
        directory, target = self.roster.directory, handoff.target
        accounts = {a.key for a in directory.accounts.values() if target in (a.manager, a.backup)}
        found = [
            ticket
            for ticket in self.tickets
            if target == directory.duty or ticket.account in accounts or ticket.assignee in handoff.before
        ]
        lines = "\n".join(_line(ticket, directory) for ticket in found)
        kind, _, name = target.partition(":")
        if kind == "person":
            name = f"{short_name(directory.people[name].name)}'s accounts"
        return {"schedule": name, "count": str(len(found)), "items": lines}


def _line(ticket: Ticket, directory: Directory) -> str:
    account = directory.accounts.get(ticket.account)
    place = site_name(account.name if account else "", directory.sites.get(ticket.site))
    return " ".join(filter(None, (str(ticket.number), ticket.priority, place)))
