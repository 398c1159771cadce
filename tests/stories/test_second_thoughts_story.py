"""Second thoughts on the phones: a yes with a but, a holder who leaves, a never mind, an arrival that is void."""

from __future__ import annotations

from tests.stories.people import DANA, LUCIA, PRIYA, TANYA, WATER
from tests.stories.test_hard_cases import DANAS_ENTRY, LUIS, tickets
from tests.stories.town import Town

DANA_LEAVES = (
    (DANAS_ENTRY, ""),
    ('    - "+16175550101"  # Dana Reyes\n', ""),
    ("    - dana.reyes@tidewell.example\n", ""),
    ("manager: dana", "manager: luis"),
    ("backup: luis", "backup: farah"),
    ("backup: dana", "backup: farah"),
)


def test_a_yes_with_a_but_pages_and_never_closes_by_itself(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "DONE replaced valve")
    place.text(TANYA, "yes but it smells a bit")
    assert "stays open" in place.last(TANYA)
    assert place.last(DANA).startswith("NOT QUITE 1042")
    assert "smells a bit" in place.last(DANA)
    place.later(minutes=8)
    assert "1042" in place.last(PRIYA)
    place.text(DANA, "1 1042")
    place.later(hours=4, minutes=1)  # when a silent customer would be asked once more
    assert sum(text.startswith("NOT QUITE 1042") for text in place.inbox(DANA)) == 2
    place.text(DANA, "1 1042")
    place.later(hours=23)  # and when it would have been closed
    assert place.ticket().ticket.state == "resolved"
    place.text(DANA, "DONE 1042 aired the aisle")
    assert "aired the aisle" in place.last(TANYA)
    place.text(TANYA, "YES")
    assert (place.ticket().ticket.state, place.ticket().ticket.confirmed) == ("closed", True)


def test_a_holder_who_leaves_the_staff_leaves_nobody_waiting(place: Town) -> None:
    place.text(TANYA, WATER)
    place.text(DANA, "ETA 45")
    pages = len(place.inbox(DANA))
    place.change_company(*DANA_LEAVES)
    place.settle()
    ticket = place.ticket().ticket
    assert (ticket.state, ticket.assignee, ticket.eta, ticket.escalating) == ("new", "", None, True)
    assert "1042" in place.last(LUIS)
    assert len(place.inbox(DANA)) == pages
    place.text(LUIS, "ETA 30")
    assert "due about" in place.last(TANYA)


def test_a_never_mind_with_nothing_open_opens_nothing(place: Town) -> None:
    for words in ("never mind", "All good now", "nvm, we figured it out, sorry", "false alarm", "yes"):
        place.text(TANYA, words)
        assert "othing is open" in place.last(TANYA), words
    place.text(LUCIA, "falsa alarma, gracias")
    assert "No tiene nada abierto" in place.last(LUCIA)
    assert tickets(place) == 0
    place.later(hours=1)
    for opened, words in enumerate(
        ("never mind the door, the ceiling is leaking now", "all good now but smoke comes from the oven"),
        start=1,
    ):
        place.text(TANYA, f"NEW {words}" if opened > 1 else words)
        assert tickets(place) == opened, words


def test_which_one_names_one_of_theirs(place: Town) -> None:
    for words in (WATER, "NEW no power in the bakery, store 114"):
        place.text(TANYA, words)
        place.text(DANA, "ACK")
        place.later(seconds=20)
    place.text(DANA, "CANCEL 1042")
    place.text(TANYA, "NEW back door wont lock, store 114")
    place.text(DANA, "ACK")
    place.text(DANA, "DONE")
    assert "DONE 1043" in place.last(DANA)
