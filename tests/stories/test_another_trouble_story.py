"""A customer with an open ticket reports something else: a ticket of its own, linked, one word from a merge."""

from __future__ import annotations

from datetime import timedelta

from app.domain.segments import measure
from tests import promises
from tests.stories.people import DANA, TANYA, WATER
from tests.stories.town import Town

DOOR = "front door wont lock and we close at 10"


def test_another_trade_becomes_a_linked_ticket_that_a_merge_folds_back(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "1")
    place.text(TANYA, "hello??")
    place.text(TANYA, "its reached the registers now")
    place.text(TANYA, "I put a bucket under it, door is open for you")
    place.text(TANYA, "water is pouring through the ceiling now, bring buckets")
    place.text(TANYA, "about 1042: the power is out in the bakery too")  # the sender says which
    place.text(TANYA, "it got into the outlet and the power is out")  # another trade, of the same trouble
    place.text(TANYA, "la maquina de hielo no esta haciendo hielo")  # too vague for trouble of its own
    assert place.kinds().count("customer_wrote") == 7
    place.text(TANYA, DOOR)
    new, old = place.ticket(1043).ticket, place.ticket().ticket
    assert (new.trade, new.priority, new.site) == ("doors_locks_glass", "P1", old.site)
    assert (new.related, old.related) == ((1042,), (1043,))
    page = next(text for text in place.inbox(DANA) if DOOR in text)
    assert "Maybe same as 1042" in page
    assert measure(page).segments <= 2
    assert "Ticket 1043" in place.last(TANYA)

    place.text(TANYA, "the pipe in the ceiling burst, water everywhere")
    assert place.kinds()[-1] == "customer_wrote"
    assert place.ticket(1043).ticket.version == new.version

    place.text(DANA, "MERGE 1043 1042")
    old = place.ticket().ticket
    assert (place.ticket(1043).ticket.state, old.related) == ("merged", ())
    written = place.kinds().count("customer_wrote")
    place.text(TANYA, "about 1043: the cooler in aisle 2 is down too")
    assert place.kinds().count("customer_wrote") == written + 1, (
        "the number of what was folded in is known too"
    )
    promises.check(place.house.engine, place.clock.at)


def test_thanks_with_an_emergency_in_it_open_a_ticket_and_bare_thanks_do_not(place: Town) -> None:
    place.text(TANYA, "gracias, muy amables")
    assert place.inbox(DANA) == []
    place.text(TANYA, "gracias, la puerta quedo abierta de par en par")
    assert (place.ticket().ticket.priority, place.ticket().ticket.trade) == ("P1", "doors_locks_glass")


def test_a_report_of_the_next_day_is_a_new_ticket_and_a_chase_is_not(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "1")
    place.clock.at += timedelta(hours=25)  # what came due meanwhile does not matter here
    place.text(TANYA, "any news?")
    place.text(TANYA, "ok thanks")
    place.text(TANYA, "the mens room toilet is overflowing")
    assert place.ticket(1043).ticket.related == (1042,)
    place.text(TANYA, "roof leaks again over aisle 3")
    assert place.ticket(1043).events[-1].kind == "customer_wrote"
