"""What every test has: no way out of this machine, and a migrated PostgreSQL database of its own if it asks.

The server starts with the first test that asks for a database; tests of pure code never pay for it.
"""

from __future__ import annotations

import ipaddress
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from app.store import records, schema
from app.store.embedded import DATABASE, EmbeddedPostgres
from app.store.engine import connect

if TYPE_CHECKING:
    from app.rulebook.revision import Rulebook
    from tests.stories.nights import Night, Nights
    from tests.stories.town import Town

ROOT = Path(__file__).parents[1]
FIRST_SEEN = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each runner begin with long tests, so that none is left with one when the others are done.

    xdist's `worksteal` gives each an equal share in this order, and later the end of another's.
    """
    runners = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    left = len(items)
    items.clear()
    for runner in range(runners):
        share = left // (runners - runner)
        left -= share
        first = long[runner::runners]
        others = max(0, share - len(first))
        items += [*first, *rest[:others]]
        rest = rest[others:]
    items += rest


class NetworkBlockedError(Exception):
    """A test tried to leave this machine."""


def _inside(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a unix socket's path
    if address[0] == "localhost":
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse each connection to anything but loopback and unix sockets (libpq has its own and is not seen)."""

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: object) -> Any:
            if not _inside(address):
                raise NetworkBlockedError(f"tests stay on this machine; this one wanted {address!r}")
            return real(self, address)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
        patch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The test run's own PostgreSQL server, without fsync."""
    # Not below pytest's own temporary folder: a second run of pytest takes the traverse bit from that.
    home = Path(tempfile.mkdtemp(prefix="closeloop-tests-"))
    try:
        with EmbeddedPostgres.start(home, fast=True) as server:
            yield server
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def copied(postgres: EmbeddedPostgres) -> Iterator[Callable[[str], AbstractContextManager[str]]]:
    """A function that copies a database of the server, gives the copy's URL, and drops it at the end."""
    url = postgres.url_of("postgres").replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as admin:

        @contextmanager
        def copy(template: str) -> Iterator[str]:
            name = f"test_{next(_numbers)}"
            # Copying files is twice as fast as the default here: without fsync its checkpoints cost nothing.
            _once_it_is_free(admin, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
            try:
                yield postgres.url_of(name)
            finally:
                _once_it_is_free(admin, f"DROP DATABASE {name} WITH (FORCE)")

        yield copy


def _once_it_is_free(admin: psycopg.Connection, statement: str) -> None:
    """Do it when the last connections to a database are gone; PostgreSQL itself waits five seconds for them."""
    for _ in range(20):
        with suppress(psycopg.errors.ObjectInUse):
            admin.execute(statement)
            return
    admin.execute(statement)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a database that was migrated as a user's is, by Alembic."""
    engine = connect(postgres.url)
    schema.upgrade(engine)
    engine.dispose()
    return DATABASE


@pytest.fixture
def empty_url(copied: Callable[[str], AbstractContextManager[str]]) -> Iterator[str]:
    """The URL of an empty database."""
    with copied("template1") as url:
        yield url


@pytest.fixture
def database_url(copied: Callable[[str], AbstractContextManager[str]], template: str) -> Iterator[str]:
    """The URL of a migrated database without a row."""
    with copied(template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database without a row."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    """The default rulebook, which nobody changes."""
    from app.rulebook.revision import load

    return load(ROOT / "rules")


@pytest.fixture(scope="session")
def company_template(
    copied: Callable[[str], AbstractContextManager[str]], template: str, rulebook: Rulebook
) -> Iterator[str]:
    """The name of a migrated database that knows the demo's company, and has seen the default rulebook."""
    from tests.nodes import load_company

    yield from _moved_in(copied, template, load_company, rulebook)


@pytest.fixture(scope="session")
def town_template(
    copied: Callable[[str], AbstractContextManager[str]], template: str, rulebook: Rulebook
) -> Iterator[str]:
    """The name of a migrated database that knows the demo's company as stories have it, and the rulebook."""
    from tests.stories.town import move_in

    yield from _moved_in(copied, template, move_in, rulebook)


def _moved_in(
    copied: Callable[[str], AbstractContextManager[str]],
    template: str,
    move_in: Callable[[Engine], None],
    rulebook: Rulebook,
) -> Iterator[str]:
    with copied(template) as url:
        engine = connect(url)
        move_in(engine)
        with engine.begin() as connection:  # most of a megabyte, which each story would bring anew
            records.keep_revision(connection, rulebook.hash, rulebook.document, FIRST_SEEN)
        engine.dispose()
        yield str(make_url(url).database)


@pytest.fixture
def company(copied: Callable[[str], AbstractContextManager[str]], company_template: str) -> Iterator[Engine]:
    """An engine on a database that knows the demo's company."""
    with copied(company_template) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


@pytest.fixture
def townsfolk(copied: Callable[[str], AbstractContextManager[str]], town_template: str) -> Iterator[Engine]:
    """An engine on a database that knows the demo's company as stories have it."""
    with copied(town_template) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def nights(
    copied: Callable[[str], AbstractContextManager[str]],
    rulebook: Rulebook,
    tmp_path_factory: pytest.TempPathFactory,
) -> Nights:
    """What lets a town go on from how another was left."""
    from tests.stories.nights import Nights

    return Nights(copied, rulebook, tmp_path_factory.mktemp("phones"))


@pytest.fixture(scope="session")
def calm(town_template: str, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Nothing has happened yet."""
    from tests.stories.nights import Night
    from tests.stories.town import NIGHT

    return Night(town_template, tmp_path_factory.mktemp("calm") / "phones", NIGHT)


@pytest.fixture(scope="session")
def flood(nights: Nights, calm: Night) -> Iterator[Night]:
    """Ticket 1042: store 114 is under water, Dana was paged."""
    from tests.stories.people import TANYA, WATER

    with nights.lived(calm, lambda place: place.text(TANYA, WATER)) as night:
        yield night


@pytest.fixture
def flooded(nights: Nights, flood: Night) -> Iterator[Town]:
    """A town with ticket 1042."""
    with nights.after(flood) as built:
        yield built


@pytest.fixture(scope="session")
def chromium() -> str | None:
    """The path of this machine's Chromium, for Playwright's `executable_path`; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)
