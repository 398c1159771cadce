"""Who a target is, at an instant: the directory, the schedules, overrides, leave and covers seen together.

A target is a role (`account_manager`, `service_manager`, `duty_manager`), `person:KEY`, `team:NAME` or
`schedule:NAME`. This is the one resolver: the engine, previews, feeds, coverage proof and audit all ask it.
What must not live here: the arithmetic of schedules (oncall.py), the order of levels (escalation.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain, pairwise
from typing import Final

from app.domain.directory import ContactMethod, Directory, Leave, MethodKind, Role
from app.domain.oncall import Schedule, Shift, on_call, parse_schedule, shifts
from app.domain.schedules import Override
from app.domain.zones import to_micros

PAGED_BY = (MethodKind.SMS, MethodKind.EMAIL, MethodKind.VOICE)
MOST_COVERS: Final = 5
"""So many covers in a row are followed: who covers for who covers for ... somebody who is off."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a role depends on: whose ticket it is, where, and which trade. Empty means unknown."""

    account: str = ""
    site: str = ""
    trade: str = ""


@dataclass(frozen=True)
class Roster:
    """Answers who a target is. Built once for each version of the directory."""

    directory: Directory

    @cached_property
    def schedules(self) -> Mapping[str, Schedule]:
        """Return every schedule by name, the overrides that were entered later behind its own."""
        later: dict[str, list[Override]] = {}
        for one in self.directory.overrides:
            begins, ends = to_micros(one.start), to_micros(one.end)
            override = Override(begins=begins, ends=ends, out=one.out, joins=one.joins)
            later.setdefault(one.schedule, []).append(override)
        found = {}
        for name, document in self.directory.schedules.items():
            schedule = parse_schedule(document, where=f"schedule {name}")
            found[name] = replace(schedule, overrides=(*schedule.overrides, *later.get(name, ())))
        return found

    @cached_property
    def _leave(self) -> Mapping[str, tuple[Leave, ...]]:
        """Each person's leave in order, overlapping and adjacent entries joined."""
        joined: dict[str, list[Leave]] = {}
        for one in sorted(self.directory.leave, key=lambda leave: (leave.person, leave.start)):
            known = joined.setdefault(one.person, [])
            if known and one.start <= known[-1].end:
                known[-1] = replace(known[-1], end=max(known[-1].end, one.end))
            else:
                known.append(one)
        return {person: tuple(entries) for person, entries in joined.items()}

    def who(self, targets: Iterable[str], scope: Scope, at: datetime) -> tuple[str, ...]:
        """Return the keys of all people that `targets` name at the instant `at`, sorted, each once.

        Only active people who are not off; for somebody who is off their cover stands in.
        """
        return tuple(sorted({person for target in targets for person in self._one(target, scope, at)}))

    def course(
        self, targets: Iterable[str], scope: Scope, start: datetime, end: datetime
    ) -> tuple[Shift, ...]:
        """Return who `targets` name from `start` until `end`, UTC: exact, in order, without holes.

        A gap is a span without people. Neighbours differ. Agrees with `who` at every instant. Raises a
        CloseloopError when a schedule has more changes in that time than anybody could read.
        """
        wanted = tuple(targets)
        found: list[Shift] = []
        edges = [*self.edges(wanted, scope, start, end), end]
        for since, until in pairwise(edges):
            people = self.who(wanted, scope, since)
            if found and found[-1].people == people:
                found[-1] = replace(found[-1], end=until)
            else:
                found.append(Shift(since, until, people))
        return tuple(found)

    def away(self, person: str, at: datetime) -> Leave | None:
        """Return the leave that the person is on at an instant, whole, however many entries it came in."""
        entries = self._leave.get(person, ())
        place = bisect_right(entries, at, key=lambda leave: leave.start) - 1
        return entries[place] if place >= 0 and at < entries[place].end else None

    def leave_of(self, person: str) -> tuple[Leave, ...]:
        """Return the person's leave in order, overlapping and adjacent entries joined."""
        return self._leave.get(person, ())

    def named(self, target: str, scope: Scope, at: datetime) -> tuple[str, ...]:
        """Return all whom `target` names at an instant, there or not, the covers of those who are off too."""
        found: set[str] = set()
        for one in chain.from_iterable(self.ranks(target, scope)):
            people, seen = set(self._named(one, at)), set[str]()
            while people - seen:
                person = (people - seen).pop()
                seen.add(person)
                known = self.directory.people.get(person)
                if known is not None and known.cover and self.away(person, at) is not None:
                    people.update(self._named(known.cover, at))
            found |= people
        return tuple(sorted(found))

    def missing(self, target: str, scope: Scope) -> bool:
        """Return whether `target` depends on a schedule or team that does not exist."""
        known = {"schedule": self.directory.schedules, "team": self.directory.teams}
        behind = (one.partition(":") for rank in self.ranks(target, scope) for one in rank)
        return any(kind in known and name not in known[kind] for kind, _, name in behind)

    def alarmed(self, at: datetime) -> tuple[str, ...]:
        """Return whom to alarm when nobody answers: whoever is on duty, else somebody who could be.

        Where the duty has a gap, or nobody on it can be reached: all duty managers who are not off; then all
        of them; then all managers. An alarm to somebody on leave is better than silence.
        """
        duty = self.who([Role.DUTY_MANAGER], Scope(), at)
        if any(map(self.reachable, duty)):
            return duty
        everybody = sorted(filter(self.reachable, self.directory.people))
        managers = [p for p in everybody if Role.DUTY_MANAGER in self.directory.people[p].roles]
        there = [p for p in managers if self.away(p, at) is None]
        others = [p for p in everybody if Role.MANAGER in self.directory.people[p].roles]
        return tuple(there or managers or others or duty)

    def methods(self, person: str) -> tuple[ContactMethod, ...]:
        """Return the person's contact methods in the order in which they are tried."""
        known = self.directory.people.get(person)
        return known.methods if known else ()

    def reachable(self, person: str) -> bool:
        """Return whether a page can be sent to this person: active, with a way that we can use."""
        return self.active(person) and any(m.kind in PAGED_BY for m in self.methods(person))

    def active(self, key: str) -> bool:
        """Return whether the directory has this person, and as one who works here."""
        person = self.directory.people.get(key)
        return person is not None and person.active

    def _one(self, target: str, scope: Scope, at: datetime) -> set[str]:
        """Return who a target is, the covers of those who are off included."""
        # The first of the ranks that has somebody: the backup after the manager, the wider promise after
        # the narrower one.
        for targets in self.ranks(target, scope):
            people: set[str] = set()
            for named in targets:
                people |= self._present(self._named(named, at), at, frozenset())
            if people:
                return people
        return set()

    def ranks(self, target: str, scope: Scope) -> tuple[tuple[str, ...], ...]:
        """Return the targets, no roles, that this one stands for: the first rank that has somebody counts."""
        if target == Role.SERVICE_MANAGER:
            return tuple(self._service_managers(scope))
        return tuple((one,) for one in self._standing_for(target, scope))

    def _standing_for(self, target: str, scope: Scope) -> tuple[str, ...]:
        """Return the targets that a role other than service manager stands for, in order of preference."""
        if target == Role.DUTY_MANAGER:
            return (self.directory.duty,)
        if target != Role.ACCOUNT_MANAGER:
            return (target,)
        account = self.directory.accounts.get(scope.account)
        if account is None:  # a stranger's ticket: whoever is on duty triages it
            return (self.directory.duty,)
        return tuple(filter(None, (account.manager, account.backup)))

    def _named(self, target: str, at: datetime) -> Iterable[str]:
        """Return whom a target names that is no role, whether or not they are there."""
        kind, _, name = target.partition(":")
        if kind == "person":
            return (name,)
        if kind == "team":
            return self.directory.teams.get(name, ())
        if kind == "schedule":
            schedule = self.schedules.get(name)
            return on_call(schedule, at) if schedule else ()
        return ()

    def _present(self, people: Iterable[str], at: datetime, asked: frozenset[str]) -> set[str]:
        """Return those who are there, and the covers of those who are not; `asked` are off, too."""
        found: set[str] = set()
        for person in people:
            if not self.active(person) or person in asked:
                continue
            if self.away(person, at) is None:
                found.add(person)
                continue
            cover = self.directory.people[person].cover
            if cover and len(asked) < MOST_COVERS:
                found |= self._present(self._named(cover, at), at, asked | {person})
        return found

    def _service_managers(self, scope: Scope) -> list[tuple[str, ...]]:
        """Return who covers this trade in this region: those of the narrowest promise first."""
        site = self.directory.sites.get(scope.site)
        region = site.region if site else ""
        ranks: dict[int, list[str]] = {}
        for one in self.directory.coverage:
            fits = (not one.trades or scope.trade in one.trades) and (
                not one.regions or region in one.regions
            )
            if fits:
                narrowness = bool(one.trades) + bool(one.regions)
                ranks.setdefault(narrowness, []).append(f"person:{one.person}")
        return [tuple(ranks[rank]) for rank in sorted(ranks, reverse=True)]

    def edges(self, targets: Iterable[str], scope: Scope, start: datetime, end: datetime) -> list[datetime]:
        """Return `start` and each instant before `end` at which it can change who the targets are."""
        edges = {start}
        open_ends: list[str] = []
        for target in targets:
            open_ends += chain.from_iterable(self.ranks(target, scope))
        seen: set[str] = set()
        while open_ends:
            target = open_ends.pop()
            if target in seen:
                continue
            seen.add(target)
            kind, _, name = target.partition(":")
            if kind == "team":
                open_ends += [f"person:{person}" for person in self.directory.teams.get(name, ())]
            elif kind == "schedule" and name in self.schedules:
                schedule = self.schedules[name]
                for shift in shifts(schedule, start, end):
                    edges |= {shift.start, shift.end}
                open_ends += [f"person:{person}" for person in schedule.people]
            elif kind == "person":
                off = [one for one in self.leave_of(name) if one.start < end and start < one.end]
                edges |= {instant for one in off for instant in (one.start, one.end)}
                person = self.directory.people.get(name)
                if off and person is not None and person.cover:
                    open_ends.append(person.cover)
        return sorted(instant for instant in edges if start <= instant < end)
