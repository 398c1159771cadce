"""The story of first light on a real server that is killed after every single step, and started again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from simulator.config import Config
from simulator.running import Simulator
from tests import promises
from tests.crash.server_process import ROOT, ServerProcess, free_port
from tests.stories.people import DANA, PRIYA, TANYA, WATER
from tests.stories.town import DOMAIN, HELP, NUMBER


class Stage:
    """The killed and restarted server, the phones, and the database as witness."""

    def __init__(self, server: ServerProcess, sim: Simulator, engine: Engine) -> None:
        self.server, self.sim, self.engine = server, sim, engine

    def state(self) -> str:
        with self.engine.connect() as connection:
            found = connection.execute(text("SELECT state FROM tickets ORDER BY number")).scalars().all()
        return ",".join(found)

    def witness(self) -> str:
        """Return what the database and the server's log say, for a failure's message."""
        with self.engine.connect() as connection:
            inbox = connection.execute(
                text("SELECT sender, kind, state, outcome, ticket_id FROM inbox ORDER BY id")
            )
            rows = "\n".join(str(tuple(row)) for row in inbox)
            said = connection.execute(
                text(
                    "SELECT person, state, status, attempts, claimed_by, lease_until - now() AS lease,"
                    " not_before - now() AS again, code, detail, body FROM outbox ORDER BY id"
                )
            )
            rows += "\n" + "\n".join(str(tuple(row)) for row in said)
        phones = {phone: self.sim.phone(phone).messages for phone in (DANA, PRIYA, TANYA)}
        rows += f"\n{phones}"
        return f"the ticket is {self.state()!r}\n{rows}\n{self.server.log.read_text()[-2000:]}"

    def until(self, what: Callable[[], bool], seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"it never came; {self.witness()}"
            time.sleep(0.05)

    def step(self, phone: str, words: str, *, then: str, dead: float | None = None) -> None:
        """Text and see the step done. `dead`: the server is killed as it accepts, and started so much later."""
        before = len(self.sim.phone(phone).sent)
        self.sim.text(phone, words)
        if dead is not None:
            self.until(lambda: bool(self.sim.phone(phone).sent[before:][0]["answer"]))
            self.server.kill()
            time.sleep(dead)
            self.server.start()
        self.until(lambda: self.state() == then)
        self.rest()

    def rest(self) -> None:
        """Wait until every promise is seen to be kept, receipts and all."""
        end = time.monotonic() + 60
        while True:
            self.sim.settle(0.5)
            try:
                # `now` of long ago: while the clock runs, a timer may come due at any time.
                promises.check(self.engine, datetime(2020, 1, 1, tzinfo=UTC))
            except AssertionError as broken:
                if time.monotonic() > end:
                    raise AssertionError(f"{broken}; {self.witness()}") from broken
                time.sleep(0.1)
            else:
                return


@pytest.fixture
def stage(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Stage]:
    company = ROOT / "demo" / "company.yaml"
    load_directory(engine, parse_directory(company.read_text("utf-8"), company.name), now=datetime.now(UTC))
    port = free_port()
    config = Config(
        app_url=f"http://127.0.0.1:{port}",
        mail_to=HELP,
        parse_user="sendgrid",
        parse_password="secret",
        numbers=(NUMBER,),
    )
    with Simulator(config) as sim:
        environment = {
            "CLOSELOOP_HOME": str(tmp_path),
            "CLOSELOOP_DATABASE_URL": database_url,
            "CLOSELOOP_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CLOSELOOP_RULES": f"{ROOT / 'rules'}:{ROOT / 'tests' / 'data' / 'quick_rules'}",
            "CLOSELOOP_TWILIO_ACCOUNT_SID": config.account_sid,
            "CLOSELOOP_TWILIO_AUTH_TOKEN": config.auth_token,
            "CLOSELOOP_TWILIO_FROM": NUMBER,
            "CLOSELOOP_TWILIO_API_BASE": sim.url,
            "CLOSELOOP_SENDGRID_API_KEY": config.sendgrid_key,
            "CLOSELOOP_SENDGRID_API_BASE": sim.url,
            "CLOSELOOP_SENDGRID_EVENT_KEY": sim.public_key,
            "CLOSELOOP_SENDGRID_PARSE_USER": "sendgrid",
            "CLOSELOOP_SENDGRID_PARSE_PASSWORD": "secret",
            "CLOSELOOP_MAIL_FROM": HELP,
            "CLOSELOOP_MAIL_DOMAIN": DOMAIN,
            "CLOSELOOP_SECRET": "s" * 32,
        }
        with ServerProcess(environment, port, tmp_path / "server.log") as server:
            yield Stage(server, sim, engine)


@pytest.mark.timeout(420)
def test_every_promise_holds_when_the_server_is_killed_at_each_turn_of_the_story(stage: Stage) -> None:
    stage.step(TANYA, WATER, then="new", dead=4)
    assert any("ceiling" in words for words in stage.sim.phone(DANA).inbox)
    # Nobody answers: the next level is asked although the server that armed the timer is dead.
    stage.until(lambda: any("Ack by" in words for words in stage.sim.phone(PRIYA).inbox))
    stage.step(PRIYA, "1", then="acknowledged", dead=0)
    stage.step(PRIYA, "ETA 45", then="en_route")
    stage.step(PRIYA, "DONE replaced valve", then="resolved", dead=0)
    stage.step(TANYA, "NO", then="acknowledged", dead=0)
    stage.step(PRIYA, "1", then="acknowledged")
    stage.step(PRIYA, "DONE tightened the joint", then="resolved")
    stage.step(TANYA, "YES", then="closed", dead=0)
    heard = "\n".join(stage.sim.phone(TANYA).inbox)
    for words in ("got it", "replaced valve", "open again", "tightened the joint", "closed"):
        assert words in heard
    with stage.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM tickets")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM nodes")).scalar() == 6, "five were killed"
    assert stage.server.stop() == 0
    with stage.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM nodes")).scalar() == 5, (
            "the last one left in order"
        )
