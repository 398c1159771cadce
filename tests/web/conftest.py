"""The pages are tested in a town: the real server over HTTP, with real tickets in a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook
from tests.stories.people import TANYA, WATER
from tests.stories.town import Town, town


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built


@pytest.fixture
def flooded(place: Town) -> Town:
    """A town with ticket 1042: store 114 is under water, Dana was paged."""
    place.text(TANYA, WATER)
    return place
