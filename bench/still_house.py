"""A house on a clock that stands still, with the demo company in it: what benches copy one real ticket in.

What must not live here: what is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from app import bootstrap
from app.domain import commands as cmd
from app.domain.events import Requester
from app.domain.message import Channel
from app.rulebook.revision import load
from app.store import schema
from app.store.embedded import EmbeddedPostgres
from app.store.engine import connect
from app.usecases.actions import perform
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from app.usecases.house import House, Identity

ROOT = Path(__file__).parents[1]
MONTH = datetime(2026, 6, 1, 4, tzinfo=UTC)
NOW = datetime(2026, 7, 20, 12, tzinfo=UTC)
ANN = Requester(
    contact="", name="Ann", channel=Channel.SMS, address="+16175550142", our_address="+15005550006"
)


class StillClock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@contextmanager
def still_house() -> Iterator[tuple[House, StillClock]]:
    """Yield a house at the beginning of MONTH on a PostgreSQL of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres.start(Path(home), fast=True) as server:
        engine = connect(server.url)
        schema.upgrade(engine)
        clock = StillClock(MONTH)
        company = ROOT / "demo" / "company.yaml"
        load_directory(engine, parse_directory(company.read_text("utf-8"), company.name), now=clock.now())
        yield (
            House(
                engine=engine,
                clock=clock,
                ids=bootstrap.SystemIds(),
                rulebook=load(ROOT / "rules"),
                identity=Identity(
                    public_url="http://x", mail_domain="x.example", secret=b"s" * 32, node="bench"
                ),
            ),
            clock,
        )
        engine.dispose()


def work_on(house: House, clock: StillClock, ticket_id: int, minutes: Sequence[int]) -> None:
    """Acknowledge, arrive and resolve, each so many minutes after the last."""
    who = {"actor": "person:dana", "person": "dana"}
    steps = (cmd.Acknowledge(**who), cmd.Arrive(**who), cmd.Resolve(**who, text="replaced valve"))
    for wait, command in zip(minutes, steps, strict=True):
        clock.at += timedelta(minutes=wait)
        perform(house, ticket_id, command)


def tidy(engine: Engine) -> None:
    """Let PostgreSQL clean up and count what was copied, as it does by itself in time."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
