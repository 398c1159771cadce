"""Use cases on a real database with the demo's company and the default rules."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from desk_world import World
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook


@pytest.fixture
def senders() -> Iterator[Executor]:
    """The threads by which a node sends."""
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def world(engine: Engine, rulebook: Rulebook) -> World:
    return World(engine, rulebook)
