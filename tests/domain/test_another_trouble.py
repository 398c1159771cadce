"""Which open ticket a report is about, by its trade, its place and the age of the ticket."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.another_trouble import LASTS, continues, place_of_report
from app.domain.ticket import Ticket
from tests.building import NIGHT as NOW
from tests.building import Case

ALIKE = (frozenset({"plumbing", "roofing"}),)
MINUTE = timedelta(minutes=1)


def ticket(number: int, trade: str, *, site: str = "s1", age: timedelta = MINUTE) -> Ticket:
    case = Case()
    assert case.ticket is not None
    return replace(case.ticket, id=number, number=number, trade=trade, site=site, opened_at=NOW - age)


def numbers(tickets: list[Ticket], trade: str, site: str = "") -> tuple[int, int]:
    about, maybe = place_of_report(tickets, trade=trade, site=site, alike=ALIKE, now=NOW)
    return (about.number if about else 0, maybe.number if maybe else 0)


@pytest.mark.parametrize(
    ("open_trade", "said", "answer"),
    [
        ("plumbing", "plumbing", (1, 0)),
        ("plumbing", "roofing", (1, 0)),
        ("plumbing", "electrical", (0, 1)),
        ("plumbing", "", (1, 0)),
        ("plumbing", "other", (1, 0)),
        ("other", "hvac", (1, 0)),
        ("", "hvac", (1, 0)),
    ],
)
def test_by_trade(open_trade: str, said: str, answer: tuple[int, int]) -> None:
    assert numbers([ticket(1, open_trade)], said) == answer


def test_an_older_ticket_of_that_trade_comes_before_the_newest() -> None:
    assert numbers([ticket(2, "hvac"), ticket(1, "pest")], "pest") == (1, 0)


def test_another_trade_is_linked_to_the_newest() -> None:
    assert numbers([ticket(2, "hvac"), ticket(1, "pest")], "elevators") == (0, 2)


def test_after_a_day_the_same_trade_may_be_another_trouble() -> None:
    assert numbers([ticket(1, "pest", age=LASTS - MINUTE)], "pest") == (1, 0)
    assert numbers([ticket(1, "pest", age=LASTS)], "pest") == (0, 1)
    assert numbers([ticket(1, "pest", age=LASTS)], "") == (1, 0)


def test_another_site_has_nothing_to_do_with_it() -> None:
    assert numbers([ticket(1, "pest", site="s2")], "pest", "s1") == (0, 0)
    assert numbers([ticket(1, "hvac", site="")], "pest", "s1") == (0, 1)


def test_a_word_for_what_was_told_before_goes_on_about_that() -> None:
    for text in (
        "it reaches the freezer now",
        "And it's in aisle 8",
        "'they keep falling",
        "eso llega a la nevera",
        "I put a bucket under it, door is open for you",
        "ok we shut it off and locked the door",
        "we moved the racks away from it. back door is open",
        "le puse una cubeta, la puerta esta abierta",
        "on a mis un seau dessous, la porte est ouverte",
    ):
        assert continues(text), text
    for text in (
        "the freezer is down",
        "item 7 broke",
        "also the lights",
        "this is Ann, no power",
        "we have rats, saw them twice",
        "",
    ):
        assert not continues(text), text
