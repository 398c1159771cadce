"""A customer calls, and a colleague types the ticket in by text."""

from __future__ import annotations

from datetime import UTC, datetime

from tests import promises
from tests.stories.people import DANA, PRIYA, TANYA
from tests.stories.test_sla_audit_story import sla
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
    assert opened.backdated_reason == "typed in by text"
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


def test_whoever_reported_it_hears_the_news_and_answers_for_the_customer(place: Town) -> None:
    place.later(minutes=14)
    place.text(DANA, "NEW 114 at 2:10a: water in aisle 3")
    place.text(PRIYA, "ACK 1042")
    place.text(PRIYA, "ETA 1042 45")
    assert "1042" in place.last(DANA)
    place.text(PRIYA, "DONE 1042 replaced the valve")
    assert "replaced the valve" in place.last(DANA)
    place.text(DANA, "NO")
    assert place.ticket().ticket.state == "acknowledged"
    place.text(PRIYA, "DONE 1042 replaced the pipe")
    place.text(DANA, "YES")
    assert place.ticket().ticket.confirmed
    promises.check(place.house.engine, place.clock.at)
    assert sla(place, "verify").stdout.endswith("no difference.\n")


def test_a_site_that_nobody_knows_is_the_customers_way_in(place: Town) -> None:
    place.text(DANA, "NEW water in aisle 3")
    assert place.ticket().ticket.account == ""
    assert place.ticket().ticket.text == "water in aisle 3"
