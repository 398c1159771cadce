"""A storm told on a call: how many there are, and one key for all of them."""

from __future__ import annotations

from concurrent.futures import Executor

from phones import MINUTE, Phones, storm
from sqlalchemy import Engine

from app.domain.message import Channel, Inbound, InboundKind
from app.ports import SmsOut
from app.rulebook.revision import Rulebook
from app.usecases import hanging_up, intake
from app.usecases.calls import Calls
from app.usecases.house import House
from tests.nodes import DANA, PRIYA, Clock, node, put, scalars, sms


def test_the_next_level_hears_of_all_in_one_call(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones = Phones(house, senders)
    storm(house, 22, words="water through the ceiling")
    for _ in range(9):
        phones.send()
        clock.at += MINUTE
    assert [call.to for call in phones.lines.placed] == [DANA, PRIYA]
    said = scalars(company, "SELECT body FROM outbox WHERE channel = 'voice' AND state = 'sent' ORDER BY id")
    assert said[0].startswith("22 tickets are waiting for you. The first is: Tidewell on-call. Priority 1")


def key(house: House, row_id: int, digit: str) -> Inbound:
    return Inbound(
        provider="twilio",
        kind=InboundKind.KEY,
        channel=Channel.VOICE,
        key=f"CA{row_id}:1:{digit}",
        sender=PRIYA,
        recipient="",
        received_at=house.clock.now(),
        payload={"Digits": digit, "o": str(row_id)},
        raw=b"",
    )


def test_one_on_a_call_takes_all_that_it_told_of_and_still_wait(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones, calls = Phones(house, senders), Calls(house)
    storm(house, 22, words="water through the ceiling")
    for _ in range(9):
        phones.send()
        clock.at += MINUTE
    assert [call.to for call in phones.lines.placed] == [DANA, PRIYA]
    own = "SELECT t.number FROM outbox o JOIN tickets t ON t.id = o.ticket_id WHERE o.provider_id = 'CA2'"
    (row_id,) = scalars(company, "SELECT id FROM outbox WHERE provider_id = 'CA2'")
    (first,) = scalars(company, own)
    token = phones.lines.placed[1].token
    prompt = calls.picked_up(token, "CA2", machine=False)
    assert prompt is not None
    assert prompt.words.startswith("22 tickets are waiting for you. The first is: Tidewell on-call.")
    assert "Press 1 to take them all. 2, to pass them all on." in prompt.words

    # While it is said somebody takes the one that the call is about, and another one comes.
    put(house, sms(DANA, f"ACK {first}", clock.at))
    storm(house, 1, 50, "water through the ceiling")
    intake.handle_waiting(house)
    with house.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE tickets SET doc = jsonb_set(doc, '{escalation,asked}', '[\"dana\", \"priya\"]')"
            " WHERE number = 1064"
        )
        connection.exec_driver_sql(
            "UPDATE outbox SET person = 'priya' WHERE ticket_id IN"
            " (SELECT id FROM tickets WHERE number = 1064)"
        )
    assert hanging_up.end_moot(house, phones.lines) == 0, "the line stays: 21 others ask"
    prompt = calls.picked_up(token, "CA2", machine=False)
    assert prompt is not None
    assert prompt.words.startswith("21 tickets are waiting for you. The first is: Tidewell on-call. Prio")
    for _ in range(2):  # the key comes twice
        prompt = calls.pressed(key(house, row_id, "1"))
        assert prompt is not None
        assert prompt.words == "You own all that were still waiting. Details are in your texts. Goodbye."
        assert not prompt.keys
    held = "SELECT count(*) FROM tickets WHERE assignee = 'priya' AND state = 'acknowledged'"
    assert scalars(company, held) == [21]
    assert scalars(company, "SELECT number FROM tickets WHERE assignee = ''") == [1064]
    phones.send()
    texts = [m.body for m in phones.carrier.taken if isinstance(m, SmsOut) and m.to == PRIYA]
    (owned,) = [body.splitlines() for body in texts if "You own" in body]
    assert (owned[0], owned[3]) == ("You own 21 tickets:", "and 19 more")
    taken = "SELECT count(*) FROM outbox WHERE text_id = 'taken' AND person = 'dana'"
    assert scalars(company, taken) == [1], "who was asked before hears once that she is not needed"
    assert scalars(company, "SELECT detail FROM outbox WHERE provider_id = 'CA2'") == ["pressed 1 for all"]


def test_two_on_such_a_call_passes_all_on_and_with_one_left_it_is_about_that(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    phones, calls = Phones(house, senders), Calls(house)
    storm(house, 22, words="water through the ceiling")
    for _ in range(4):
        phones.send()
        clock.at += MINUTE
    assert [call.to for call in phones.lines.placed] == [DANA]
    (row_id,) = scalars(company, "SELECT id FROM outbox WHERE provider_id = 'CA1'")
    (own,) = scalars(
        company,
        "SELECT t.number FROM outbox o JOIN tickets t ON t.id = o.ticket_id WHERE o.id = :i",
        i=row_id,
    )
    others = [number for number in range(1042, 1064) if number != own]
    put(house, *(sms(PRIYA, f"TAKE {number}", clock.at) for number in others[1:]))
    intake.handle_waiting(house)
    token = phones.lines.placed[0].token
    prompt = calls.picked_up(token, "CA1", machine=False)
    assert prompt is not None
    assert prompt.words.startswith("2 tickets are waiting for you.")
    prompt = calls.pressed(key(house, row_id, "2"))
    assert prompt is not None
    assert prompt.words == "All passed on. Goodbye."
    passed = "SELECT count(*) FROM tickets WHERE doc -> 'passed' ? 'dana'"
    assert scalars(company, passed) == [2]
    put(house, sms(PRIYA, f"TAKE {own}", clock.at))
    intake.handle_waiting(house)
    prompt = calls.picked_up(token, "CA1", machine=False)
    assert prompt is not None
    assert prompt.words.startswith("Already taken by Priya S."), "nothing asks her any more"
