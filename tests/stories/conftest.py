"""Stories share one rulebook: the default one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook, load
from tests import promises
from tests.stories.town import ROOT, Town, town


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load(ROOT / "rules")


@pytest.fixture
def place(engine: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(engine, rulebook) as built:
        yield built
        promises.check(engine, built.clock.now())
