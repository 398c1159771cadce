"""The door to the inbox: durable when it answers, once each, and honest when the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app import bootstrap
from app.domain.message import Channel, Inbound, InboundKind
from app.ports import Accepted, StorageUnavailableError
from app.rulebook.revision import load
from app.store import inbox as inbox_store
from app.store import records
from app.store.engine import connect
from app.usecases.accept import InboxWriter
from app.usecases.house import House, Identity

NOW = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW


def item(key: str, **changes: Any) -> Inbound:
    values: dict[str, Any] = {
        "provider": "twilio",
        "kind": InboundKind.MESSAGE,
        "channel": Channel.SMS,
        "key": key,
        "sender": "+16175550114",
        "recipient": "+15005550006",
        "received_at": NOW,
        "payload": {"Body": "water"},
        "raw": b"Body=water",
    }
    return Inbound(**{**values, **changes})


def house_on(engine: Engine) -> House:
    identity = Identity(public_url="http://x", mail_domain="x.example", secret=b"s" * 32, node="n")
    rules = Path(__file__).parents[2] / "rules"
    return House(
        engine=engine, clock=Clock(), ids=bootstrap.SystemIds(), rulebook=load(rules), identity=identity
    )


@pytest.fixture
def writer(engine: Engine) -> Iterator[InboxWriter]:
    built = InboxWriter(house_on(engine))
    built.start()
    yield built
    built.stop()


def stored(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT key, payload->>'Body' FROM inbox ORDER BY key"))
        return [(row[0], row[1]) for row in rows]


def test_the_same_request_many_times_at_the_same_moment_is_stored_once(
    writer: InboxWriter, engine: Engine
) -> None:
    async def all_at_once() -> list[list[Accepted]]:
        return await asyncio.gather(*(writer.accept([item("SM1")]) for _ in range(20)))

    answers = [answer for (answer,) in asyncio.run(all_at_once())]
    assert sorted(answers) == [Accepted.DUPLICATE] * 19 + [Accepted.NEW]
    assert stored(engine) == [("SM1", "water")]


def test_a_batch_tells_new_from_known_in_its_own_order(writer: InboxWriter) -> None:
    asyncio.run(writer.accept([item("b")]))
    answers = asyncio.run(writer.accept([item("a"), item("b"), item("c"), item("a")]))
    assert answers == [Accepted.NEW, Accepted.DUPLICATE, Accepted.NEW, Accepted.DUPLICATE]


def test_what_postgresql_cannot_hold_is_stored_without_it(writer: InboxWriter, engine: Engine) -> None:
    bad = item("SM\x002", payload={"Body": "wa\x00ter \ud800"})

    async def beside_a_good_one() -> list[list[Accepted]]:
        return await asyncio.gather(writer.accept([bad]), writer.accept([item("good")]))

    assert asyncio.run(beside_a_good_one()) == [[Accepted.NEW], [Accepted.NEW]]
    assert stored(engine) == [
        ("SM\N{REPLACEMENT CHARACTER}2", "wa\N{REPLACEMENT CHARACTER}ter ?"),
        ("good", "water"),
    ]


def test_a_stranger_leaves_a_record(writer: InboxWriter, engine: Engine) -> None:
    asyncio.run(
        writer.refuse(
            reason="signature", path="/inbound/twilio/sms", remote="203.0.113.9", detail={"From": "x"}
        )
    )
    writer.stop()
    with engine.connect() as connection:
        (entry,) = records.audit_of(connection, "webhook_refused")
    assert entry.detail == {"From": "x", "reason": "signature", "remote": "203.0.113.9"}


def test_when_the_database_is_away_all_waiting_requests_are_told_so_quickly(engine: Engine) -> None:
    away = connect("postgresql://nobody@127.0.0.1:1/none")
    house = house_on(engine)
    house.engine = away
    writer = InboxWriter(house)
    writer.start()

    async def many() -> list[Any]:
        jobs = (writer.accept([replace(item("x"), key=str(n))]) for n in range(100))
        return await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 20)

    assert {type(answer) for answer in asyncio.run(many())} == {StorageUnavailableError}
    writer.stop()
    away.dispose()


def test_a_text_does_not_wait_for_a_large_mail(writer: InboxWriter, engine: Engine) -> None:
    """The mail's insert waits for another transaction; the text is stored and answered meanwhile."""
    mail = item("mail", raw=b"x" * 2**20)

    async def both(release: Any) -> list[list[Accepted]]:
        large = asyncio.create_task(writer.accept([mail]))
        small = await asyncio.wait_for(writer.accept([item("text")]), timeout=30)
        assert not large.done()
        release()
        return [small, await large]

    with engine.connect() as other:
        inbox_store.store(other, [(1, mail)])
        assert asyncio.run(both(other.rollback)) == [[Accepted.NEW], [Accepted.NEW]]
