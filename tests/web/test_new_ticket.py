"""A ticket typed in at a page, and one merged into another by a button."""

from __future__ import annotations

from tests import promises
from tests.stories.people import TANYA
from tests.stories.town import Town
from tests.web.visiting import Visit, event_count, signed_in


def _site(visit: Visit) -> str:
    page = visit.get("/tickets/new?q=114").body.decode()
    return page.split("/tickets/new?site=")[1].split('"')[0]


def test_a_call_of_ten_minutes_ago_is_typed_in_with_its_reason(place: Town) -> None:
    visit = signed_in(place, person="dana")
    site = _site(visit)
    form = visit.csrf(f"/tickets/new?site={site}")
    fields = {"site": site, "text": "water in aisle 3", "contact_at": "2026-06-09T02:01"}
    before = event_count(place)
    for wrong in ({}, {"contact_at": "2026-06-09T03:00"}, {"contact_at": "2026-05-09T02:01", "reason": "x"}):
        assert visit.post("/tickets/new", form, **{**fields, **wrong}).status == 422
    assert visit.post("/tickets/new", "wrong", **fields, reason="phone call").status == 403
    assert event_count(place) == before
    answer = visit.post("/tickets/new", form, **fields, reason="phone call", priority="P2", mine="1")
    assert answer.status == 303
    place.settle()
    ticket = place.ticket().ticket
    assert (ticket.priority, ticket.assignee) == ("P2", "dana")
    assert (place.clock.at - ticket.opened_at).total_seconds() == 600
    words = visit.text("/tickets/1042")
    assert "typed in later: phone call" in words
    assert "recorded 2:11a" in words
    promises.check(place.house.engine, place.clock.at)


def test_a_button_merges(flooded: Town) -> None:
    flooded.text(TANYA, "NEW the freezer is warm, store 114")
    visit = signed_in(flooded, person="dana")
    form = visit.csrf("/tickets/1043")
    for wrong in ("1043", "9999", "x"):
        refused = visit.post("/tickets/1043/merge", form, number=wrong)
        assert visit.notice(refused).startswith("Nothing merged")
    assert visit.notice(visit.post("/tickets/1043/merge", form, number="1042")).startswith("Merged")
    assert flooded.ticket(1043).ticket.state == "merged"
    assert flooded.ticket().ticket.also == ()
    flooded.settle()
    promises.check(flooded.house.engine, flooded.clock.at)
