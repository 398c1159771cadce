"""The coverage proof: at each instant every ladder reaches somebody who can be paged, or when and why not.

By intervals: who a target is changes only at known instants, so one look into each interval between them
tells all of it. What must not live here: who a target is (roster.py), what makes a method work
(contact_checks.py), which ladder a ticket gets (the rulebook).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from app.domain.classification import PRIORITIES, WEEKDAYS
from app.domain.contact_checks import Checks, Standing
from app.domain.directory import Role
from app.domain.escalation import Ladder
from app.domain.opening import Weekly
from app.domain.roster import Roster, Scope
from app.domain.zones import DAY

_HOURS: Final = 24
_HOUR: Final = DAY // _HOURS
Known = Mapping[str, str | int | bool]
Routing = Callable[[Known], frozenset[str]]
"""Which ladders a ticket may get of which only these facts are known."""
Span = tuple[datetime, datetime]


class Why(StrEnum):
    """Why a target reaches nobody."""

    NO_LADDER = "no_ladder"
    NOBODY = "nobody"
    UNKNOWN = "unknown"
    INACTIVE = "inactive"
    ON_LEAVE = "on_leave"
    UNVERIFIED = "unverified"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cause:
    """Why one target of the ladder, or the `person` that it names, does not help."""

    target: str
    why: Why
    person: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """In each of `spans` (UTC, end not included) `ladder` reaches nobody for these tickets, for `causes`.

    `account` is empty for senders whom nobody knows; `sites` are site keys, empty while the place is unknown;
    of `trades` an empty one means that it is still to be found out.
    """

    spans: tuple[Span, ...]
    ladder: str
    account: str
    sites: tuple[str, ...]
    trades: tuple[str, ...]
    priorities: tuple[str, ...]
    causes: tuple[Cause, ...]

    @property
    def start(self) -> datetime:
        """Return when it begins for the first time."""
        return self.spans[0][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Sites that no rule and no target tells apart."""

    account: str
    tier: str
    region: str
    zone: str
    code: str
    sites: tuple[str, ...]

    def facts(self) -> dict[str, str | int | bool]:
        known: dict[str, str | int | bool] = {
            "account.key": self.account,
            "account.tier": self.tier,
            "site.region": self.region,
            "site.known": bool(self.sites),
        }
        return known | ({"site.code": self.code} if self.code or not self.sites else {})


@dataclass(frozen=True, slots=True)
class _Hole:
    start: datetime
    end: datetime
    causes: tuple[Cause, ...]


_Piece = tuple[datetime, datetime, tuple[Cause, ...] | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Holes:
    """All holes of one combination of people, in order; there is one such value for each combination."""

    items: tuple[_Hole, ...]

    def __bool__(self) -> bool:
        return bool(self.items)


def prove(
    roster: Roster,
    ladders: Mapping[str, Ladder],
    routing: Routing,
    checks: Checks,
    *,
    trades: Sequence[str],
    start: datetime,
    end: datetime,
    facts: Collection[str] = (),
) -> list[Gap]:
    """Return when, for which tickets and why a ladder reaches nobody between two instants (aware).

    `facts` are those that the rules of routing ask for: only if one of them is the site's code, sites are
    looked at one by one. An empty list is the proof that somebody always can be paged.
    """
    proof, hours = _Proof(roster, ladders, checks, start, end), _Hours(routing, facts, (start, end))
    rows: dict[_Asked, list[_Row]] = {}
    for place in _places(roster, one_by_one="site.code" in facts):
        for trade in (*trades, ""):
            for priority in PRIORITIES:
                known = place.facts() | {"trade": trade, "priority": priority}
                if priority != PRIORITIES[0]:
                    known["life_safety"] = False
                for name in sorted(routing(known)):
                    holes = proof.holes(name, place, trade)
                    if holes:
                        asked = _Asked(name, holes, *hours.of(name, place.zone, known))
                        rows.setdefault(asked, []).append(
                            _Row(place.account, place.sites, (trade,), (priority,))
                        )
    gaps = [
        Gap(
            spans=tuple(spans),
            ladder=asked.ladder,
            account=row.account,
            sites=row.sites,
            trades=row.trades,
            priorities=row.priorities,
            causes=causes,
        )
        for asked, found in rows.items()
        for causes, spans in hours.clipped(asked).items()
        for row in _merged(found)
    ]
    return sorted(gaps, key=lambda gap: (gap.start, gap.account, gap.ladder, gap.sites, gap.trades))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question for many tickets: the ladder's holes, and the week in which it is given at all."""

    ladder: str
    holes: _Holes
    week: Weekly | None
    zone: str


@dataclass(frozen=True, slots=True)
class _Row:
    account: str
    sites: tuple[str, ...]
    trades: tuple[str, ...]
    priorities: tuple[str, ...]


def _merged(rows: Iterable[_Row]) -> list[_Row]:
    """Return rows that mean the same tickets, as few as joining priorities, trades and sites makes them."""
    by_trade: dict[tuple[str, tuple[str, ...], str], list[str]] = {}
    for row in rows:
        by_trade.setdefault((row.account, row.sites, row.trades[0]), []).extend(row.priorities)
    by_sites: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (account, sites, trade), priorities in by_trade.items():
        by_sites.setdefault((account, sites, tuple(priorities)), []).append(trade)
    joined: dict[tuple[str, bool, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (account, sites, most_urgent_first), trades in by_sites.items():
        # "Not known which site" is not a site among others.
        joined.setdefault((account, bool(sites), tuple(trades), most_urgent_first), []).extend(sites)
    return [
        _Row(account, tuple(sorted(sites)), trades, priorities)
        for (account, _, trades, priorities), sites in joined.items()
    ]


def _places(roster: Roster, *, one_by_one: bool) -> Iterator[_Place]:
    """Yield every active account's sites, alike ones together, and what is not known yet."""
    directory = roster.directory
    nowhere = _Place(account="", tier="", region="", zone=directory.company.timezone, code="", sites=())
    yield nowhere
    groups: dict[_Place, list[str]] = {}
    for account in directory.accounts.values():
        if account.active:
            yield replace(nowhere, account=account.key, tier=account.tier)
    for site in directory.sites.values():
        account_of = directory.accounts.get(site.account)
        if not site.active or account_of is None or not account_of.active:
            continue
        like = _Place(
            account=site.account,
            tier=account_of.tier,
            region=site.region,
            zone=site.timezone,
            code=site.code if one_by_one else "",
            sites=(),
        )
        groups.setdefault(like, []).append(site.key)
    for like, keys in groups.items():
        yield replace(like, sites=tuple(sorted(keys)))


class _Proof:
    """Remembers who each target is over time, so that no question is asked twice."""

    def __init__(
        self, roster: Roster, ladders: Mapping[str, Ladder], checks: Checks, start: datetime, end: datetime
    ) -> None:
        self.roster, self.ladders, self.start, self.end = roster, ladders, start, end
        people = roster.directory.people.values()
        self.standing = {person.key: checks.of(person) for person in people}
        self._lines: dict[tuple[object, ...], list[_Piece]] = {}
        self._known: dict[tuple[object, ...], _Holes] = {}
        self._alike: dict[tuple[_Hole, ...], _Holes] = {}

    def holes(self, name: str, place: _Place, trade: str) -> _Holes:
        """Return when the ladder of that name reaches nobody for tickets of this place and trade, and why."""
        ladder = self.ladders.get(name)
        if ladder is None:
            return self._one((_Hole(self.start, self.end, (Cause(target=name, why=Why.NO_LADDER),)),))
        scope = Scope(place.account, next(iter(place.sites), ""), trade)
        targets = tuple(dict.fromkeys(target for level in ladder.levels for target in level.notify))
        key = (targets, *(self.roster.ranks(target, scope) for target in targets))
        known = self._known.get(key)
        if known is None:
            lines = [self._line(target, scope) for target in targets]
            found = tuple(_holes_in(lines))
            known = self._known[key] = self._one(found)
        return known

    def _one(self, holes: tuple[_Hole, ...]) -> _Holes:
        return self._alike.setdefault(holes, _Holes(holes))

    def _line(self, target: str, scope: Scope) -> list[_Piece]:
        """Return the whole time in order: why the target helps nobody, or None while it reaches somebody."""
        key = (target, self.roster.ranks(target, scope))
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = []
            edges = [*self.roster.edges([target], scope, self.start, self.end), self.end]
            for since, until in pairwise(edges):
                people = self.roster.who([target], scope, since)
                reached = any(self.standing[person] is Standing.WORKS for person in people)
                causes = None if reached else self._causes(target, scope, since)
                joins = bool(line) and line[-1][2] == causes
                line.append((line.pop()[0] if joins else since, until, causes))
        return line

    def _causes(self, target: str, scope: Scope, at: datetime) -> tuple[Cause, ...]:
        if self.roster.missing(target, scope):
            return (Cause(target=target, why=Why.UNKNOWN),)
        named = self.roster.named(target, scope, at)
        if not named:
            return (Cause(target=target, why=Why.NOBODY),)
        return tuple(Cause(target=target, why=self._why(person, at), person=person) for person in named)

    def _why(self, person: str, at: datetime) -> Why:
        known = self.roster.directory.people.get(person)
        if known is None:
            return Why.UNKNOWN
        if not known.active:
            return Why.INACTIVE
        if self.roster.away(person, at):
            return Why.ON_LEAVE
        return Why.FAILING if self.standing[person] is Standing.FAILING else Why.UNVERIFIED


def _holes_in(lines: Sequence[Sequence[_Piece]]) -> Iterator[_Hole]:
    """Yield when none of these lines, which cover the same time, reaches anybody; causes in their order."""
    if any(len(line) == 1 and line[0][2] is None for line in lines):
        return
    places = [0] * len(lines)
    open_hole: _Hole | None = None
    since, end = lines[0][0][0], lines[0][-1][1]
    while since < end:
        pieces = [line[place] for line, place in zip(lines, places, strict=True)]
        until = min(piece[1] for piece in pieces)
        helpless = [piece[2] for piece in pieces if piece[2] is not None]
        causes = tuple(cause for one in helpless for cause in one) if len(helpless) == len(lines) else None
        if open_hole is not None and causes == open_hole.causes:
            open_hole = replace(open_hole, end=until)
        else:
            if open_hole is not None:
                yield open_hole
            open_hole = None if causes is None else _Hole(since, until, causes)
        places = [place + (piece[1] == until) for place, piece in zip(places, pieces, strict=True)]
        since = until
    if open_hole is not None:
        yield open_hole


class _Hours:
    """When a ticket can get a ladder at all, for rules that look at the clock of the site."""

    def __init__(self, routing: Routing, facts: Collection[str], span: Span) -> None:
        self.routing, self.facts, self.span = routing, facts, span
        self._weeks: dict[tuple[str, frozenset[tuple[str, object]]], Weekly] = {}
        self._windows: dict[tuple[Weekly, str], list[Span]] = {}

    def of(self, ladder: str, zone: str, known: Known) -> tuple[Weekly | None, str]:
        """Return the week in which a ticket with these facts can get the ladder, its zone; None: always."""
        if "local.hour" not in self.facts and "local.weekday" not in self.facts:
            return None, ""
        key = (ladder, frozenset((name, value) for name, value in known.items() if name in self.facts))
        week = self._weeks.get(key)
        if week is None:
            week = self._weeks[key] = Weekly(
                tuple(tuple(_runs(self._at(ladder, known, weekday))) for weekday in WEEKDAYS)
            )
        return (None, "") if week.full else (week, zone)

    def clipped(self, asked: _Asked) -> dict[tuple[Cause, ...], list[Span]]:
        """Return the parts of the holes in which the ladder can be got, by their causes."""
        found: dict[tuple[Cause, ...], list[Span]] = {}
        windows = [self.span]
        if asked.week is not None:
            known = self._windows.get((asked.week, asked.zone))
            if known is None:
                known = asked.week.windows(*self.span, ZoneInfo(asked.zone))
                self._windows[asked.week, asked.zone] = known
            windows = known
        at = 0
        for hole in asked.holes.items:
            while at < len(windows) and windows[at][1] <= hole.start:
                at += 1
            for since, until in islice(windows, at, None):
                if since >= hole.end:
                    break
                found.setdefault(hole.causes, []).append((max(since, hole.start), min(until, hole.end)))
        return found

    def _at(self, ladder: str, known: Known, weekday: str) -> list[int]:
        return [
            hour
            for hour in range(_HOURS)
            if ladder in self.routing({**known, "local.hour": hour, "local.weekday": weekday})
        ]


def _runs(hours: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the windows that whole hours of a day make, in microseconds from midnight."""
    for index, hour in enumerate(hours):
        if index == 0 or hours[index - 1] != hour - 1:
            begin = hour
        if index == len(hours) - 1 or hours[index + 1] != hour + 1:
            yield begin * _HOUR, (hour + 1) * _HOUR


SOON: Final = timedelta(hours=48)


def unreachable_soon(roster: Roster, checks: Checks, start: datetime, end: datetime) -> dict[str, datetime]:
    """Return by person who is asked first between two instants and cannot be paged, and from when.

    Asked first are those of a schedule, the accounts' managers and whoever has the duty.
    """
    accounts = (account.key for account in roster.directory.accounts.values() if account.active)
    asked = [
        *((f"schedule:{name}", Scope()) for name in roster.directory.schedules),
        *((str(Role.ACCOUNT_MANAGER), Scope(account=key)) for key in accounts),
        (str(Role.DUTY_MANAGER), Scope()),
    ]
    found: dict[str, datetime] = {}
    for target, scope in asked:
        for shift in roster.course([target], scope, start, end):
            for key in shift.people:
                if checks.of(roster.directory.people[key]) is not Standing.WORKS:
                    found[key] = min(shift.start, found.get(key, shift.start))
    return found
