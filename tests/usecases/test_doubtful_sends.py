"""A send whose answer was lost, or whose node died: looked up before it is sent again."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from app.domain.delivery import same_text
from app.ports import Found, GatewayError, MailOut, Sent, SmsOut, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import delivery, intake
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.pulse import Pulse
from tests.nodes import (
    DANA,
    NIGHT,
    TANYA,
    WATER,
    Carrier,
    Clock,
    Lines,
    node,
    put,
    receipt,
    refusing,
    rows,
    scalars,
    sms,
)

LOST = GatewayError("no answer", trouble=Trouble.AMBIGUOUS, code="unanswered")
AWAY = GatewayError("503", trouble=Trouble.TRANSIENT, code="20503")
STATE = "SELECT state, status, provider_id, attempts FROM outbox WHERE id = :id"


@dataclass
class Losing(Carrier):
    """Takes everything, and its answers are lost as long as `lost` says so."""

    lost: bool = True
    dies: bool = False
    tried: list[SmsOut | MailOut] = field(default_factory=list)
    since: list[datetime] = field(default_factory=list)

    def recent(self, to: str, since: datetime) -> list[Found]:
        self.since.append(since)
        return super().recent(to, since)

    def send(self, message: Any) -> Sent:
        self.tried.append(message)
        sent = super().send(message)
        if self.dies:
            raise KeyboardInterrupt  # the process ends in the middle of the call
        if self.lost:
            raise LOST
        return sent


def opened(house: House) -> int:
    put(house, sms(TANYA, WATER, house.clock.now()))
    intake.handle_waiting(house)
    return int(scalars(house.engine, "SELECT id FROM outbox WHERE rank = 0")[0])


def ways(carrier: Carrier, lines: Lines | None = None) -> Gateways:
    return Gateways(sms=carrier, mail=Carrier(), calls=lines or Lines())


def test_a_page_whose_answer_was_lost_is_looked_up_and_not_sent_twice(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock, carrier = Clock(), Losing()
    house = node(company, rulebook, clock)
    page = opened(house)
    delivery.send_pending(house, ways(carrier), senders, pages=True)
    assert rows(company, STATE, id=page) == [("pending", "unknown", "", 1)]
    clock.at += timedelta(seconds=10)
    carrier.lost = False
    assert delivery.send_pending(house, ways(carrier), senders, pages=True) == 1
    assert rows(company, STATE, id=page) == [("sent", "queued", f"SM{page}", 2)]
    assert [m.to for m in carrier.tried] == [DANA]
    (since,) = carrier.since
    assert since <= NIGHT - timedelta(minutes=1), "the provider's clock may be behind ours"


def test_what_is_not_there_and_what_is_anothers_is_sent_again(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    page = opened(house)
    delivery.send_pending(house, ways(Carrier(refusing(LOST))), senders, pages=True)
    # The same words to the same phone, but that was another message of ours.
    ((body,),) = rows(company, "SELECT body FROM outbox WHERE id = :id", id=page)
    carrier = Carrier(taken=[SmsOut(outbox_id=5, to=DANA, body=body, valid_seconds=9)])
    with company.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE outbox SET provider_id = 'SM5' WHERE id = (SELECT id FROM outbox WHERE rank > 0 LIMIT 1)"
        )
    clock.at += timedelta(seconds=10)
    delivery.send_pending(house, ways(carrier), senders, pages=True)
    assert [m.outbox_id for m in carrier.taken] == [5, page]
    assert rows(company, STATE, id=page) == [("sent", "queued", f"SM{page}", 2)]


def test_a_page_is_rather_sent_twice_than_never_and_all_else_waits_for_the_look_up(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock, carrier = Clock(), Losing(silent=AWAY)
    house = node(company, rulebook, clock)
    page = opened(house)
    answer = scalars(company, "SELECT id FROM outbox WHERE address = :a", a=TANYA)[0]
    for pages in (True, False):
        delivery.send_pending(house, ways(carrier), senders, pages=pages)
    carrier.lost, carrier.tried = False, []
    clock.at += timedelta(seconds=10)
    for pages in (True, False):
        delivery.send_pending(house, ways(carrier), senders, pages=pages)
    assert page in [m.outbox_id for m in carrier.tried]
    assert answer not in [m.outbox_id for m in carrier.tried]
    assert rows(company, STATE, id=page)[0][0] == "sent"
    assert rows(company, STATE, id=answer) == [("pending", "unknown", "", 2)], "the doubt remains"
    carrier.silent = None
    clock.at += timedelta(minutes=1)
    delivery.send_pending(house, ways(carrier), senders, pages=False)
    assert answer not in [m.outbox_id for m in carrier.tried]
    assert rows(company, STATE, id=answer) == [("sent", "queued", f"SM{answer}", 3)]


@pytest.mark.parametrize("word", ["sent", "undelivered"])
def test_a_receipt_for_a_lost_answer_ends_the_doubt(
    company: Engine, rulebook: Rulebook, senders: Executor, word: str
) -> None:
    clock, carrier = Clock(), Losing(silent=AWAY)
    house = node(company, rulebook, clock)
    page = opened(house)
    delivery.send_pending(house, ways(carrier), senders, pages=True)
    put(house, receipt(page, word, "30005" if word == "undelivered" else "", clock.at))
    intake.handle_receipts(house)
    clock.at += timedelta(seconds=10)
    delivery.send_pending(house, ways(carrier), senders, pages=True)
    assert [m.outbox_id for m in carrier.tried].count(page) == 1
    assert rows(company, STATE, id=page) == [("sent", word, f"SM{page}", 2)]


def test_what_a_dead_node_was_sending_is_looked_up(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock, carrier = Clock(), Losing(dies=True)
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    page = opened(one)
    with pytest.raises(KeyboardInterrupt):
        delivery.send_pending(one, ways(carrier), senders, pages=True)
    Pulse(two, role="both", version="1").take_over(lambda name: name == "one")
    carrier.dies = carrier.lost = False
    delivery.send_pending(two, ways(carrier), senders, pages=True)
    assert rows(company, STATE, id=page) == [("sent", "queued", f"SM{page}", 2)]
    assert len(carrier.tried) == 1


@pytest.mark.parametrize("over", [False, True])
def test_a_call_that_still_rings_is_not_placed_again(
    company: Engine, rulebook: Rulebook, senders: Executor, *, over: bool
) -> None:
    clock, lines = Clock(), Lines(lost=LOST)
    house = node(company, rulebook, clock)
    page = opened(house)
    with company.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET channel = 'voice' WHERE rank = 0")
    delivery.send_pending(house, ways(Carrier(), lines), senders, pages=True)
    lines.lost, lines.over = None, over
    clock.at += timedelta(seconds=10)
    delivery.send_pending(house, ways(Carrier(), lines), senders, pages=True)
    placed = 2 if over else 1
    assert len(lines.placed) == placed
    assert rows(company, STATE, id=page) == [("sent", "queued", f"CA{placed}", 2)]


def test_a_providers_copy_of_a_text_is_known_again() -> None:
    ours = "P1 Plumbing – “water” … caf\u00e9\nhttp://ops.example/t/aB3"
    assert same_text(ours, 'P1 Plumbing - "water" ... caf\u00e9 http://ops.example/t/aB3')
    assert same_text(ours, f"Sent from your trial account - {ours}")
    assert not same_text(ours, ours[:-1])
    assert not same_text("\u2603", "\u2603")
