"""A priority that is changed by hand: who is asked next, when, and what the ticket's page says about it."""

from __future__ import annotations

from datetime import timedelta

from tests.stories.people import DANA, TANYA
from tests.stories.town import Town
from tests.web.visiting import signed_in

HOUR = timedelta(hours=1)


def test_a_priority_set_by_hand_brings_its_ladder(place: Town) -> None:
    place.text(TANYA, "store 114 the light over the back door flickers, whenever you have time")
    ticket = place.ticket().ticket
    assert (ticket.priority, ticket.ladder) in {("P3", "routine"), ("P4", "routine")}
    assert ticket.escalation.next_at == place.clock.at + 4 * HOUR
    place.later(minutes=30)
    visit = signed_in(place)
    assert visit.do("priority", priority="P1").status == 303
    place.settle()
    raised = place.ticket().ticket
    assert (raised.priority, raised.ladder) == ("P1", "night_urgent")
    assert raised.escalation.asked == ("dana",)
    assert "P1" in place.last(DANA), "she is asked anew, as for a P1"
    place.later(minutes=7)
    both = place.ticket().ticket.escalation
    assert (both.level, len(both.asked)) == (2, 2), "by the ladder of a P1, and not after four hours"
    page = visit.text("/tickets/1042")
    assert f"Priority {ticket.priority} became P1, ladder night_urgent from the next level on" in page
    assert f"rules {raised.revision[:7]}" in page

    # Back again: what was asked stays asked, and the next level comes by the slower ladder.
    assert visit.do("priority", priority="P3").status == 303
    place.settle()
    lowered = place.ticket().ticket
    assert (lowered.ladder, lowered.escalation.next_at) == ("routine", place.clock.at + timedelta(minutes=10))
    place.later(minutes=10)
    slower = place.ticket().ticket.escalation
    assert (slower.level, slower.next_at) == (3, place.clock.at + 8 * HOUR)
