"""What the tests of crashes share: a real server, phones, a database of their own, and what these must say."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from simulator.config import Config
from simulator.running import Simulator
from tests import promises
from tests.crash.server_process import PATIENCE, ROOT, ServerProcess
from tests.stories.people import DANA, PRIYA, TANYA
from tests.stories.town import DOMAIN, HELP, NUMBER

_WITNESSES = (
    "SELECT sender, kind, state, outcome, ticket_id FROM inbox ORDER BY id",
    (
        "SELECT person, text_id, state, status, attempts, claimed_by, lease_until - now() AS lease,"
        " not_before - now() AS again, code, detail FROM outbox ORDER BY id"
    ),
    "SELECT node, role, now() - seen_at AS silent FROM nodes ORDER BY started_at",
)


def load_company(engine: Engine) -> None:
    company = ROOT / "demo" / "company.yaml"
    load_directory(engine, parse_directory(company.read_text("utf-8"), company.name), now=datetime.now(UTC))


def simulated(port: int) -> Config:
    """Return the phones of a server on that port."""
    return Config(
        app_url=f"http://127.0.0.1:{port}",
        mail_to=HELP,
        parse_user="sendgrid",
        parse_password="secret",
        numbers=(NUMBER,),
    )


def environment(home: Path, database_url: str, port: int, sim: Simulator) -> dict[str, str]:
    """Return the settings of a server with ladders of seconds."""
    config = simulated(port)
    return {
        "CLOSELOOP_HOME": str(home),
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


class Stage:
    """The killed and restarted server, the phones, and the database as witness."""

    def __init__(self, server: ServerProcess, sim: Simulator, engine: Engine) -> None:
        self.server, self.sim, self.engine = server, sim, engine

    def state(self) -> str:
        with self.engine.connect() as connection:
            found = connection.execute(text("SELECT state FROM tickets ORDER BY number")).scalars().all()
        return ",".join(found)

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def witness(self) -> str:
        """Return what the database, the phones and the server's log say, for a failure's message."""
        with self.engine.connect() as connection:
            told = [str(tuple(row)) for query in _WITNESSES for row in connection.execute(text(query))]
        told += [str(self.sim.phone(phone).messages) for phone in (DANA, PRIYA, TANYA)]
        return "\n".join([f"the ticket is {self.state()!r}", *told, self.server.log.read_text()[-2000:]])

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"it never came; {self.witness()}"
            time.sleep(0.05)

    def heard(self, phone: str, words: str) -> int:
        """Return how many texts with these words reached a phone."""
        return sum(words in said for said in self.sim.phone(phone).inbox)

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
        end = time.monotonic() + PATIENCE
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
