"""A customer calls, and a colleague types the ticket in by text."""

from __future__ import annotations

from datetime import UTC, datetime

from tests import promises
from tests.stories.people import DANA, TANYA
from tests.stories.town import Town


def test_a_call_typed_in_by_text_counts_from_the_call(place: Town) -> None:
    place.later(minutes=14)
    place.text(DANA, "NEW 114 at 2:10a: water in aisle 3")
    view = place.ticket()
    ticket = view.ticket
    assert ticket.site.endswith("114")
    assert ticket.text == "water in aisle 3"
    assert (ticket.requester.address, ticket.requester.contact) == (DANA, "")
    called = datetime(2026, 6, 9, 6, 10, tzinfo=UTC)
    assert ticket.opened_at == called
    opened = view.events[0]
    assert (opened.at, opened.recorded_at, opened.actor) == (called, place.clock.at, "person:dana")
    assert opened.backdated_reason == "typed in by text"  # type: ignore[union-attr]
    with place.house.begin() as connection:
        noted = connection.exec_driver_sql("SELECT subject, detail FROM audit WHERE kind = 'backdated'").all()
    assert [(row[0], row[1]["reason"]) for row in noted] == [("1042", "typed in by text")]
    assert ticket.escalating
    assert not place.inbox(TANYA)
    promises.check(place.house.engine, place.clock.at)


def test_whoever_types_it_in_may_take_it_in_the_same_breath(place: Town) -> None:
    place.text(DANA, "NEW 114 water in aisle 3 MINE")
    ticket = place.ticket().ticket
    assert (ticket.assignee, ticket.state, ticket.text) == ("dana", "acknowledged", "water in aisle 3")
    assert not ticket.escalating
    promises.check(place.house.engine, place.clock.at)
