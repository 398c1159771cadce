"""Sending: leases, nodes that die or come late, receipts before, twice and out of order."""

from __future__ import annotations

import itertools
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from app.domain.delivery import canonical
from app.ports import GatewayError, MailOut, SmsOut, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import delivery, intake
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.pulse import Pulse
from tests.nodes import (
    DANA,
    TANYA,
    WATER,
    Carrier,
    Clock,
    Lines,
    at_once,
    minutes,
    node,
    put,
    receipt,
    refusing,
    rows,
    scalars,
    sms,
    until_idle,
)

PAGE_LEASE = delivery._PAGE_LEASE
GONE = GatewayError("unknown handset", trouble=Trouble.ADDRESS, code="21614")


def ways(sms_out: Carrier, mail_out: Carrier | None = None) -> Gateways:
    return Gateways(sms=sms_out, mail=mail_out or Carrier(), calls=Lines())


def opened(house: House) -> int:
    """Open a ticket; return the outbox id of its page to Dana."""
    put(house, sms(TANYA, WATER, house.clock.now()))
    intake.handle_waiting(house)
    return int(scalars(house.engine, "SELECT id FROM outbox WHERE rank = 0")[0])


def take_over(house: House) -> int:
    return Pulse(house, role="both", version="1").take_over(lambda _node: False)


def failures(engine: Engine) -> list[str]:
    return scalars(engine, "SELECT data->>'address' FROM events WHERE kind = 'delivery_failed' ORDER BY seq")


def test_two_nodes_send_each_message_once(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    clock, carrier = Clock(), Carrier()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    put(one, *(sms(f"+1415555{n:04d}", "the lights are out") for n in range(30)))
    intake.handle_waiting(one)
    with ThreadPoolExecutor(4) as others:
        at_once(
            *[
                until_idle(lambda h=h, s=s, p=p: delivery.send_pending(h, ways(carrier), s, pages=p))
                for h, s in ((one, senders), (two, others))
                for p in (True, False)
            ]
        )
    sent = [message.outbox_id for message in carrier.taken]
    assert len(sent) == len(set(sent)) == len(scalars(company, "SELECT id FROM outbox WHERE channel = 'sms'"))


def test_a_dead_nodes_page_goes_out_again_after_its_lease(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock, carrier = Clock(), Carrier()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    opened(one)

    def die(_message: SmsOut | MailOut) -> str | None:
        raise KeyboardInterrupt  # the process ends in the middle of the call

    with pytest.raises(KeyboardInterrupt):
        delivery.send_pending(one, ways(Carrier(die)), senders, pages=True)
    assert delivery.send_pending(two, ways(carrier), senders, pages=True) == 0
    assert take_over(two) == 0
    clock.at += PAGE_LEASE + timedelta(seconds=1)
    assert take_over(two) == 1
    assert delivery.send_pending(two, ways(carrier), senders, pages=True) == 1
    assert [m.to for m in carrier.taken] == [DANA]


@pytest.mark.parametrize("late", ["failed", "sent"])
def test_the_late_result_of_a_node_that_lost_its_lease_changes_nothing(
    company: Engine, rulebook: Rulebook, senders: Executor, late: str
) -> None:
    clock, carrier = Clock(), Carrier()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    page = opened(one)

    def slow(_message: SmsOut | MailOut) -> str | None:
        clock.at += PAGE_LEASE + timedelta(seconds=1)
        take_over(two)
        with ThreadPoolExecutor(1) as others:
            assert delivery.send_pending(two, ways(carrier), others, pages=True) == 1
        if late == "failed":
            raise GONE
        return None

    delivery.send_pending(one, ways(Carrier(slow)), senders, pages=True)
    assert rows(company, "SELECT state, attempts, failure_reported FROM outbox WHERE id = :id", id=page) == [
        ("sent", 2, False)
    ]
    assert failures(company) == []
    assert scalars(company, "SELECT count(*) FROM outbox WHERE rank = 0") == [1]


def test_a_failure_that_a_receipt_told_first_is_decided_upon_once(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    page = opened(house)

    def refused_after_a_receipt(_message: SmsOut | MailOut) -> str | None:
        put(house, receipt(page, "undelivered", "30005", clock.at))
        intake.handle_receipts(house)
        raise GONE

    delivery.send_pending(house, ways(Carrier(refused_after_a_receipt)), senders, pages=True)
    assert failures(company) == [DANA]
    assert scalars(company, "SELECT channel FROM outbox WHERE rank = 0 ORDER BY id") == ["sms", "voice"]


def test_a_receipt_may_come_before_the_send_is_recorded(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    page = opened(house)

    def quick(_message: SmsOut | MailOut) -> str | None:
        put(house, receipt(page, "undelivered", "30005", clock.at))
        intake.handle_receipts(house)
        return "queued"

    delivery.send_pending(house, ways(Carrier(quick)), senders, pages=True)
    ((status, reported),) = rows(
        company, "SELECT status, failure_reported FROM outbox WHERE id = :id", id=page
    )
    assert (canonical(status), reported) == ("undelivered", True)
    assert failures(company) == [DANA]


ROUTES = [
    (["sent", "delivered"], "delivered", 0),
    (["delivered", "sent", "queued"], "delivered", 0),
    (["delivered", "delivered", "delivered"], "delivered", 0),
    (["undelivered", "sent", "undelivered", "failed"], "undelivered", 1),
    (["failed", "failed", "delivered"], "delivered", 1),
    (["delivered", "undelivered"], "delivered", 0),
    (["nonsense", "", "sent"], "sent", 0),
]


def test_receipts_twice_and_out_of_order(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    house = node(company, rulebook, Clock())
    for words, ends, failed in ROUTES:
        with company.begin() as connection:
            connection.exec_driver_sql("UPDATE outbox SET rank = 2")  # those of the route before
        put(house, sms(TANYA, f"NEW {WATER}", house.clock.now()))
        intake.handle_waiting(house)
        (page,) = scalars(company, "SELECT id FROM outbox WHERE rank = 0")
        before = len(failures(company))
        delivery.send_pending(house, ways(Carrier()), senders, pages=True)
        put(
            house,
            *(receipt(page, word, "30005" if word in ("undelivered", "failed") else "") for word in words),
        )
        until_idle(lambda: intake.handle_receipts(house, 2))()
        assert scalars(company, "SELECT status FROM outbox WHERE id = :id", id=page) == [ends], words
        assert len(failures(company)) - before == failed, words


def test_a_receipt_for_nothing_of_ours_is_put_on_record(company: Engine, rulebook: Rulebook) -> None:
    house = node(company, rulebook, Clock())
    put(house, receipt(999, "delivered"))
    intake.handle_receipts(house)
    assert scalars(company, "SELECT outcome FROM inbox") == ["receipt: no such message of ours"]


def test_retries_have_growing_gaps_and_end_with_the_next_method(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    page = opened(house)
    away = ways(Carrier(refusing(GatewayError("503", trouble=Trouble.TRANSIENT))))
    for _ in range(150):
        delivery.send_pending(house, away, senders, pages=True)
        clock.at += timedelta(seconds=1)
    tries = scalars(
        company, "SELECT at FROM delivery_attempts WHERE outbox_id = :id ORDER BY attempt", id=page
    )
    gaps = [after - before for before, after in itertools.pairwise(tries)]
    assert len(gaps) == 2
    assert gaps == sorted(gaps)
    assert scalars(company, "SELECT channel FROM outbox WHERE rank = 0 ORDER BY id")[:2] == ["sms", "voice"]


def test_a_page_that_became_moot_is_not_sent(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    clock, carrier = Clock(), Carrier()
    house = node(company, rulebook, clock)
    page = opened(house)
    clock.at += minutes(1)
    put(house, sms("+16175550103", "ACK 1042", clock.at))
    intake.handle_waiting(house)
    delivery.send_pending(house, ways(carrier), senders, pages=True)
    assert carrier.taken == []
    assert scalars(company, "SELECT state FROM outbox WHERE id = :id", id=page) == ["cancelled"]
