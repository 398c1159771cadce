"""The pages are tested in a town: the real server over HTTP, with real tickets in a real database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.rulebook.revision import Rulebook
from tests.stories.nights import Night, Nights
from tests.stories.people import DANA
from tests.stories.town import Town, town


def _forty_minutes(place: Town) -> None:
    place.later(minutes=40)
    place.text(DANA, "ACK")


@pytest.fixture(scope="session")
def late_night(nights: Nights, flood: Night) -> Iterator[Night]:
    """Ticket 1042 was acknowledged after forty minutes."""
    with nights.lived(flood, _forty_minutes) as night:
        yield night


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built


@pytest.fixture
def late(nights: Nights, late_night: Night) -> Iterator[Town]:
    """A town in which ticket 1042 was acknowledged late."""
    with nights.after(late_night) as built:
        yield built
