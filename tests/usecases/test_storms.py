"""Many messages at once: one incident, one page with the count, one answer for all; nothing is dropped."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from time import sleep

from phones import MINUTE, Phones, storm
from sqlalchemy import Engine

from app.ports import GatewayError, MailOut, SmsOut, Trouble
from app.rulebook.revision import Rulebook
from app.store import incidents as incident_store
from app.usecases import delivery, incidents, intake
from app.usecases.gateways import Gateways
from tests.nodes import (
    DANA,
    NIGHT,
    PRIYA,
    TANYA,
    Carrier,
    Clock,
    Lines,
    at_once,
    node,
    put,
    refusing,
    rows,
    scalars,
    sms,
)

TICKETS = "SELECT count(*) FROM tickets"


def test_a_storm_is_one_page_with_the_count_and_an_answer_for_each(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 30)
    phones.send()
    assert scalars(company, TICKETS) == [30]
    assert [body.splitlines()[0] for body in phones.pages(DANA)] == ["30 new tickets:"]
    assert "Reply 1 to take ALL" in phones.pages(DANA)[0]
    assert "and 28 more" in phones.pages(DANA)[0]
    answers = [m for m in phones.carrier.taken if isinstance(m, SmsOut) and m.to == TANYA]
    assert len({m.body for m in answers}) == 30
    # The first urgent one among them waits for nothing.
    clock.at += MINUTE
    storm(house, 2, 90, "water through the ceiling")
    phones.send()
    assert [body.splitlines()[:2] for body in phones.pages(DANA)[1:]] == [
        ["32 new tickets:", "1072 P1 Pantry Row Markets #114 Boston, MA"]
    ]
    # More of them come: no page more until there is something to tell anew.
    clock.at += MINUTE
    storm(house, 20, 100)
    phones.send()
    assert len(phones.pages(DANA)) == 2
    held = "SELECT DISTINCT attempts FROM outbox WHERE state = 'pending' AND detail LIKE 'held back%'"
    assert scalars(company, held) == [0], "to wait is no attempt that failed"
    clock.at = NIGHT + 10 * MINUTE
    phones.send()
    assert "52 new tickets:" in [body.splitlines()[0] for body in phones.pages(DANA)[2:]]
    assert len(phones.pages(DANA)) <= 4
    # Who does not answer is asked again, for all together.
    for minutes in range(15, 60, 5):
        clock.at = NIGHT + minutes * MINUTE
        phones.send()
    assert 4 <= len(phones.pages(DANA)) <= 2 * 6 + 1, "a turn of each kind in ten minutes"
    assert scalars(company, "SELECT count(*) FROM incidents") == [1]
    assert scalars(company, "SELECT count(*) FROM incident_tickets") == [52]


def test_one_answer_takes_all(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 25)
    phones.send()
    clock.at += MINUTE
    put(house, sms(DANA, "1", clock.at))
    phones.send()
    held = "SELECT count(*) FROM tickets WHERE assignee = 'dana' AND state = 'acknowledged'"
    assert scalars(company, held) == [25]
    said = [m.body for m in phones.carrier.taken if isinstance(m, SmsOut) and m.to == DANA]
    assert said[-1].startswith("You own 25 tickets")
    assert sum("You own" in body for body in said) == 1
    told = [m.body for m in phones.carrier.taken if isinstance(m, SmsOut) and m.to == TANYA]
    assert len(told) >= 50, "each customer hears who has it"


def test_all_are_taken_on_the_board_and_an_incident_can_be_undone(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 22)
    phones.send()
    (incident,) = scalars(company, "SELECT id FROM incidents")
    assert incidents.ungroup(house, incident, actor="person:dana")
    assert not incidents.ungroup(house, incident, actor="person:dana")
    assert incidents.one(house, incident) is None
    clock.at += MINUTE / 6
    storm(house, 3, 50)
    intake.handle_waiting(house)
    assert scalars(company, "SELECT count(*) FROM incidents") == [1], "what was undone stays undone"
    storm(house, 20, 60)
    phones.send()
    (other,) = scalars(company, "SELECT id FROM incidents WHERE dissolved_at IS NULL")
    found = incidents.one(house, other)
    assert found is not None
    assert (found.tickets, found.open, found.asking) == (23, 23, 23)
    assert incidents.take_all(house, other, person="priya", actor="person:priya") == 23
    assert scalars(company, "SELECT count(*) FROM tickets WHERE assignee = 'priya'") == [23]
    assert incidents.take_all(house, other, person="dana", actor="person:dana") == 0


def test_danger_has_its_own_page_and_is_never_held_back(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    house = node(company, rulebook, Clock())
    phones = Phones(house, senders)
    storm(house, 30)
    storm(house, 1, 99, "there is a strong smell of gas")
    phones.send()
    assert [("gas" in page, "new tickets" in page) for page in phones.pages(DANA)].count((True, False)) == 1


def test_too_many_pages_for_one_are_told_together_and_an_urgent_one_goes_first(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    most = rulebook.limits.pages_to_one.count
    storm(house, most + 2)  # too few for an incident
    phones.send()
    assert scalars(company, "SELECT count(*) FROM incidents") == [0]
    assert len(phones.pages(DANA)) == most + 1
    assert phones.pages(DANA)[-1].startswith(f"{most + 2} new tickets:"), "all that wait for her"
    clock.at += MINUTE / 6
    put(house, sms(TANYA, "NEW water through the ceiling, store 114", clock.at))
    phones.send()
    assert phones.pages(DANA)[-1].startswith("P1"), "nothing holds that back"
    clock.at += 10 * MINUTE
    phones.send()
    assert scalars(
        company, "SELECT count(*) FROM outbox WHERE state = 'pending' AND not_before <= :n", n=clock.at
    ) == [0]


def test_urgent_pages_and_others_are_counted_apart(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    house = node(company, rulebook, Clock())
    phones = Phones(house, senders)
    most = rulebook.limits.pages_to_one.count
    storm(house, most - 1, words="water through the ceiling")
    storm(house, 2, 50)
    phones.send()
    assert not [page for page in phones.pages(DANA) if "new tickets" in page]
    assert len(phones.pages(DANA)) == most + 1


def test_two_nodes_make_one_incident_and_send_one_page(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    other = "+16175550115"
    put(one, *(sms(p, f"NEW no power {n}, store 114", NIGHT) for n in range(30) for p in (TANYA, other)))
    at_once(lambda: intake.handle_waiting(one, 12), lambda: intake.handle_waiting(two, 12))
    while intake.handle_waiting(one) + intake.handle_waiting(two):
        pass
    assert scalars(company, "SELECT count(*) FROM incidents") == [1]
    carrier = Carrier()
    ways = Gateways(sms=carrier, mail=Carrier(), calls=Lines())
    with ThreadPoolExecutor(2) as first, ThreadPoolExecutor(2) as second:
        at_once(
            lambda: delivery.send_pending(one, ways, first, pages=True),
            lambda: delivery.send_pending(two, ways, second, pages=True),
        )
    joint = [
        m
        for m in carrier.taken
        if isinstance(m, SmsOut | MailOut) and "new tickets" in getattr(m, "body", "")
    ]
    assert len([m for m in joint if m.to == DANA]) <= 1


def test_a_joint_page_that_fails_goes_to_the_next_method_for_all(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    house = node(company, rulebook, Clock())
    phones = Phones(house, senders)
    storm(house, 25)
    intake.handle_waiting(house)
    with house.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO suppressions (channel, address, since) VALUES ('sms', '{DANA}', now())"
        )
    phones.send()
    placed = [call.to for call in phones.lines.placed]
    mails = [m.text for m in phones.mail.taken if isinstance(m, MailOut) and "dana" in m.to]
    assert placed == [DANA] or mails
    failed = rows(company, "SELECT count(*) FROM events WHERE kind = 'delivery_failed'")
    assert failed == [(1,)]
    with house.begin() as connection:
        (incident,) = incident_store.recent(connection, NIGHT - MINUTE)
    assert incident.asking == 25


def test_a_joint_page_whose_own_ticket_is_taken_meanwhile_leaves_the_others_to_another(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 25)
    intake.handle_waiting(house)
    away = Gateways(
        sms=Carrier(refusing(GatewayError("503", trouble=Trouble.TRANSIENT))), mail=Carrier(), calls=Lines()
    )
    delivery.send_pending(house, away, senders, pages=True)
    (number,) = scalars(
        company,
        "SELECT number FROM tickets t JOIN outbox o ON o.ticket_id = t.id WHERE o.thread ? 'stands_for'",
    )
    put(house, sms(PRIYA, f"TAKE {number}", clock.at))
    clock.at += MINUTE / 10
    phones.send()
    assert [page.splitlines()[0] for page in phones.pages(DANA)] == ["24 new tickets:"]
    states = (
        "SELECT o.state FROM tickets t JOIN outbox o ON o.ticket_id = t.id WHERE t.number = :n AND o.rank = 0"
    )
    assert scalars(company, states, n=number) == ["cancelled"]


def test_a_joint_page_is_about_the_most_urgent_is_tried_again_at_once_and_of_one_left_it_is_its_own(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 12)
    storm(house, 13, 50, "auto door is stuck shut")
    intake.handle_waiting(house)
    away = Gateways(
        sms=Carrier(refusing(GatewayError("503", trouble=Trouble.TRANSIENT))), mail=Carrier(), calls=Lines()
    )
    delivery.send_pending(house, away, senders, pages=True)
    carrier = (
        "SELECT t.priority FROM tickets t JOIN outbox o ON o.ticket_id = t.id WHERE o.thread ? 'stands_for'"
    )
    known = "SELECT DISTINCT priority FROM tickets ORDER BY 1"
    assert scalars(company, carrier) == scalars(company, known)[:1]
    assert len(scalars(company, known)) == 2
    clock.at += MINUTE / 10
    phones.send()
    assert [page.splitlines()[0] for page in phones.pages(DANA)] == ["25 new tickets:"]
    # Of what waits for the next joint page all but one are taken.
    put(house, sms(DANA, "1", clock.at))
    storm(house, 3, 90)
    phones.send()
    assert len(phones.pages(DANA)) == 1
    (left, *others) = scalars(company, "SELECT number FROM tickets WHERE assignee = '' ORDER BY number")
    assert len(others) == 2
    put(house, *(sms(PRIYA, f"TAKE {number}", clock.at) for number in others))
    intake.handle_waiting(house)
    clock.at += 10 * MINUTE
    phones.send()
    assert [str(left) in page and "new tickets" not in page for page in phones.pages(DANA)[1:2]] == [True]


def test_a_node_that_waited_while_another_made_the_incident_makes_none(
    company: Engine, rulebook: Rulebook
) -> None:
    house = node(company, rulebook, Clock())
    storm(house, 25)
    account = "pantryrow"
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 1043"
    with ThreadPoolExecutor(1) as other, company.connect() as first:
        incident_store.lock(first, account)
        taking_in = other.submit(intake.handle_waiting, house)
        soon = datetime.now(UTC) + MINUTE
        while scalars(company, waiting) != [1] and not taking_in.done():
            assert datetime.now(UTC) < soon, "it waits for no lock"
            sleep(0.02)
        incident_store.open_incident(first, 1, account, NIGHT)
        incident_store.join(first, 1, account, since=NIGHT - MINUTE, until=NIGHT + 10 * MINUTE, now=NIGHT)
        first.commit()
        taking_in.result()
    assert scalars(company, "SELECT DISTINCT incident_id FROM incident_tickets") == [1]
    assert scalars(company, "SELECT id FROM incidents") == [1]
