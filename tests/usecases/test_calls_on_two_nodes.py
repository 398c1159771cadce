"""Calls seen by several nodes: a key is one decision, a line is ended by one node and again when that fails."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from sqlalchemy import Engine

from app.domain.call_texts import SpokenId
from app.domain.message import Channel, Inbound, InboundKind
from app.ports import GatewayError, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import delivery, hanging_up, intake
from app.usecases.calls import Calls
from app.usecases.gateways import Gateways
from app.usecases.house import House
from tests.nodes import TANYA, WATER, Carrier, Clock, Lines, minutes, node, put, rows, scalars, sms

ROWS = "SELECT id FROM outbox WHERE rank = 0 AND channel = 'voice' ORDER BY id"


def called(house: House, senders: Executor) -> tuple[Lines, int]:
    """Open a ticket and turn its page into a call; return the lines and the page's row."""
    lines = Lines()
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    with house.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET channel = 'voice' WHERE rank = 0")
    gateways = Gateways(sms=Carrier(), mail=Carrier(), calls=lines)
    delivery.send_pending(house, gateways, senders, pages=True)
    (row_id,) = scalars(house.engine, ROWS)
    return lines, int(row_id)


def key(house: House, row_id: int, digit: str = "1") -> Inbound:
    return Inbound(
        provider="twilio",
        kind=InboundKind.KEY,
        channel=Channel.VOICE,
        key=f"CA1:1:{digit}",
        sender=f"receipt:{row_id}",
        recipient="",
        received_at=house.clock.now(),
        payload={"Digits": digit, "o": str(row_id), "CallSid": "CA1"},
        raw=b"",
    )


def test_a_key_that_comes_twice_is_one_decision_with_the_same_answer(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    one, two = node(company, rulebook, Clock()), node(company, rulebook, Clock(), "two")
    _, row_id = called(one, senders)
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda house: Calls(house).pressed(key(house, row_id)), (one, two)))
    assert said[0] == said[1]
    assert said[0] is not None
    assert said[0].words.startswith("You own ticket 1 0 4 2.")
    assert scalars(company, "SELECT count(*) FROM events WHERE kind = 'acknowledged'") == [1]
    assert scalars(company, "SELECT count(*) FROM inbox WHERE kind = 'key' AND state = 'done'") == [1]


def test_the_tokens_of_our_calls_cannot_be_made_up(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    house = node(company, rulebook, Clock())
    lines, row_id = called(house, senders)
    desk, token = Calls(house), lines.placed[0].token
    assert desk.outbox_id(token) == row_id
    for made_up in (
        "",
        "-",
        f"{row_id}-1-",
        f"{row_id}-2-{token[-32:]}",
        token[:-1],
        "9" * 500,
        "1-1-\udcff",
        "²-1-x",
    ):
        assert desk.outbox_id(made_up) is None
        assert desk.picked_up(made_up, "CA1", machine=False) is None
    assert desk.picked_up(token, "CA-of-somebody-else", machine=False) is None
    prompt = desk.picked_up(token, "CA1", machine=False)
    assert prompt is not None
    assert prompt.keys
    neutral = desk.picked_up(token, "CA1", machine=True)
    assert neutral is not None
    assert "water" not in neutral.words
    assert neutral.keys, "somebody taken for a machine can still press"


def test_a_line_that_is_moot_is_ended_once_and_again_when_that_failed(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    lines, _ = called(one, senders)
    assert hanging_up.end_moot(one, lines) == 0, "somebody is still asked"
    put(one, sms("+16175550103", "TAKE 1042"))
    intake.handle_waiting(one)
    lines.error = GatewayError("away", trouble=Trouble.TRANSIENT)
    assert hanging_up.end_moot(one, lines) == 1
    assert hanging_up.end_moot(two, lines) == 0, "the first node tries again later"
    lines.error = None
    clock.at += minutes(1)
    assert hanging_up.end_moot(two, lines) == 1
    assert (lines.ended, lines.asked) == (["CA1"], [])
    clock.at += minutes(1)
    assert hanging_up.end_moot(one, lines) == 0
    assert rows(company, "SELECT status FROM outbox WHERE channel = 'voice'") == [("ended",)]


def test_without_a_database_a_call_still_says_what_is_true(company: Engine, rulebook: Rulebook) -> None:
    house = node(company, rulebook, Clock())
    assert Calls(house).say(SpokenId.CALL_GREETING_C, TANYA).words.startswith("Tidewell, day and night")
    company.dispose()
    with house.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO outbox_away")
        connection.exec_driver_sql("ALTER TABLE contacts RENAME TO contacts_away")
    assert Calls(house).say(SpokenId.CALL_GREETING_C, TANYA).words.startswith("Tidewell, day and night")
    prompt = Calls(house).picked_up(house.call_token(1, 1), "CA1", machine=False)
    assert prompt is not None
    assert prompt.words.startswith("Tidewell on-call. There is a page for you.")
    assert Calls(house).pressed(key(house, 1)) is None
