"""The whole main job, by text: flooded store, page, answers, closing, and the undoing of it."""

from __future__ import annotations

from tests.stories.town import Town

TANYA = "+16175550114"  # store manager of store 114
DANA = "+16175550101"  # account manager
PRIYA = "+16175550103"  # service manager
WATER = "water coming through ceiling aisle 7, store 114"


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
    assert "Dana Reyes" in place.last(TANYA)
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
    assert place.inbox(PRIYA) == []


def test_silence_goes_to_the_next_level_and_an_ack_stops_it(place: Town) -> None:
    place.text(TANYA, WATER)
    place.later(minutes=6, seconds=59)
    assert place.inbox(PRIYA) == []
    place.later(minutes=3, seconds=1)
    assert "1042" in place.last(PRIYA)
    place.text(PRIYA, "1")
    before = len(place.inbox(DANA))
    place.later(hours=1)
    assert "Priya" in place.inbox(DANA)[-1] or before
    assert place.ticket().ticket.assignee == "priya"
    assert not place.ticket().ticket.escalating
