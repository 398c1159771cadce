"""Phones and a clock: a ticket is handed to a colleague, and a holder falls asleep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine

from app.rulebook.revision import load
from tests import promises
from tests.stories.people import DANA, LUIS, PRIYA, TANYA
from tests.stories.town import ROOT, Town, town

URGENT = {
    "ack_holds": "30m",
    "levels": [
        {"notify": ["account_manager"], "after": "0m"},
        {"notify": ["person:luis", "service_manager"], "after": "7m", "one_by_one": "3m"},
        {"notify": ["duty_manager"], "after": "10m"},
    ],
    "repeat": 3,
}


@pytest.fixture
def place(townsfolk: Engine, tmp_path: Path) -> Iterator[Town]:
    ladders = yaml.safe_load((ROOT / "rules" / "escalation.yaml").read_text("utf-8"))
    ladders["ladders"]["night_urgent"] = URGENT
    (tmp_path / "escalation.yaml").write_text(yaml.safe_dump(ladders), "utf-8")
    with town(townsfolk, load(ROOT / "rules", tmp_path)) as built:
        yield built


def test_hand_it_over_fall_asleep_and_wake_the_next(place: Town) -> None:
    place.text(TANYA, "water is coming through the ceiling, whole floor is flooded")
    place.text(DANA, "1")
    place.text(DANA, "PASS luis")
    assert "Luis M. is asked to take 1042" in place.last(DANA)
    assert place.last(LUIS).startswith("Take 1042 for Dana R.? P1 Pantry Row")
    place.text(LUIS, "2")
    assert place.last(LUIS).startswith("OK: Dana R. keeps 1042")
    assert "Luis M. did not take 1042" in place.last(DANA)
    assert place.ticket().ticket.assignee == "dana"
    place.text(DANA, "pass to Luis")
    place.text(LUIS, "1")
    assert place.ticket().ticket.assignee == "luis"
    assert "taken by Luis M." in place.last(DANA)

    place.later(minutes=31)
    assert place.last(LUIS).startswith("STILL YOURS? 1042 P1")
    place.later(minutes=11)
    assert "no word from you" in place.last(LUIS)
    assert place.ticket().ticket.escalation.next_at is not None
    # The ladder goes on where it was: behind the account manager comes Luis, who is silent, so Priya.
    assert "1042" in place.last(PRIYA)
    place.text(PRIYA, "1")
    assert place.ticket().ticket.assignee == "priya"
    place.text(PRIYA, "ETA 45")
    place.later(hours=2)
    assert place.kinds().count("holder_asked") == 1
    promises.check(place.house.engine, place.clock.now())


def _paged(place: Town, phone: str) -> bool:
    return any("reply 1" in text for text in place.inbox(phone))


def test_one_by_one_until_somebody_answers(place: Town) -> None:
    place.text(TANYA, "water is coming through the ceiling, whole floor is flooded")
    place.later(minutes=7)
    assert (_paged(place, LUIS), _paged(place, PRIYA)) == (True, False)
    place.later(minutes=3)
    assert _paged(place, PRIYA)
    place.text(LUIS, "1")
    assert place.ticket().ticket.assignee == "luis"
    reached = [event for event in place.ticket().events if event.kind == "level_reached"]
    assert {event.directory for event in reached} == {1}
    promises.check(place.house.engine, place.clock.now())
