"""Where it is measured: a PostgreSQL of its own that really syncs, databases with the company in them, a
simulator, servers. Everything lies in one temporary folder and is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from app.store.embedded import DATABASE, EmbeddedPostgres
from bench import company
from bench.company import ROOT
from bench.load import ACCOUNT, NUMBER, TOKEN
from bench.processes import Process, children_of, free_port
from simulator.client import Client

_numbers = count(1)


@dataclass(slots=True)
class Place:
    """What all measurements share. `managers` are the phones that pages go to."""

    home: Path
    postgres: EmbeddedPostgres
    managers: tuple[str, ...]

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make a fresh migrated database with the company in it; yield its URL for SQLAlchemy."""
        name = f"measured_{next(_numbers)}"
        with psycopg.connect(plain(self.postgres.url_of("postgres")), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {DATABASE}")
            yield self.postgres.url_of(name)
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def phones(self, server_port: int) -> Iterator[tuple[Process, Client]]:
        """Run the simulator in a process of its own, for a server on that port."""
        port = free_port()
        arguments = [
            "simulator",
            f"--port={port}",
            f"--app-url=http://127.0.0.1:{server_port}",
            f"--account-sid={ACCOUNT}",
            f"--auth-token={TOKEN}",
            f"--numbers={NUMBER}",
        ]
        with (
            Process(arguments, port, {}, self.home / "simulator.log") as process,
            Client(process.url) as client,
        ):
            yield process, client

    def server(self, database: str, port: int, phones: str = "http://127.0.0.1:1", **more: str) -> Process:
        """Return a `closeloop serve` that is not started yet; `more` are further settings."""
        arguments = ["app", "serve", f"--port={port}"]
        return Process(
            arguments, port, self.environment(database, port, phones, **more), self.home / "server.log"
        )

    def environment(self, database: str, port: int, phones: str, **more: str) -> dict[str, str]:
        """Return the settings of a server as environment variables."""
        settings = {
            "home": str(self.home),
            "database_url": database,
            "public_url": f"http://127.0.0.1:{port}",
            "rules": os.pathsep.join((str(ROOT / "rules"), str(ROOT / "bench" / "rules"))),
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_from": NUMBER,
            "twilio_api_base": phones,
            "sendgrid_api_key": "SG.simulated.key",
            "sendgrid_api_base": phones,
            "mail_from": "help@help.tidewell.example",
            "mail_domain": "help.tidewell.example",
            "secret": "measured" * 4,
            "log_level": "warning",
            **more,
        }
        return {f"CLOSELOOP_{name.upper()}": value for name, value in settings.items()}

    def postgres_processes(self) -> list[int]:
        """Return the process ids of the database server."""
        with suppress(OSError, ValueError, IndexError):
            return children_of(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]))
        return []


def plain(url: str) -> str:
    """Return an SQLAlchemy address as psycopg takes it."""
    return url.replace("postgresql+psycopg", "postgresql")


@contextmanager
def place() -> Iterator[Place]:
    """Set everything up as a user would: `closeloop migrate`, `closeloop load`."""
    home = Path(tempfile.mkdtemp(prefix="closeloop-bench-"))
    try:
        managers = company.write(home / "company.yaml")
        with EmbeddedPostgres.start(home) as postgres:
            made = Place(home, postgres, managers)
            environment = {**os.environ, **made.environment(postgres.url, 1, "http://127.0.0.1:1")}
            for arguments in (["migrate"], ["load", str(home / "company.yaml")]):
                subprocess.run(
                    [sys.executable, "-m", "app", *arguments],
                    env=environment,
                    cwd=ROOT,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
            yield made
    finally:
        shutil.rmtree(home, ignore_errors=True)
