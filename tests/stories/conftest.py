"""Stories share one rulebook: the default one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook
from tests import promises
from tests.stories.town import Town, town


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built
        promises.check(townsfolk, built.clock.now())
