"""A customer whose second message is worse than the first: danger, told on the phones."""

from __future__ import annotations

from tests.stories.people import CALVIN, DANA, NOOR, RUTH, TANYA
from tests.stories.town import Town

SMALL = "pothole in the lot by cart return getting bigger, store 114"


def test_smoke_on_a_small_ticket_that_somebody_has(place: Town) -> None:
    place.text(TANYA, SMALL)
    assert place.ticket().ticket.priority == "P3"
    place.text(DANA, "1")
    place.text(TANYA, "ok thanks")
    place.text(TANYA, "hello?")
    assert place.ticket().ticket.priority == "P3"
    place.later(minutes=20)
    place.text(TANYA, "smoke coming out the ceiling vent over checkout")
    ticket = place.ticket().ticket
    assert (ticket.priority, ticket.life_safety, ticket.ladder) == ("P1", True, "life_safety")
    assert "911" in place.last(TANYA)
    assert place.last(DANA).startswith("WORSE 1042 P1")
    assert "smoke coming out" in place.last(DANA)
    place.later(minutes=6)
    assert place.kinds().count("level_reached") == 4
    assert any("smoke coming out" in place.last(phone) for phone in (RUTH, CALVIN, NOOR))
    place.text(DANA, "1")
    told = len([text for text in place.inbox(TANYA) if "911" in text])
    place.text(TANYA, "the smoke is getting thicker")
    assert len([text for text in place.inbox(TANYA) if "911" in text]) == told
    assert "thicker" in place.last(DANA)
    place.later(minutes=10)
    assert place.kinds().count("level_reached") == 4


def test_danger_in_the_no_to_the_closing_question(place: Town) -> None:
    place.text(TANYA, SMALL)
    place.text(DANA, "DONE filled it")
    place.text(TANYA, "NO, and now it smells like gas at the door")
    ticket = place.ticket().ticket
    assert (ticket.state, ticket.life_safety) == ("acknowledged", True)
    assert any("911" in text for text in place.inbox(TANYA)[-2:])
    assert place.kinds()[-2:] == ["asked_anew", "level_reached"]


def test_a_flood_on_a_small_ticket_that_nobody_has_yet(place: Town) -> None:
    place.text(TANYA, SMALL)
    assert place.ticket().ticket.ladder == "routine"
    place.text(TANYA, "water is pouring through the ceiling now")
    ticket = place.ticket().ticket
    assert (ticket.priority, ticket.ladder, ticket.life_safety) == ("P1", "night_urgent", False)
    assert any(text.startswith("WORSE 1042 P1") for text in place.inbox(DANA))
