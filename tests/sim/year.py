"""`make year`: a year of a company's traffic in minutes, in one world that goes on from day to day.

Weekdays and nights, holidays, frost and heat, storms, leave, rotations, both changes of the clocks, a leap day; staff
who answer late, wrongly or never; providers in trouble; nodes that die. What a step broke is looked for in bounded
intervals, for a look after each costs more than the step; `EVERY=0` looks after each, in the same world.
"""

from __future__ import annotations

import argparse
import gc
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from app.domain.directory import Contact, Person
from app.rulebook.revision import Rulebook, load
from tests.sim import season
from tests.sim.carrier import Troubles
from tests.sim.places import variants
from tests.sim.stage import ROOT, as_replayable, database, played, server_of_worlds
from tests.sim.world import Plan, World

START = datetime(2027, 9, 1, 4, tzinfo=UTC)
"""A year from here has both changes of the clocks and the leap day of 2028."""
_AWAKE = range(7, 23)  # hours of one's own day
_SLEEPS_ON = 0.3
_STORMS_A_YEAR = 9
_LEAVES_A_YEAR = 3


@dataclass(frozen=True, kw_only=True)
class YearPlan(Plan):
    """What kind of year; `every`: after how many minutes it is looked at again, 0: after each step."""

    days: float = 366.0
    per_day: float = 2.0
    faults: float = 0.1
    start: datetime | None = START
    every: float = 60.0

    def command(self) -> str:
        """Return what plays this year again, and looks after each step."""
        since = (self.start or START).date().isoformat()
        return (
            f"make year SEED={self.seed} DAYS={self.days:g} PER_DAY={self.per_day:g} FAULTS={self.faults:g}"
            f" SINCE={since} EVERY=0 PARTS=1"
        )


class Year(World):
    """One year, or a piece of it."""

    PERIODIC = timedelta(minutes=30)
    BETWEEN_DEEDS = timedelta(hours=30)
    QUIET = 12.0

    def __init__(
        self,
        engine: Engine,
        rulebooks: Sequence[Rulebook],
        plan: YearPlan,
        week_over: Callable[[World], None],
    ) -> None:
        super().__init__(engine, rulebooks, plan)
        self._every = timedelta(minutes=plan.every)
        self._looked = self.agenda.now
        self._week_over = week_over
        self.carrier.together, self.carrier.good_news = 30, 600
        self.carrier.trouble = Troubles(
            refuse=0.003,
            again=0.01,
            lost_taken=0.003,
            lost_untaken=0.002,
            undelivered=0.015,
            unheard=0.01,
            twice=0.02,
            untold=0.9,
        )
        self.people.asleep, self.people.diligence = self._asleep, 0.75

    def look(self) -> None:
        """Look at what has changed since the last look, if that was long enough ago."""
        if self.agenda.now - self._looked >= self._every:
            self._looked = self.agenda.now
            super().look()

    def _asleep(self, person: Person) -> bool:
        hour = self.agenda.now.astimezone(ZoneInfo(person.timezone)).hour
        return hour not in _AWAKE and self.people.chance.random() < _SLEEPS_ON

    def _plan_traffic(self) -> None:
        chance, start = self.people.chance, self.agenda.now
        for at in season.emergencies(chance, start, self.end, self.plan.per_day):
            self.agenda.at(at, self.people.emergency)
        for at in season.mornings_and_midnights(start, self.end):
            self.agenda.at(at, self._morning)
        self._storms()
        self._leaves()
        if self.faulty:
            self._weather()
        self.deeds.plan(self.end, self.BETWEEN_DEEDS)

    def _morning(self) -> None:
        """Wake the nodes, which see to shifts and gaps, and say each Monday how far it is."""
        local = self.agenda.now.astimezone(season.HOME)
        if (local.weekday(), local.hour) == (0, 8):
            self._week_over(self)

    def _storms(self) -> None:
        """Plan storms: within an hour or so many of an account, or of a region, report the like."""
        chance, at = self.people.chance, self.agenda.now
        while True:
            at += timedelta(days=chance.expovariate(_STORMS_A_YEAR / 365))
            if at >= self.end:
                return
            hit = self._hit()
            troubles = chance.sample(season.STORMS, 3)
            self.agenda.at(at, lambda hit=hit: self.note(f"a storm over {len(hit)} people"))
            for _ in range(chance.randrange(6, 20)):
                then = at + timedelta(minutes=chance.expovariate(1 / 15))
                self.agenda.at(then, lambda hit=hit, troubles=troubles: self.people.emergency(hit, troubles))

    def _hit(self) -> list[Contact]:
        chance, sites = self.people.chance, self.directory.sites
        account, region = chance.choice(sorted({(site.account, site.region) for site in sites.values()}))
        whole_region = chance.random() < 0.5
        keys = {
            key for key, s in sites.items() if (s.region == region if whole_region else s.account == account)
        }
        return [
            contact
            for contact in self.people.contacts
            if any(site.key in keys for site in self.directory.sites_of(contact.account, contact.sites))
        ]

    def _leaves(self) -> None:
        """Plan everybody's leave: a few days up to two weeks, most of it entered weeks before."""
        chance, start = self.people.chance, self.agenda.now
        for person in sorted(self.directory.people):
            at = start
            while True:
                at += timedelta(days=chance.expovariate(_LEAVES_A_YEAR / 365))
                if at >= self.end:
                    break
                first = at.replace(hour=12, minute=0, second=0, microsecond=0)
                last = first + timedelta(days=chance.choice((0.5, 1, 3, 5, 9, 14)))
                said = max(start, first - timedelta(days=chance.choice((0, 1, 14, 40))))
                self.agenda.at(
                    said,
                    lambda person=person, first=first, last=last: self.deeds.goes_away(person, first, last),
                )


def main() -> int:
    as_replayable("tests.sim.year")
    asked = _asked()
    if asked.parts > 1:
        return _in_parts(asked)
    plan = YearPlan(
        seed=asked.seed,
        days=asked.days,
        per_day=asked.per_day,
        faults=asked.faults,
        start=_midnight(asked.since),
        every=asked.every,
    )
    began = time.monotonic()

    def tell(world: World, what: str) -> None:
        counts, stats = world.watch.counts(), world.stats
        trouble = ", ".join(f"{stats[each]} {each}" for each in ("deaths", "lost connections", "freezes"))
        print(
            f"{what}: {counts['tickets']} tickets, {counts['inbox']} messages and receipts in,"
            f" {counts['outbox']} out, {counts['events']} events, {sum(stats.values())} steps,"
            f" {world.watch.looks} looks, {trouble}; {(time.monotonic() - began) / 60:.1f} min",
            flush=True,
        )

    gc.freeze()  # what is there now stays: it need not be looked through again and again
    with server_of_worlds() as server, database(server, f"year_{plan.seed}") as engine:
        year = Year(
            engine,
            variants(load(ROOT / "rules")),
            plan,
            lambda world: tell(world, f"{asked.since} to {world.agenda.now:%Y-%m-%d}"),
        )
        if not played(year, asked.log):
            return 1
        tell(year, f"{plan.days:g} days from {asked.since} kept every promise")
    return 0


def _in_parts(asked: argparse.Namespace) -> int:
    """Play pieces of the time side by side, each a world of its own; the first one that fails ends all."""
    began, days, playing = time.monotonic(), int(asked.days), []
    for part in range(asked.parts):
        first, after = days * part // asked.parts, days * (part + 1) // asked.parts
        given = {
            "--seed": asked.seed * 100 + part,
            "--days": after - first,
            "--since": asked.since + timedelta(days=first),
            "--per-day": asked.per_day,
            "--faults": asked.faults,
            "--every": asked.every,
            "--parts": 1,
            **({"--log": f"{asked.log}.{part}"} if asked.log else {}),
        }
        options = [str(each) for pair in given.items() for each in pair]
        playing.append(subprocess.Popen([sys.executable, "-m", "tests.sim.year", *options]))
    try:
        while any(each.poll() is None for each in playing) and not any(each.poll() for each in playing):
            time.sleep(0.5)
    finally:
        for each in playing:
            each.terminate()
        ends = [each.wait() for each in playing]
    kept, used = not any(ends), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"{days} days in {asked.parts} parts {'kept every promise' if kept else 'FAILED: see above'};"
        f" {(time.monotonic() - began) / 60:.1f} min,"
        f" {(used.ru_utime + used.ru_stime) / 60:.1f} min of CPU beside PostgreSQL"
    )
    return int(not kept)


def _asked() -> argparse.Namespace:
    usual = YearPlan(seed=1)
    parser = argparse.ArgumentParser(prog="make year")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--days", type=float, default=usual.days)
    parser.add_argument("--per-day", type=float, default=usual.per_day)
    parser.add_argument("--faults", type=float, default=usual.faults)
    parser.add_argument("--since", type=date.fromisoformat, default=START.date())
    parser.add_argument("--every", type=float, default=usual.every)
    parser.add_argument("--parts", type=int, default=2)
    parser.add_argument("--log", type=Path, default=None)
    return parser.parse_args()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, START.timetz())


if __name__ == "__main__":
    sys.exit(main())
