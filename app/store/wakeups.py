"""Wake-ups between processes by LISTEN and NOTIFY. One that is lost costs a slow poll, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, text

from app.store.engine import KEEP_ALIVE

_CHANNEL = "closeloop"
_RING = text("SELECT pg_notify(:channel, what) FROM unnest(CAST(:what AS text[])) AS what")


def ring(connection: Connection, what: Collection[str]) -> None:
    """Wake whoever listens, when this transaction commits."""
    connection.execute(_RING, {"channel": _CHANNEL, "what": sorted(what)})


@contextmanager
def listening(engine: Engine) -> Iterator[Callable[[float], list[str]]]:
    """Give a function that waits up to so many seconds for wake-ups and returns them; [] if there was none.

    It has a connection of its own, outside of the pool. Both raise psycopg.Error when that is lost.
    """
    url = engine.url.set(drivername="postgresql")
    options = {key: value for key, value in KEEP_ALIVE.items() if key not in url.query}
    place = make_conninfo(url.render_as_string(hide_password=False), **options)
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f"LISTEN {_CHANNEL}")

        def heard(seconds: float) -> list[str]:
            rung = [each.payload for each in connection.notifies(timeout=seconds, stop_after=1)]
            if not rung:
                connection.execute("SELECT 1")  # a connection that was cut off in silence shows here
            return rung

        yield heard
