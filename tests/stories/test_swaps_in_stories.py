"""Phones and a clock: a turn is offered, taken, refused, taken back, or nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from app.domain.roster import Scope
from app.rulebook.revision import Rulebook
from app.usecases.swaps import answer_swap, expire_swaps, offer_swap
from tests import promises
from tests.stories.people import CALVIN, NOOR
from tests.stories.town import Town, town


@pytest.fixture
def place(townsfolk: Engine, rulebook: Rulebook) -> Iterator[Town]:
    with town(townsfolk, rulebook) as built:
        yield built


def on_duty(place: Town) -> tuple[str, ...]:
    with place.house.begin() as connection:
        return place.house.roster(connection).who(["duty_manager"], Scope(), place.clock.now())


def who_in(place: Town, start: datetime, end: datetime) -> list[tuple[str, ...]]:
    with place.house.begin() as connection:
        course = place.house.roster(connection).course(["duty_manager"], Scope(), start, end)
    return [shift.people for shift in course]


def test_offered_taken_and_taken_back_by_text(place: Town) -> None:
    assert on_duty(place) == ("noor",)
    place.text(NOOR, "swap calvin today")
    assert place.last(CALVIN).startswith("Noor H. asks you to be on call for duty ")
    assert "Reply SWAP OK or SWAP NO" in place.last(CALVIN)
    assert place.last(NOOR).startswith("Calvin P. is asked to take duty")
    place.text(CALVIN, "SWAP NO")
    assert "cannot take duty" in place.last(NOOR)
    assert on_duty(place) == ("noor",)

    place.text(NOOR, "swap calvin today")
    place.text(CALVIN, "swap ok")
    assert place.last(NOOR).startswith("Calvin P. takes duty")
    assert place.last(CALVIN).startswith("Thank you. You are on call instead of Noor H.: duty")
    assert on_duty(place) == ("calvin",)
    place.text(CALVIN, "swap ok")
    assert "there is no open offer to you" in place.last(CALVIN)

    # Taken back the same way.
    place.text(CALVIN, "SWAP noor")
    place.text(NOOR, "SWAP OK")
    assert on_duty(place) == ("noor",)

    # A day is given back as it was given, though midnight is not the same instant for both.
    day = place.clock.at.replace(hour=0) + timedelta(days=3)
    place.text(NOOR, "swap calvin 6/12")
    place.text(CALVIN, "swap ok")
    assert who_in(place, day, day + timedelta(days=2)) == [("noor",), ("calvin",), ("noor",)]
    place.text(CALVIN, "swap noor 6/12 1p-3p")
    place.text(NOOR, "swap ok")
    assert who_in(place, day, day + timedelta(days=2)) == [("noor",), ("calvin",)] * 2 + [("noor",)], (
        "hours only"
    )
    place.text(CALVIN, "swap noor 6/12")
    place.text(NOOR, "swap ok")
    assert who_in(place, day, day + timedelta(days=2)) == [("noor",)]

    place.text(NOOR, "swap calvin")
    place.later(hours=25)
    assert expire_swaps(place.house) == 1
    place.settle()
    assert place.last(NOOR).startswith("The swap is off. Noor H. keeps duty")
    assert place.last(CALVIN).startswith("The swap is off.")
    place.text(CALVIN, "swap noor thu")
    assert place.last(CALVIN).startswith("No swap: you are not on call then.")

    # An offer ends with the turn that it is about.
    place.text(NOOR, f"swap calvin {place.clock.at.astimezone(ZoneInfo('America/Denver')):%a} 1:11a-1:16a")
    assert place.last(CALVIN).endswith("Reply SWAP OK or SWAP NO by 2:16a.")
    place.later(minutes=6)
    place.text(CALVIN, "swap ok")
    assert "there is no open offer to you" in place.last(CALVIN)

    # From the desk.
    house, now = place.house, place.clock.now()
    assert offer_swap(house, "calvin", "noor", now, now + timedelta(hours=2), by="user:x") == (
        "you are not on call then"
    )
    assert offer_swap(house, "noor", "calvin", now, now + timedelta(hours=2), by="user:x") == ""
    assert answer_swap(house, "calvin", yes=True, by="user:x") == ""
    assert on_duty(place) == ("calvin",)
    place.clock.at += timedelta(hours=2)
    assert on_duty(place) == ("noor",)
    place.settle()
    promises.check(place.house.engine, place.clock.now())
