"""`make soak`: worlds for as long as told, with what they do and how fast; a broken promise ends it."""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from app.rulebook.revision import load
from tests.sim.places import variants
from tests.sim.stage import ROOT, as_replayable, database, played, server_of_worlds
from tests.sim.world import Plan, World

TOLD = ("tickets", "deaths", "lost connections", "freezes", "overtaken", "conflicts tried")


def main() -> int:
    asked = _asked()
    as_replayable("tests.sim.soak")
    rulebooks = variants(load(ROOT / "rules"))
    began, worlds, days, totals = time.monotonic(), 0, 0.0, Counter[str]()
    with server_of_worlds() as server:
        seed = asked.seed
        while True:
            plan = Plan(seed=seed, days=asked.days, per_day=asked.per_day, faults=asked.faults)
            before = time.monotonic()
            with database(server, f"world_{seed}") as engine:
                world = World(engine, rulebooks, plan)
                if not played(world, asked.log):
                    return 1
                counts = world.watch.counts()
            worlds, days = worlds + 1, days + asked.days
            totals["tickets"] += counts["tickets"]
            totals.update({name: world.stats[name] for name in TOLD[1:]})
            took, elapsed = time.monotonic() - before, time.monotonic() - began
            trace = hashlib.sha256("\n".join(world.trace).encode()).hexdigest()[:8]
            print(
                f"world {seed} ({trace}): {asked.days:g} days, {counts['tickets']} tickets, {counts['events']} events,"
                f" {world.watch.looks} looks, {took:.1f} s; {_told(worlds, totals)}, {elapsed:.0f} s",
                flush=True,
            )
            seed += 1
            if (asked.worlds and worlds >= asked.worlds) or (not asked.worlds and elapsed > asked.seconds):
                break
    used = resource.getrusage(resource.RUSAGE_SELF)
    elapsed = time.monotonic() - began
    print(
        f"{worlds} worlds kept every promise: {_told(worlds, totals)}; {days:g} days in {elapsed:.0f} s"
        f" ({used.ru_utime + used.ru_stime:.0f} s of CPU beside PostgreSQL), so a year of"
        f" {asked.per_day:g} tickets a day in {elapsed / days * 365 / 60:.0f} min"
    )
    return 0


def _told(worlds: int, totals: Counter[str]) -> str:
    return f"in all {worlds} worlds, " + ", ".join(f"{totals[name]} {name}" for name in TOLD)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=0)
    parser.add_argument("--days", type=float, default=3)
    parser.add_argument("--per-day", type=float, default=12)
    parser.add_argument("--faults", type=float, default=1)
    parser.add_argument("--log", type=Path, default=None)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
