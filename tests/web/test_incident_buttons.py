"""An incident on the board and on a ticket's page: seen, taken at once, undone."""

from __future__ import annotations

import re

from app.usecases.incidents import one
from tests.stories.people import TANYA
from tests.stories.town import Town
from tests.web.visiting import signed_in


def storm(place: Town, count: int) -> None:
    for number in range(count):
        place.sim.text(TANYA, f"NEW the light in aisle {number} is flickering, store 114")
    place.settle()


def test_an_incident_is_shown_taken_and_undone(place: Town) -> None:
    storm(place, 22)
    desk = signed_in(place)
    board = desk.text("/")
    assert "Incident Pantry Row Markets: 22 tickets came at once, 22 wait for an answer" in board
    assert "Incident Pantry Row Markets: 22 tickets" in desk.text("/tickets/1045")
    assert "told in one page with others" in desk.text("/tickets/1052")
    (address,) = re.findall(r'action="(/incidents/\d+/)ack"', desk.get("/").body.decode())
    assert desk.post(f"{address}ack", "wrong").status == 403
    key = desk.csrf("/")
    assert desk.post(f"{address}ack", key).status == 303
    held = {place.ticket(number).ticket.assignee for number in range(1042, 1064)}
    assert len(held) == 1
    assert held != {""}
    board = desk.text("/")
    assert "22 tickets came at once." in board
    assert "ACK ALL" not in board
    assert desk.post(f"{address}ungroup", key).status == 303
    assert "Incident" not in desk.text("/")
    assert one(place.house, int(address.split("/")[2])) is None
    assert signed_in(place, email="c@x.example").post(f"{address}ungroup", "").status == 403
