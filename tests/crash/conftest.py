"""The stage of the tests of crashes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from simulator.running import Simulator
from tests.crash.server_process import ServerProcess, free_port
from tests.crash.staging import Stage, environment, load_company, simulated


@pytest.fixture
def stage(engine: Engine, database_url: str, tmp_path: Path) -> Iterator[Stage]:
    """A company on a database, its phones, and a server that is not started yet."""
    load_company(engine)
    port = free_port()
    with Simulator(simulated(port)) as sim:
        settings = environment(tmp_path, database_url, port, sim)
        server = ServerProcess(settings, port, tmp_path / "server.log")
        with server:
            yield Stage(server, sim, engine)
