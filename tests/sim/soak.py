"""`make soak`: worlds for as long as told, with what they do and how fast; a broken promise ends it."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog
from sqlalchemy import Engine

from app.rulebook.revision import load
from app.store import schema
from app.store.embedded import DATABASE, EmbeddedPostgres
from app.store.engine import connect
from tests.sim.places import variants
from tests.sim.world import Plan, World, WorldError

ROOT = Path(__file__).parents[2]
TOLD = ("tickets", "deaths", "lost connections", "freezes", "overtaken", "conflicts tried")


def main() -> int:
    asked = _asked()
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a world
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.sim.soak", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the database goes, too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    rulebooks = variants(load(ROOT / "rules"))
    began, worlds, days, totals = time.monotonic(), 0, 0.0, Counter[str]()
    with _server() as server:
        seed = asked.seed
        while True:
            plan = Plan(seed=seed, days=asked.days, per_day=asked.per_day, faults=asked.faults)
            before = time.monotonic()
            with _database(server, f"world_{seed}") as engine:
                world = World(engine, rulebooks, plan)
                try:
                    world.run()
                except WorldError as error:
                    _keep(asked.log, world)
                    print(error, flush=True)
                    if error.__cause__ is not None:
                        traceback.print_exception(error.__cause__)
                    return 1
                counts = world.watch.counts()
            _keep(asked.log, world)
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


def _keep(log: Path | None, world: World) -> None:
    if log is not None:
        log.write_text("\n".join(world.trace) + "\n", "utf-8")


@contextmanager
def _server() -> Iterator[EmbeddedPostgres]:
    home = Path(tempfile.mkdtemp(prefix="closeloop-soak-"))
    try:
        with EmbeddedPostgres.start(home, fast=True) as server:
            engine = connect(server.url)
            schema.upgrade(engine)
            engine.dispose()
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _database(server: EmbeddedPostgres, name: str) -> Iterator[Engine]:
    url = server.url_of("postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} STRATEGY file_copy")
        engine = connect(server.url_of(name))
        try:
            yield engine
        finally:
            engine.dispose()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    sys.exit(main())
