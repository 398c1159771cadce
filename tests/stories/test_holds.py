"""Waiting for parts: which clocks stop, and how the wait ends, also while the server is down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.usecases.house import House
from tests import promises
from tests.stories.people import DANA, TANYA, WATER
from tests.stories.test_sla_audit_story import sla
from tests.stories.town import Town


@pytest.fixture
def held(place: Town) -> Town:
    """Ticket 1042 is Dana's."""
    place.text(TANYA, WATER)
    place.text(DANA, "ACK")
    return place


def restart(place: Town) -> None:
    old = place.house
    place.house = House(
        engine=old.engine, clock=old.clock, ids=old.ids, rulebook=old.rulebook, identity=old.identity
    )


@pytest.mark.parametrize(
    ("words", "clocks"),
    [("HOLD parts 2d", "resolve"), ("HOLD no access", "arrive, resolve"), ("HOLD lunch", "none")],
)
def test_the_answer_tells_which_clocks_stop(held: Town, words: str, clocks: str) -> None:
    held.text(DANA, words)
    assert f"Clocks stopped: {clocks}." in held.last(DANA)
    paused = sorted(m for m, report in held.ticket().reports.items() if report.state == "paused")
    assert ", ".join(paused) == clocks.replace("none", "")


def test_a_hold_ends_by_itself_after_a_restart_and_says_so(held: Town) -> None:
    held.text(DANA, "HOLD parts 2d")
    began = held.clock.at
    held.later(days=1)
    restart(held)
    held.clock.at = began + timedelta(days=3)  # nobody looked when it was over
    held.settle()
    assert any("the hold is over" in text for text in held.inbox(DANA))
    released = next(e for e in held.ticket().events if e.kind == "released")
    assert released.at == began + timedelta(days=2)
    assert released.recorded_at == held.clock.at
    promises.check(held.house.engine, held.clock.at)
    assert sla(held, "verify").stdout.endswith("no difference.\n")


def test_one_hold_replaces_another_and_work_is_released_once(held: Town) -> None:
    held.text(DANA, "HOLD parts 2d")
    held.later(hours=1)
    held.text(DANA, "HOLD no access 1h")
    assert held.kinds()[-2:] == ["released", "held"]
    held.later(minutes=30)
    held.text(DANA, "RELEASE")
    held.text(DANA, "RELEASE")
    assert held.kinds().count("released") == 2
    held.text(DANA, "DONE new valve")
    before = held.kinds()
    held.text(DANA, "HOLD 1042 parts")
    assert held.kinds() == before
    held.later(hours=1)
    held.text(TANYA, "YES")
    promises.check(held.house.engine, held.clock.at)
    assert sla(held, "verify").stdout.endswith("no difference.\n")
