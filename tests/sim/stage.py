"""What a simulated world needs around it: a process that can be played again, a server, a database, a log.

What must not live here: which worlds are played (soak.py, year.py).
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import structlog
from sqlalchemy import Engine

from app.store import schema
from app.store.embedded import DATABASE, EmbeddedPostgres
from app.store.engine import connect
from tests.sim.world import World, WorldError

ROOT = Path(__file__).parents[2]


def as_replayable(module: str) -> None:
    """Make this process, which runs `module`, one in which the same seed plays the same world."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is part of a world
        os.execve(
            sys.executable,
            [sys.executable, "-m", module, *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the database goes, too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def played(world: World, log: Path | None) -> bool:
    """Play a world and keep all its steps in `log`; say what was broken, and whether nothing was."""
    try:
        world.run()
    except WorldError as error:
        print(error, flush=True)
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        return False
    finally:
        if log is not None:
            log.write_text("\n".join(world.trace) + "\n", "utf-8")
    return True


@contextmanager
def server_of_worlds() -> Iterator[EmbeddedPostgres]:
    """Yield a server whose template has the tables, gone afterwards."""
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
def database(server: EmbeddedPostgres, name: str) -> Iterator[Engine]:
    """Yield an empty database of that name."""
    url = server.url_of("postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE} STRATEGY file_copy")
        engine = connect(server.url_of(name))
        try:
            yield engine
        finally:
            engine.dispose()
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
