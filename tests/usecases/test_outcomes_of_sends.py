"""Results of sends are written whatever the database does meanwhile: what is not written goes out twice."""

from __future__ import annotations

import time
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from app.domain.reading import read_receipt
from app.ports import GatewayError, Trouble
from app.rulebook.revision import Rulebook
from app.store import inbox, outbox
from app.store.claims import Wanted, claim_due
from app.store.outbox import Attempt
from app.usecases import delivery, intake, receipts
from app.usecases.desk import Desk
from app.usecases.gateways import Gateways
from tests.nodes import (
    DANA,
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


def fail_writes(engine: Engine, times: int, code: str, table: str = "outbox", when: str = "UPDATE") -> None:
    """Let the server itself refuse the next writes of results, as it does in trouble."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"""
            CREATE SEQUENCE troubles;
            CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('troubles') <= {times} THEN RAISE EXCEPTION 'trouble' USING ERRCODE = '{code}';
                END IF; RETURN NEW; END $$;
            CREATE TRIGGER trouble BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION trouble();
            """
        )


@pytest.mark.parametrize("code", ["40P01", "57P01"])
def test_a_result_outlives_a_database_in_trouble(
    company: Engine, rulebook: Rulebook, senders: Executor, code: str
) -> None:
    house, carrier = node(company, rulebook, Clock()), Carrier()
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    fail_writes(company, 3, code, "delivery_attempts", "INSERT")
    delivery.send_pending(house, Gateways(sms=carrier, mail=carrier, calls=Lines()), senders, pages=False)
    assert set(scalars(company, "SELECT state FROM outbox WHERE rank > 0")) == {"sent"}
    sent = [message.outbox_id for message in carrier.taken]
    assert sorted(sent) == scalars(company, "SELECT id FROM outbox WHERE rank > 0 ORDER BY id")


def test_a_failure_that_no_ticket_takes_in_is_kept_and_put_on_record(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    house = node(company, rulebook, Clock())
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    fail_writes(company, 1_000, "22023", "events", "INSERT")
    gone = Carrier(refusing(GatewayError("unknown handset", trouble=Trouble.ADDRESS, code="21614")))
    delivery.send_pending(house, Gateways(sms=gone, mail=gone, calls=Lines()), senders, pages=True)
    assert rows(company, "SELECT state, failure_reported FROM outbox WHERE address = :a", a=DANA) == [
        ("failed", False)
    ]
    assert scalars(company, "SELECT kind FROM audit WHERE kind = 'failure_untold'") == ["failure_untold"]


def waiting_for_locks(engine: Engine, count: int) -> None:
    """Return when so many statements wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    end = time.monotonic() + 60
    while scalars(engine, query) != [count]:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_results_and_receipts_of_the_same_messages_never_wait_for_each_other(
    company: Engine, rulebook: Rulebook
) -> None:
    house, clock = node(company, rulebook, Clock()), Clock()
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    with house.begin() as connection:
        connection.execute(text("UPDATE outbox SET rank = 2"))
        claimed, _ = claim_due(connection, Wanted(clock.at, delivery._LEASE, "one", 9, pages=False))
    first, *_, last = sorted(claim.id for claim in claimed)
    put(house, receipt(last, "delivered"), receipt(first, "delivered"))
    results = [Attempt(id=c.id, attempt=c.attempts, state="sent", at=clock.at) for c in claimed]

    def record() -> None:
        with house.begin() as connection:
            outbox.record(connection, results, "one")

    def take_in() -> int:
        with house.begin() as connection:
            waiting = inbox.claim(connection, clock.at, 9, receipts=True)
            desk = Desk(house, connection, clock.at)
            return len(receipts.apply(desk, [(w, read_receipt(w.inbound)) for w in waiting]))

    with ThreadPoolExecutor(2) as pool:
        with house.begin() as connection:
            connection.execute(text("SELECT 1 FROM outbox WHERE id = :id FOR UPDATE"), {"id": first})
            writing = pool.submit(record)
            waiting_for_locks(company, 1)
            reading = pool.submit(take_in)
            waiting_for_locks(company, 2)
        writing.result(30)  # raises if it was the victim of a deadlock
        assert reading.result(30) == 2
    assert scalars(company, "SELECT DISTINCT state FROM outbox") == ["sent"]
    assert scalars(company, "SELECT status FROM outbox WHERE id = :id", id=last) == ["delivered"]
