"""A database that is cut off, stands still or crashes, and a node that freezes for longer than its claim lasts."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from app.store import schema
from app.store.embedded import EmbeddedPostgres
from app.store.engine import connect
from simulator.running import Simulator
from tests.crash.database_proxy import DatabaseProxy
from tests.crash.server_process import ServerProcess, free_port
from tests.crash.staging import Stage, environment, load_company, simulated
from tests.stories.people import PRIYA, TANYA, WATER

ACCEPTED = ("200", "204")


class TroubledStage(Stage):
    """A stage whose server reaches its database through a proxy, with a second worker that needs none."""

    proxy: DatabaseProxy
    other: ServerProcess

    def say(self, phone: str, words: str) -> None:
        """Text until it is accepted, as a person would; what was not accepted may be lost."""
        for _ in range(30):
            sent = len(self.sim.phone(phone).sent)
            self.sim.text(phone, words)
            if self.answer(phone, sent) in ACCEPTED:
                return
            time.sleep(0.5)
        raise AssertionError(f"{words!r} was never accepted; {self.witness()}")

    def answer(self, phone: str, number: int) -> str:
        """Return what the webhook of a phone's text got in the end."""
        self.until(lambda: bool(self.sim.phone(phone).sent[number]["answer"]))
        return str(self.sim.phone(phone).sent[number]["answer"])

    def kept(self) -> None:
        """Assert that each text that was accepted is in the inbox, once."""
        accepted = [
            m["id"] for p in (TANYA, PRIYA) for m in self.sim.phone(p).sent if m["answer"] in ACCEPTED
        ]
        with self.engine.connect() as connection:
            stored = connection.execute(
                text("SELECT payload->>'MessageSid' FROM inbox WHERE kind = 'message'")
            ).scalars()
            assert set(accepted) <= set(stored.all()), self.witness()

    def crash_the_database(self) -> None:
        """Kill one of its processes: it ends all others, recovers and starts again."""
        with self.engine.connect() as connection:
            victim = connection.execute(
                text(
                    "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend' LIMIT 1"
                )
            ).scalar_one()
        self.engine.dispose()
        os.kill(victim, signal.SIGKILL)

    def see_it_back(self) -> None:
        """Wait until the database answers the witness again."""
        for _ in range(300):
            self.engine.dispose()
            try:
                self.state()
            except OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError("the database did not come back")


@pytest.fixture
def database_home() -> Iterator[Path]:
    """A folder that is not pytest's: a second run of pytest takes the traverse bit from those."""
    home = Path(tempfile.mkdtemp(prefix="closeloop-crash-"))
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def troubled(tmp_path: Path, database_home: Path) -> Iterator[TroubledStage]:
    with EmbeddedPostgres.start(database_home, fast=True) as postgres:
        engine = connect(postgres.url)
        schema.upgrade(engine)
        load_company(engine)
        port = free_port()
        with DatabaseProxy(make_url(postgres.url)) as proxy, Simulator(simulated(port)) as sim:
            server = ServerProcess(environment(tmp_path, proxy.url, port, sim), port, tmp_path / "server.log")
            other_port = free_port()
            direct = environment(tmp_path, postgres.url, port, sim)
            with server, ServerProcess(direct, other_port, tmp_path / "other.log") as other:
                stage = TroubledStage(server, sim, engine)
                stage.proxy, stage.other = proxy, other
                yield stage
        engine.dispose()


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_trouble_with_the_database_and_a_frozen_node_lose_nothing(troubled: TroubledStage) -> None:
    stage, sim, proxy = troubled, troubled.sim, troubled.proxy
    # A call that rings out would take half a minute; of a busy phone a text follows at once.
    sim.set_phone(PRIYA, calls="busy")
    stage.server.start()
    stage.other.launch(role="worker")
    sim.text(TANYA, WATER)
    proxy.cut()  # before, while or after it was stored
    time.sleep(2)
    proxy.mend()
    stage.say(TANYA, WATER)
    stage.until(lambda: stage.state() == "new")
    stage.until(lambda: bool(stage.heard(PRIYA, "Ack by")))
    stage.crash_the_database()
    sim.text(PRIYA, "1")  # into the crash
    stage.see_it_back()
    stage.say(PRIYA, "1")
    stage.until(lambda: stage.state() == "acknowledged")
    stage.rest()
    proxy.stall()
    sim.text(TANYA, "is somebody coming?")
    time.sleep(3)
    proxy.mend()
    stage.rest()
    stage.kept()
    # A node freezes in the middle of a send. Another one sends the message, and the late result counts for nothing.
    sim.set_provider("twilio", slow=3)
    stage.say(PRIYA, "LIST")
    claims = "SELECT coalesce(max(claimed_by), '') FROM outbox WHERE state = 'sending'"

    def claimant() -> str:
        with stage.engine.connect() as connection:
            return str(connection.execute(text(claims)).scalar_one())

    stage.until(lambda: claimant() != "")
    frozen = int(claimant().split(":")[1])
    os.kill(frozen, signal.SIGSTOP)
    try:
        stage.until(lambda: claimant() != "" and int(claimant().split(":")[1]) != frozen)
        stage.until(lambda: claimant() == "")
    finally:
        os.kill(frozen, signal.SIGCONT)
    sim.set_provider("twilio", slow=0)
    stage.rest()
    assert (
        stage.count("SELECT count(*) FROM outbox WHERE state = 'sent' AND attempts = 2 AND claimed_by = ''")
        >= 1
    )
    assert stage.count("SELECT count(*) FROM tickets") == 1
    stage.kept()
