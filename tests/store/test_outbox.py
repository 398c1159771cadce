"""The outbox: pages first, claimed by one node at a time, results only of whoever holds the lease."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from app.store import outbox
from app.store.claims import Wanted, claim_due
from app.store.outbox import CUSTOMER, NOTICE, PAGE, Attempt, Claimed, OutboxRow
from tests.nodes import NIGHT, at_once, scalars

LEASE = timedelta(seconds=30)


def put(engine: Engine, *ranks: int, later: float = 0) -> None:
    with engine.begin() as connection:
        outbox.put(
            connection,
            [
                OutboxRow(
                    id=number,
                    ticket_id=None,
                    rank=rank,
                    text_id="page",
                    channel="sms",
                    address=f"+{number}",
                    person="",
                    subject="",
                    body="x",
                    created_at=NIGHT,
                    not_before=NIGHT + timedelta(seconds=later),
                )
                for number, rank in enumerate(ranks, start=1)
            ],
        )


def claim(
    engine: Engine, node: str = "one", *, pages: bool = True, batch: int = 8, after: float = 0
) -> list[Claimed]:
    with engine.begin() as connection:
        now = NIGHT + timedelta(seconds=after)
        return claim_due(connection, Wanted(now, LEASE, node, batch, pages))[0]


def record(engine: Engine, node: str, claimed: Claimed, state: str = "sent", **more: object) -> None:
    attempt = Attempt(id=claimed.id, attempt=claimed.attempts, state=state, at=NIGHT, **more)
    with engine.begin() as connection:
        outbox.record(connection, [attempt], node)


def states(engine: Engine) -> list[str]:
    return scalars(engine, "SELECT state FROM outbox ORDER BY id")


def test_pages_are_apart_and_what_waits_is_left(engine: Engine) -> None:
    put(engine, NOTICE, PAGE, CUSTOMER, PAGE)
    assert [c.id for c in claim(engine)] == [2, 4]
    assert [c.id for c in claim(engine, pages=False)] == [3, 1]
    assert claim(engine) == claim(engine, pages=False) == []


def test_what_is_not_yet_due_is_not_claimed(engine: Engine) -> None:
    put(engine, PAGE, later=5)
    assert claim(engine, after=4.9) == []
    assert [c.attempts for c in claim(engine, after=5)] == [1]


def test_no_row_goes_to_two_nodes(engine: Engine) -> None:
    put(engine, *([PAGE] * 40))

    def work(node: str) -> list[int]:
        mine: list[int] = []
        while found := claim(engine, node, batch=3):
            mine += [c.id for c in found]
        return mine

    one, two, three = at_once(*[lambda node=node: work(node) for node in ("one", "two", "three")])
    assert sorted([*one, *two, *three]) == list(range(1, 41))


def test_a_lease_that_ran_out_gives_the_row_back_and_the_old_result_counts_for_nothing(
    engine: Engine,
) -> None:
    put(engine, PAGE)
    (old,) = claim(engine)
    with engine.begin() as connection:
        assert outbox.release_expired(connection, NIGHT + LEASE) == 0
        assert outbox.release_expired(connection, NIGHT + LEASE + timedelta(microseconds=1)) == 1
    record(engine, "one", old, "failed", code="30005")
    assert states(engine) == ["pending"]
    (new,) = claim(engine, "one", after=31)  # even the same node, in a later claim
    assert new.attempts == 2
    record(engine, "one", new, provider_id="SM1", status="queued")
    assert states(engine) == ["sent"]


def test_what_a_dead_node_holds_is_given_back_and_of_others_not(engine: Engine) -> None:
    put(engine, PAGE, PAGE)
    claim(engine, "one", batch=1)
    claim(engine, "two", batch=1)
    with engine.begin() as connection:
        assert sorted(outbox.claimants(connection)) == ["one", "two"]
        assert outbox.release_of(connection, []) == 0
        assert outbox.release_of(connection, ["one"]) == 1
    assert states(engine) == ["pending", "sending"]


def word(
    row_id: int, status: str, *, provider_id: str = "", code: str = "", detail: str = ""
) -> outbox.LaterWord:
    return outbox.LaterWord(
        id=row_id,
        status=status,
        provider_id=provider_id,
        code=code,
        detail=detail,
        failed=bool(code),
        finished=bool(code),
    )


def test_later_words_add_up(engine: Engine) -> None:
    """A later word without a code or an id leaves what an earlier one said; of others it changes nothing."""
    put(engine, PAGE, PAGE)
    for later in (word(1, "undelivered", provider_id="SM1", code="30005"), word(1, "undelivered")):
        with engine.begin() as connection:
            outbox.set_status(connection, [later], NIGHT)
    with engine.begin() as connection:
        first, second = outbox.deliveries(connection, [1, 2]).values()
    assert (first.status, first.provider_id, first.code, first.failure_reported) == (
        "undelivered",
        "SM1",
        "30005",
        True,
    )
    assert (second.status, second.code, second.failure_reported) == ("", "", False)
    assert scalars(engine, "SELECT finished_at IS NULL FROM outbox ORDER BY id") == [False, True]


def test_a_receipt_that_came_first_keeps_its_word(engine: Engine) -> None:
    put(engine, PAGE)
    (claimed,) = claim(engine)
    with engine.begin() as connection:
        outbox.set_status(connection, [word(1, "delivered", provider_id="SM1")], NIGHT)
    record(engine, "one", claimed, provider_id="SM1", status="queued")
    with engine.begin() as connection:
        delivery = outbox.deliveries(connection, [1])[1]
    assert (delivery.state, delivery.status) == ("sent", "delivered")


def test_a_retry_waits_and_keeps_its_first_sending(engine: Engine) -> None:
    put(engine, PAGE)
    (claimed,) = claim(engine)
    record(engine, "one", claimed, "pending", retry_at=NIGHT + timedelta(seconds=5), code="503")
    assert claim(engine, after=4) == []
    (again,) = claim(engine, after=5)
    assert again.attempts == 2
    assert scalars(engine, "SELECT result FROM delivery_attempts") == ["pending"]


def test_what_a_quicker_receipt_said_stays(engine: Engine) -> None:
    """The receipt comes before our own record of the send: lost answer, retry and give up change nothing."""
    put(engine, PAGE, PAGE, PAGE, PAGE)
    claimed = claim(engine)
    heard = [("undelivered", "30005"), ("delivered", ""), ("delivered", ""), ("", "")]
    with engine.begin() as connection:
        words = [
            word(message.id, status, code=code, detail=f"it says {status}")
            for message, (status, code) in zip(claimed, heard, strict=True)
            if status
        ]
        outbox.set_status(connection, words, NIGHT)
    for message, state in zip(claimed, ("sent", "pending", "failed", "pending"), strict=True):
        record(engine, "one", message, state, status="queued", code="20500", detail="no answer")
    assert states(engine) == ["sent", "sent", "sent", "pending"]
    assert scalars(engine, "SELECT code FROM outbox ORDER BY id") == ["30005", "", "", "20500"]
    assert scalars(engine, "SELECT detail FROM outbox ORDER BY id")[1] == "it says delivered"
