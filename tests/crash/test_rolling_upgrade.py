"""An upgrade under way: the code of before the newest migration works on the migrated database, beside today's."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import schema
from app.store.engine import connect
from simulator.running import Simulator
from tests.crash.forking import ForkServer
from tests.crash.server_process import ROOT, ServerProcess, free_port
from tests.crash.staging import Stage, environment, simulated
from tests.stories.people import DANA, TANYA, WATER

# Made by `make older-version FROM=commit`: a downloaded copy of the repository has no history to take it from.
OLDER_VERSION = ROOT / "tests" / "data" / "older_version.tar.xz"


class UpgradeStage(Stage):
    """The newer version's server, the older one's, and the phones at the address that a proxy would have.

    `here` is the port that the webhooks go to, `beside` any other.
    """

    older: ServerProcess
    here: int
    beside: int

    @property
    def newer(self) -> ServerProcess:
        return self.server

    def serve(self, *, older: str, newer: str) -> None:
        """Restart both, each in its role; the webhooks go to the one that is the web."""
        running = [server for server in (self.older, self.newer) if server.process is not None]
        for server in running:
            server.leave()
        for server in running:
            assert server.ended() == 0, server.log.read_text()[-3000:]
        ports = (self.here, self.beside) if older == "web" else (self.beside, self.here)
        self.older.port, self.newer.port = ports
        self.older.launch(role=older)
        self.newer.launch(role=newer)
        self.older.answering()
        self.newer.answering()

    def migrate(self) -> None:
        """Migrate as an operator would: again, when a table was in use for too long."""

        def done() -> bool:
            try:
                schema.upgrade(self.engine)
            except schema.SchemaBusyError:
                return False
            return True

        self.until(done)

    def witness(self) -> str:
        return f"{super().witness()}\nthe older one: {self.older.log.read_text()[-2000:]}"


@pytest.fixture
def upgrading(empty_url: str, tmp_path: Path) -> Iterator[UpgradeStage]:
    code = tmp_path / "older"
    with tarfile.open(OLDER_VERSION) as archive:
        # Where Python has it; an old 3.11 has not, and trusts our own file as we do.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(code)
    here, beside = free_port(), free_port()
    engine = connect(empty_url)
    with Simulator(simulated(here)) as sim, ForkServer(code) as version:
        settings = environment(tmp_path, empty_url, here, sim)
        its_rules = f"{code / 'rules'}:{ROOT / 'tests' / 'data' / 'quick_rules'}"
        older = ServerProcess(
            {**settings, "CLOSELOOP_RULES": its_rules}, here, tmp_path / "older.log", version
        )
        with older, ServerProcess(settings, beside, tmp_path / "newer.log") as newer:
            stage = UpgradeStage(newer, sim, engine)
            stage.older, stage.here, stage.beside = older, here, beside
            yield stage
    engine.dispose()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_version_of_before_the_newest_migration_works_on_beside_the_new_one(
    upgrading: UpgradeStage,
) -> None:
    stage, older = upgrading, upgrading.older
    older.run("migrate")
    older.run("load", str(older.version.code / "demo" / "company.yaml"))
    was = schema.current(stage.engine)
    assert was != schema.head(), "there is a migration between them"
    older.start()
    stage.sim.text(TANYA, WATER)
    stage.until(lambda: bool(stage.heard(DANA, "Ack by")))
    # The new version migrates under the old one's feet, which goes on; and comes back when it dies.
    stage.migrate()
    stage.sim.text(DANA, "1")
    stage.until(lambda: stage.state() == "acknowledged")
    older.kill()
    older.process = None
    # Texts come in at the old one, the new one does the work; then the other way round.
    stage.serve(older="web", newer="worker")
    stage.step(DANA, "ETA 45", then="en_route")
    stage.step(DANA, "DONE replaced valve", then="resolved")
    stage.serve(older="worker", newer="web")
    stage.step(TANYA, "NO", then="acknowledged")
    stage.until(lambda: bool(stage.heard(DANA, "NOT FIXED")))
    stage.step(DANA, "1", then="acknowledged")
    stage.step(DANA, "DONE tightened the joint", then="resolved")
    stage.step(TANYA, "YES", then="closed")
    heard = "\n".join(stage.sim.phone(TANYA).inbox)
    for words in ("got it", "replaced valve", "open again", "tightened the joint", "closed"):
        assert words in heard
    assert stage.count("SELECT count(*) FROM tickets") == 1
    assert older.stop() == 0
    assert stage.newer.stop() == 0
