"""Use cases on a real database with the demo's company and the default rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from desk_world import MONDAY, World
from sqlalchemy import make_url

from app.rulebook.revision import Rulebook
from app.store import records
from app.store.engine import connect
from tests.nodes import load_company


@pytest.fixture
def senders() -> Iterator[Executor]:
    """The threads by which a node sends."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture(scope="session")
def monday(
    copied: Callable[[str], AbstractContextManager[str]], template: str, rulebook: Rulebook
) -> Iterator[str]:
    """The name of a database in which a world begins."""
    with copied(template) as url:
        engine = connect(url)
        load_company(engine, MONDAY)
        with engine.begin() as connection:
            records.keep_revision(connection, rulebook.hash, rulebook.document, MONDAY)
        engine.dispose()
        yield str(make_url(url).database)


@pytest.fixture
def world(
    copied: Callable[[str], AbstractContextManager[str]], monday: str, rulebook: Rulebook
) -> Iterator[World]:
    with copied(monday) as url:
        engine = connect(url)
        yield World(engine, rulebook)
        engine.dispose()
