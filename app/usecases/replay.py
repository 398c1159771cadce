"""Replay: a changed rulebook over the stored history. Nothing is sent, nothing is written.

Both rulebooks are asked about the same facts, those that were kept when the message came, so that only the
change makes a difference. Who would have been woken is counted until somebody really acknowledged; clocks run
over what really happened. What must not live here: asking the rulebooks (replay_deciding.py), showing it
(replay_words.py, the page).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from app.domain.escalation import Ladder, following
from app.domain.roster import Roster, Scope
from app.domain.sla import Policy, SlaEvent, explain, parse_policy
from app.rulebook.revision import Rulebook
from app.store import history as store
from app.store.directory import DirectoryEmptyError
from app.store.history import Opening
from app.store.sla_audit import snapshot
from app.usecases.house import House
from app.usecases.replay_deciding import Answer, Books, Outcome, decisions, worth

NIGHT: Final = (22, 7)
"""From ten in the evening until seven, by the clock of whoever is woken."""
_SHOWN: Final = 70
_STARTS: Final = "opened"
_ENDS: Final = ("acknowledged", "closed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One ticket that would have been decided otherwise. `at` is when the customer wrote, UTC."""

    number: int
    at: datetime
    text: str
    before: Outcome
    after: Outcome


@dataclass(slots=True)
class Totals:
    """Sums under one rulebook: priorities of all messages; the rest of those that differ only."""

    priorities: Counter[str] = field(default_factory=Counter)
    woken: int = 0
    at_night: int = 0
    breached: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one message that differs."""
        self.woken += len(outcome.woken)
        self.at_night += len(outcome.at_night)
        self.breached += len(outcome.breached)


@dataclass(slots=True, kw_only=True)
class Replay:
    """The result: how many messages were asked about, how many differ, the first `keep` of those, and sums.

    `moved` counts pairs of priorities, before and after, of those that differ in it. `failed` counts the
    messages on which a rule failed.
    """

    since: datetime
    keep: int
    messages: int = 0
    differing: int = 0
    failed: int = 0
    differences: list[Difference] = field(default_factory=list)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Totals = field(default_factory=Totals)
    after: Totals = field(default_factory=Totals)


def replay(
    house: House,
    old: Rulebook,
    new: Rulebook,
    since: datetime,
    *,
    keep: int = 50,
    total: Callable[[int], object] = lambda _count: None,
    done: Callable[[int], object] = lambda _count: None,
) -> Replay:
    """Return what `new` would have decided otherwise than `old` since an instant.

    At most `keep` differences are kept, all are counted. `total` is told first how many messages there are,
    `done` how many more were asked about.
    """
    result = Replay(since=since, keep=keep)
    books = (old, old if new == old else new)
    try:
        with house.begin() as connection:
            roster = house.roster(connection)
    except DirectoryEmptyError:
        return result  # then there was never a ticket
    with snapshot(house.engine) as connection:
        messages = store.count(connection, since)
        total(messages)
        judge = _Judge(roster, house.clock.now())
        asked = decisions(store.stream(connection, since), roster.directory, books, worth(messages))
        with closing(asked):
            for batch, answers in asked:
                _batch(connection, judge, zip(batch, answers, strict=True), books, result)
                done(len(batch))
    return result


def _batch(
    connection: Connection,
    judge: _Judge,
    batch: Iterable[tuple[Opening, Answer]],
    books: Books,
    result: Replay,
) -> None:
    differing: list[tuple[Opening, Outcome, Outcome]] = []
    for opening, answer in batch:
        result.messages += 1
        if answer is None:
            result.failed += 1
            continue
        before, after = answer
        result.before.priorities[before.priority] += 1
        result.after.priorities[after.priority] += 1
        if before != after or _otherwise(books, before, after):
            differing.append((opening, before, after))
    if not differing:
        return
    events = store.clock_events(connection, [opening.ticket_id for opening, _, _ in differing])
    for opening, *outcomes in differing:
        happened = events.get(opening.ticket_id, ())
        before, after = (
            judge.judged(opening, outcome, happened, book)
            for outcome, book in zip(outcomes, books, strict=True)
        )
        if before == after:
            continue  # another policy or ladder that led to the very same
        result.differing += 1
        if before.priority != after.priority:
            result.moved[before.priority, after.priority] += 1
        result.before.add(before)
        result.after.add(after)
        if len(result.differences) < result.keep:
            text = " ".join(opening.text.split())[:_SHOWN]
            result.differences.append(
                Difference(number=opening.number, at=opening.at, text=text, before=before, after=after)
            )


def _otherwise(books: Books, before: Outcome, after: Outcome) -> bool:
    """Tell whether what goes by the same name means something else in the other rulebook."""
    old, new = books
    if old is new:
        return False
    return old.ladder(before.ladder) != new.ladder(after.ladder) or old.sla_document(
        before.sla
    ) != new.sla_document(after.sla)


class _Judge:
    """Works out who is woken and which clocks breach, for tickets that would have been decided otherwise."""

    def __init__(self, roster: Roster, now: datetime) -> None:
        self.directory = roster.directory
        self._roster = roster
        self._now = now
        self._policies: dict[tuple[str, str, str], Policy] = {}

    def judged(
        self, opening: Opening, outcome: Outcome, happened: tuple[SlaEvent, ...], book: Rulebook
    ) -> Outcome:
        until = next((e.at for e in happened if e.type in _ENDS), self._now)
        scope = Scope(opening.account, opening.site, outcome.trade)
        pages = self._pages(book.ladder(outcome.ladder), scope, opening.begun_at, until)
        return replace(
            outcome,
            woken=tuple(pages),
            at_night=tuple(person for person, at in pages.items() if self._is_night(person, at)),
            breached=self._breached(opening, outcome, happened, book),
        )

    def _pages(self, ladder: Ladder, scope: Scope, start: datetime, until: datetime) -> dict[str, datetime]:
        """Return who is paged in the ladder's first cycle before `until`, and when first."""
        found: dict[str, datetime] = {}
        at, position, reached = start, None, True
        while True:
            step = following(ladder, position, found=reached)
            at, position = at + step.wait, step.position
            if position is None or at >= until:
                return found
            people = self._roster.who(ladder.levels[position.level - 1].notify, scope, at)
            reached = bool(people)
            for person in people:
                found.setdefault(person, at)

    def _is_night(self, person: str, at: datetime) -> bool:
        known = self.directory.people.get(person)
        zone = known.timezone if known else self.directory.company.timezone
        evening, morning = NIGHT
        hour = at.astimezone(_zone(zone)).hour
        return hour >= evening or hour < morning

    def _breached(
        self, opening: Opening, outcome: Outcome, happened: tuple[SlaEvent, ...], book: Rulebook
    ) -> tuple[str, ...]:
        site = self.directory.sites.get(opening.site)
        zone = site.timezone if site else self.directory.company.timezone
        policy = self._policy(book, outcome.sla, zone)
        rated = tuple(
            replace(event, priority=outcome.priority) if event.type == _STARTS else event
            for event in happened
        )
        reports = explain(policy, rated, self._now)
        return tuple(str(metric) for metric, report in reports.items() if report.breached_at is not None)

    def _policy(self, book: Rulebook, name: str, zone: str) -> Policy:
        known = self._policies.get((book.hash, name, zone))
        if known is None:
            document = book.sla_document(name)
            calendars = document["calendars"]
            known = parse_policy(
                document["policy"], calendars if isinstance(calendars, Mapping) else {}, zone
            )
            self._policies[book.hash, name, zone] = known
        return known


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
