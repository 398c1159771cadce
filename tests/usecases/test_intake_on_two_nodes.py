"""Two nodes at once on the same inbox, the same timers, the same ticket: nothing twice, nothing lost."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from app.domain import commands as cmd
from app.rulebook.revision import Rulebook
from app.usecases import actions, intake, timers
from tests import promises
from tests.nodes import (
    DANA,
    NIGHT,
    PRIYA,
    TANYA,
    WATER,
    Clock,
    at_once,
    minutes,
    node,
    put,
    rows,
    scalars,
    sms,
    until_idle,
)


def handled(engine: Engine) -> None:
    """Check the promises that do not wait for the outbox."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET state = 'sent'")


def test_the_messages_of_one_sender_stay_in_order_and_make_one_ticket(
    company: Engine, rulebook: Rulebook
) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    words = [WATER, *(f"more words, part {n}" for n in range(40))]
    put(one, *(sms(TANYA, w) for w in words))
    at_once(*[until_idle(lambda house=house: intake.handle_waiting(house, 7)) for house in (one, two)])
    assert scalars(company, "SELECT number FROM tickets") == [1042]
    said = scalars(
        company, "SELECT data->>'text' FROM events WHERE kind IN ('opened', 'customer_wrote') ORDER BY seq"
    )
    assert said == words
    handled(company)
    promises.check(company, clock.now())


def test_many_senders_on_three_nodes_get_a_ticket_each(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    houses = [node(company, rulebook, clock, f"n{n}") for n in range(3)]
    senders = [f"+1415555{n:04d}" for n in range(60)]
    put(houses[0], *(sms(s, words) for words in ("the lights are out", "please hurry") for s in senders))
    at_once(*[until_idle(lambda house=house: intake.handle_waiting(house, 10)) for house in houses])
    opened = scalars(company, "SELECT address FROM tickets ORDER BY address")
    assert opened == senders
    texts = rows(company, "SELECT ticket_id, count(*) FROM events WHERE kind = 'customer_wrote' GROUP BY 1")
    assert [count for _, count in texts] == [1] * 60
    handled(company)
    promises.check(company, clock.now())


def test_one_house_may_be_used_by_two_threads(company: Engine, rulebook: Rulebook) -> None:
    house = node(company, rulebook, Clock())
    senders = [f"+1415555{n:04d}" for n in range(40)]
    put(house, *(sms(s, "the lights are out") for s in senders))
    work = until_idle(lambda: intake.handle_waiting(house, 3))
    at_once(work, work)
    numbers = scalars(company, "SELECT number FROM tickets")
    assert len(numbers) == len(set(numbers)) == 40


def test_two_nodes_fire_each_timer_once(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    put(one, *(sms(f"+1415555{n:04d}", "the lights are out") for n in range(20)))
    intake.handle_waiting(one)
    for _ in range(6):
        clock.at += minutes(20)
        at_once(*[until_idle(lambda house=house: timers.fire_due(house, 5)) for house in (one, two)])
    steps = rows(
        company,
        "SELECT ticket_id, kind, data->>'cycle', data->>'round', data->>'level', count(*) FROM events"
        " WHERE kind IN ('level_reached', 'exhausted') GROUP BY 1, 2, 3, 4, 5",
    )
    assert {row[-1] for row in steps} == {1}
    once = rows(company, "SELECT ticket_id, data->>'metric' FROM events WHERE kind = 'breached'")
    assert len(once) == len(set(once)) > 0
    handled(company)
    promises.check(company, clock.now())


def test_a_web_action_and_a_text_race_for_one_ticket(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    put(one, sms(TANYA, WATER))
    intake.handle_waiting(one)
    (ticket_id,) = scalars(company, "SELECT id FROM tickets")
    for turn in range(12):
        clock.at += timedelta(seconds=1)
        put(one, sms(TANYA, f"more words {turn}", clock.at), sms(DANA, f"NOTE by text {turn}", clock.at))
        note = cmd.Note(actor="person:priya", person="priya", text=f"by page {turn}")
        at_once(
            until_idle(lambda: intake.handle_waiting(one)),
            lambda note=note: actions.perform(two, ticket_id, note),
            until_idle(lambda: timers.fire_due(two)),
        )
    clock.at += minutes(1)
    until_idle(lambda: intake.handle_waiting(one))()
    kinds = scalars(company, "SELECT kind FROM events")
    assert (kinds.count("customer_wrote"), kinds.count("noted")) == (12, 24)
    handled(company)
    promises.check(company, clock.now())


def test_two_people_who_take_it_at_once_one_has_it(company: Engine, rulebook: Rulebook) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    put(one, sms(TANYA, WATER))
    intake.handle_waiting(one)
    clock.at += minutes(8)
    timers.fire_due(one)
    put(one, sms(DANA, "1", clock.at), sms(PRIYA, "1", clock.at))
    at_once(*[until_idle(lambda house=house: intake.handle_waiting(house, 1)) for house in (one, two)])
    clock.at += minutes(1)
    until_idle(lambda: intake.handle_waiting(one))()
    assert scalars(company, "SELECT count(*) FROM events WHERE kind = 'acknowledged'") == [1]
    answers = scalars(
        company, "SELECT text_id FROM outbox WHERE text_id IN ('acked', 'not_yours') ORDER BY 1"
    )
    assert answers == ["acked", "not_yours"]


def test_a_node_whose_clock_is_behind_does_no_harm(company: Engine, rulebook: Rulebook) -> None:
    ahead, behind = Clock(NIGHT + timedelta(seconds=2)), Clock(NIGHT)
    one, two = node(company, rulebook, ahead), node(company, rulebook, behind, "two")
    put(one, sms(TANYA, WATER, ahead.at))
    intake.handle_waiting(one)
    put(two, sms(TANYA, "please hurry", behind.at))
    intake.handle_waiting(two)
    assert sorted(scalars(company, "SELECT key FROM timers WHERE kind = 'clock'")) == [
        "acknowledge",
        "arrive",
        "resolve",
        "update",
    ]
    handled(company)
    promises.check(company, ahead.now())


def test_a_page_after_the_reply_is_not_what_it_answers(company: Engine, rulebook: Rulebook) -> None:
    """The worker was away: Dana's 1 waited in the inbox and is older than the page for the second ticket."""
    clock = Clock()
    house = node(company, rulebook, clock)
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    clock.at += minutes(2)
    put(house, sms("+16175550110", "no power in the bakery, store 114", clock.at))
    intake.handle_waiting(house)
    put(house, sms(DANA, "1", NIGHT + minutes(1)))
    intake.handle_waiting(house)
    assert rows(company, "SELECT number, assignee FROM tickets ORDER BY number") == [
        (1042, "dana"),
        (1043, ""),
    ]
