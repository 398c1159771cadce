"""The inbox: each request once, each sender's in order, one node at a time for a sender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from app.domain.message import Inbound
from app.store import inbox
from app.store.inbox import Handled
from tests.nodes import NIGHT, sms


def store(engine: Engine, *items: Inbound, first: int = 1) -> set[int]:
    with engine.begin() as connection:
        return inbox.store(connection, list(enumerate(items, start=first)))


def claimed(engine: Engine, batch: int = 64, after: float = 0) -> list[int]:
    with engine.begin() as connection:
        return [w.id for w in inbox.claim(connection, NIGHT + timedelta(seconds=after), batch)]


def finish(engine: Engine, *handled: Handled) -> None:
    with engine.begin() as connection:
        inbox.finish(connection, handled, NIGHT)


def test_a_known_key_is_stored_once(engine: Engine) -> None:
    message = sms("+1", "water")
    assert store(engine, message, message, replace(message, key="other")) == {1, 3}
    assert store(engine, message, first=9) == set()


def test_a_claim_takes_all_of_a_sender_in_order(engine: Engine) -> None:
    store(engine, sms("+1", "a"), sms("+2", "b"), sms("+1", "c"))
    assert claimed(engine) == [1, 2, 3]
    assert claimed(engine, batch=1) == [1]
    finish(engine, Handled(1, None, "seen"))
    assert claimed(engine) == [2, 3]


def test_two_nodes_never_have_the_same_sender(engine: Engine) -> None:
    store(engine, sms("+1", "a"), sms("+1", "b"), sms("+2", "c"), sms("+3", "d"))
    with engine.begin() as one:
        first = {w.inbound.sender for w in inbox.claim(one, NIGHT, 1)}
        with engine.begin() as two:
            second = {w.inbound.sender for w in inbox.claim(two, NIGHT, 64)}
    assert first == {"+1"}
    assert second == {"+2", "+3"}


def test_what_steps_aside_holds_back_its_sender_and_nobody_else(engine: Engine) -> None:
    store(engine, sms("+1", "a"), sms("+1", "b"), sms("+2", "c"))
    with engine.begin() as connection:
        inbox.set_aside(connection, 1, NIGHT + timedelta(seconds=5))
    assert claimed(engine) == [3]
    assert claimed(engine, after=5) == [1, 2, 3]
    with engine.begin() as connection:
        assert [w.attempts for w in inbox.claim(connection, NIGHT + timedelta(seconds=5), 9)] == [1, 0, 0]


def test_large_mails_come_a_few_at_a_time_and_a_huge_one_alone(engine: Engine) -> None:
    store(engine, *(sms("+1", "x") for _ in range(4)))
    with engine.begin() as connection:
        for row, mib in ((1, 1), (2, 1), (3, 33)):
            connection.exec_driver_sql(
                f"UPDATE inbox SET raw = decode(repeat('00', {mib * 2**20}), 'hex') WHERE id = {row}"
            )
    seen: list[Sequence[int]] = []
    while batch := claimed(engine):
        seen.append(batch)
        finish(engine, *(Handled(row, None, "seen") for row in batch))
    assert seen == [[1, 2], [3], [4]]  # 32 MiB at a time


def test_what_is_handled_has_a_ticket_or_a_reason(engine: Engine) -> None:
    store(engine, sms("+1", "a"))
    with pytest.raises(IntegrityError):
        finish(engine, Handled(1, None, ""))
