"""The whole main job, by text: flooded store, page, answers, closing, and the undoing of it."""

from __future__ import annotations

from tests.stories.people import DANA, PRIYA, TANYA, WATER
from tests.stories.town import Town


def test_a_flooded_store_from_first_text_to_agreed_end(place: Town) -> None:
    place.text(TANYA, WATER)
    page = place.last(DANA)
    assert "P1" in page
    assert "#114" in page
    assert "water coming through ceiling aisle 7" in page
    assert "1042" in page
    receipt = place.last(TANYA)
    assert "1042" in receipt
    assert "Dana Reyes" in receipt

    place.text(DANA, "ACK")
    assert "1042" in place.last(DANA)
    assert "Dana Reyes" in place.last(TANYA)
    place.text(DANA, "ETA 45")
    assert "2:56a" in place.last(TANYA)
    place.text(DANA, "ONSITE")
    assert "on site" in place.last(TANYA)
    place.text(DANA, "DONE replaced valve")
    assert '"replaced valve"' in place.last(TANYA)
    assert "YES" in place.last(TANYA)

    place.text(TANYA, "NO")
    assert place.ticket().ticket.state == "acknowledged"
    assert "1042" in place.last(DANA)
    assert place.ticket().ticket.escalating
    place.text(DANA, "1")
    place.text(DANA, "DONE tightened the joint")
    place.text(TANYA, "YES")
    done = place.ticket().ticket
    assert (done.state, done.confirmed) == ("closed", True)
    assert all(text.startswith("For your information") for text in place.inbox(PRIYA))


def test_silence_goes_to_the_next_level_and_an_ack_stops_it(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=6, seconds=59)
    assert all(text.startswith("For your information") for text in place.inbox(PRIYA))
    place.later(minutes=0, seconds=1)
    assert "1042" in place.last(PRIYA)
    place.text(PRIYA, "1")
    place.later(minutes=19)
    assert any("taken by Priya S." in text for text in place.inbox(DANA))
    assert place.ticket().ticket.assignee == "priya"
    assert not place.ticket().ticket.escalating
