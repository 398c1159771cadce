"""Whose turn it is: urgent first, accounts in rounds, no lane more than it has room for."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine, text

from app.store import claims, lanes, outbox
from app.store.claims import Room, Turns, Wanted
from app.store.outbox import CUSTOMER, FIRST, NOTICE, PAGE, URGENT, USUAL, OutboxRow
from tests.nodes import NIGHT, at_once

LEASE = timedelta(seconds=60)
FREE = {channel: Room() for channel in claims.CHANNELS}
ACCOUNT_OF: dict[int, str] = {}


def put(
    engine: Engine, *wants: tuple[str, int, int], channel: str = "sms", body: str = "x", minutes: int = 0
) -> list[int]:
    """Put messages of (account, rank, urgency) in; return their ids."""
    ids = [len(ACCOUNT_OF) + n for n in range(1, len(wants) + 1)]
    rows = [
        OutboxRow(
            id=number,
            ticket_id=None,
            rank=rank,
            text_id="page",
            channel=channel,
            address=f"+{number}",
            person="",
            subject="",
            body=body,
            created_at=NIGHT,
            not_before=NIGHT + timedelta(microseconds=number, minutes=minutes),
            account=account,
            urgency=urgency,
        )
        for number, (account, rank, urgency) in zip(ids, wants, strict=True)
    ]
    ACCOUNT_OF.update((row.id, row.account) for row in rows)
    with engine.begin() as connection:
        outbox.put(connection, rows)
    return ids


def wanted(batch: int = 8, *, pages: bool = False) -> Wanted:
    return Wanted(NIGHT + timedelta(seconds=1), LEASE, "one", batch, pages)


def turn(engine: Engine, turns: Turns, rooms: dict[str, Room] | None = None, batch: int = 8) -> list[int]:
    with engine.begin() as connection:
        claimed = claims.claim_in_turns(connection, wanted(batch), rooms or FREE, turns)
    return [message.id for message in claimed]


def accounts(ids: list[int]) -> str:
    return "".join(ACCOUNT_OF[each] for each in ids)


def test_accounts_go_in_rounds_that_go_on_where_the_last_ended(engine: Engine) -> None:
    put(engine, *[("a", NOTICE, USUAL)] * 30, *[("b", NOTICE, USUAL)] * 3, ("c", NOTICE, USUAL))
    put(engine, ("d", NOTICE, USUAL), minutes=1)  # it waits for its time
    turns = Turns()
    assert accounts(turn(engine, turns, batch=8)) == "abcababa"
    assert accounts(turn(engine, turns, batch=4)) == "aaaa"
    put(engine, *[("b", NOTICE, USUAL)] * 3)
    one = {"sms": Room(1)}
    assert [accounts(turn(engine, turns, one)) for _ in range(5)] == ["b", "a", "b", "a", "b"]


def test_urgent_goes_before_rounds_and_pages_before_all(engine: Engine) -> None:
    usual, urgent, first, second, other = put(
        engine, ("a", PAGE, USUAL), ("a", PAGE, URGENT), *[("z", PAGE, FIRST)] * 2, ("b", PAGE, USUAL)
    )
    notice, customer = put(engine, ("a", NOTICE, USUAL), ("b", CUSTOMER, USUAL))
    with engine.begin() as connection:
        claimed = claims.claim_in_turns(connection, wanted(pages=True), FREE, Turns())
    assert [c.id for c in claimed] == [first, second, urgent, usual, other]
    assert turn(engine, Turns()) == [customer, notice]


def test_a_lane_takes_what_it_has_room_for_in_segments(engine: Engine) -> None:
    long = put(engine, *[("a", NOTICE, USUAL)] * 4, body="x" * 161)
    mails = put(engine, *[("a", NOTICE, USUAL)] * 2, channel="email")
    assert turn(engine, Turns(), {"sms": Room(3), "email": Room(0), "voice": Room()}) == long[:2]
    assert turn(engine, Turns(), {"email": Room()}) == mails
    held = {"sms": Room(0, held=True)}
    assert turn(engine, Turns(), held) == []


def test_a_page_that_waited_long_is_tried_although_its_lane_is_held(engine: Engine) -> None:
    (page,) = put(engine, ("a", PAGE, FIRST))
    put(engine, ("a", NOTICE, USUAL))
    held = {"sms": Room(0, held=True)}
    for seconds, found in ((15, []), (1, [page])):
        with engine.begin() as connection:
            claimed = claims.claim_in_turns(
                connection, wanted(pages=True), held, Turns(), timedelta(seconds=seconds)
            )
        assert [c.id for c in claimed] == found
    assert turn(engine, Turns(), held) == []


def test_the_lanes_in_which_something_waits_are_known_with_their_pace(engine: Engine) -> None:
    put(engine, *[("a", NOTICE, USUAL)] * 2)
    put(engine, ("a", NOTICE, USUAL), channel="email")
    with engine.begin() as connection:
        assert claims.waiting(connection, wanted(), ["sms", "voice"]) == {"sms": True, "email": False}
        assert claims.waiting(connection, wanted(pages=True), ["sms"]) == {}
        slow = replace(lanes.lock(connection, ["email"], NIGHT)[0].lane, slow_until=NIGHT + LEASE)
        lanes.write(connection, [slow])
        assert claims.waiting(connection, wanted()) == {"sms": False, "email": True}
        claimed, others = claims.claim_due(connection, wanted())
    assert ([c.channel for c in claimed], others) == (["sms", "sms"], True)
    with engine.begin() as connection:
        assert claims.claim_due(connection, wanted()) == ([], True)


def test_a_claim_costs_by_accounts_and_not_by_what_waits(engine: Engine) -> None:
    put(engine, *[(account, rank, USUAL) for account in "abc" for rank in (PAGE, NOTICE) for _ in range(700)])
    with engine.begin() as connection:
        connection.execute(text("ANALYZE outbox"))
    read = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'outbox'")
    with engine.begin() as connection:
        before = connection.execute(read).scalar_one()
        for pages in (True, False):
            assert claims.waiting(connection, wanted(pages=pages), ["sms", "voice"]) == {"sms": True}
            assert len(lanes.lock(connection, ["sms", "voice"], NIGHT)) == 2
            rooms = {"sms": Room(5), "voice": Room(1), "email": Room()}
            assert len(claims.claim_in_turns(connection, wanted(pages=pages), rooms, Turns())) == 5
        assert connection.execute(read).scalar_one() - before < 400, "of 4,200 that wait"


def test_nodes_that_take_turns_at_once_take_each_message_once(engine: Engine) -> None:
    ids = put(engine, *[(account, NOTICE, USUAL) for account in "abcde" for _ in range(20)])
    taken: list[int] = []

    def drain() -> None:
        turns, idle = Turns(), 0
        while idle < 3:
            got = turn(engine, turns, batch=4)
            taken.extend(got)
            idle = 0 if got else idle + 1

    at_once(drain, drain, drain)
    drain()
    assert sorted(taken) == ids
    assert Counter(accounts(taken)) == dict.fromkeys("abcde", 20)
