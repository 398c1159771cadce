"""Bursts: smoothed by the pace of a sender, shared by accounts and nodes, slowed by providers; none is lost."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.domain.message import Channel
from app.ports import GatewayError, MailOut, SmsOut, Trouble
from app.rulebook.revision import Rulebook
from app.store import outbox
from app.store.lanes import HeldBack
from app.store.outbox import FIRST, NOTICE, PAGE, USUAL, OutboxRow
from app.store.reconcile import queues as queues_of
from app.usecases import delivery, intake, pacing, reconcile, views
from app.usecases.gateways import Gateways
from app.usecases.health import Health
from app.usecases.house import House
from app.usecases.pulse import Pulse
from app.web.access import Visitor
from app.web.board import Filters, board_page
from tests.nodes import NIGHT, Carrier, Clock, Lines, at_once, node, put, receipt, refusing, scalars

TOO_FAST = GatewayError("429", trouble=Trouble.TRANSIENT, code="20429")
PENDING = "SELECT count(*) FROM outbox WHERE state = 'pending'"


def notices(house: House, account: str, count: int, *, rank: int = NOTICE, channel: str = "sms") -> None:
    """Put messages of an account into the outbox; the body of each is the account's name."""
    now = house.clock.now()
    rows = [
        OutboxRow(
            id=house.ids.next(),
            ticket_id=None,
            rank=rank,
            text_id="acked",
            channel=channel,
            address=f"+1{account}{n}",
            person="",
            subject="",
            body=account,
            created_at=now,
            not_before=now,
            account=account,
            urgency=FIRST if rank == PAGE else USUAL,
        )
        for n in range(count)
    ]
    with house.begin() as connection:
        outbox.put(connection, rows)


class Street:
    """Nodes that each look once a second, a carrier that writes down when it took what."""

    def __init__(
        self, houses: list[House], clock: Clock, senders: Executor, limits: dict[Channel, float]
    ) -> None:
        self.houses, self.clock, self.senders = houses, clock, senders
        self.took: list[tuple[datetime, str]] = []
        self.refuse: GatewayError | None = None
        self.gateways = Gateways(
            sms=Carrier(self._take), mail=Carrier(self._take), calls=Lines(), limits=limits
        )

    def _take(self, message: SmsOut | MailOut) -> str | None:
        if self.refuse is not None:
            raise self.refuse
        self.took.append((self.clock.at, message.body if isinstance(message, SmsOut) else message.text))
        return None

    def tick(self, seconds: float = 1) -> None:
        """Let every node do what it may now, all at once; then let time pass."""

        def work(house: House) -> None:
            for pages in (True, False):
                while delivery.send_pending(house, self.gateways, self.senders, pages=pages):
                    pass

        at_once(*[lambda h=h: work(h) for h in self.houses])  # type: ignore[misc]
        self.clock.at += timedelta(seconds=seconds)

    def order(self) -> list[str]:
        return [account for _, account in self.took]


def test_three_hundred_notices_hold_up_neither_a_page_nor_another_account(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    houses = [node(company, rulebook, clock), node(company, rulebook, clock, "two")]
    street = Street(houses, clock, senders, {Channel.SMS: 10})
    notices(houses[0], "storm", 300)
    street.tick()
    assert Counter(street.order()) == {"storm": 11}  # what a second may carry, and one
    notices(houses[1], "calm", 3)
    notices(houses[1], "urgent", 1, rank=PAGE)
    street.tick()
    assert Counter(street.order()[11:]) == {"urgent": 1, "calm": 3, "storm": 6}
    while len(street.took) < 304:
        before = len(street.took)
        street.tick()
        assert 0 < len(street.took) - before <= 10
    assert scalars(company, "SELECT DISTINCT state FROM outbox") == ["sent"]
    assert scalars(company, "SELECT DISTINCT attempts FROM outbox") == [1]


def test_notices_wait_while_pages_use_up_a_slow_number(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {Channel.SMS: 1})
    notices(house, "notice", 2)
    notices(house, "page", 4, rank=PAGE)
    assert delivery.send_pending(house, street.gateways, senders, pages=False) == 0, "pages come first"
    notices(house, "mail", 1, channel="email")
    for _ in range(6):
        street.tick()
    assert street.order() == ["page", "page", "mail", "page", "page", "notice", "notice"]


def test_without_a_limit_all_goes_at_once_in_rounds(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {})
    notices(house, "storm", 100)
    notices(house, "calm", 5)
    street.tick()
    assert Counter(street.order()) == {"storm": 100, "calm": 5}
    assert max(i for i, account in enumerate(street.order()) if account == "calm") < 64
    assert scalars(company, "SELECT count(*) FROM lanes") == [0]


def test_a_provider_that_says_too_fast_is_left_alone_then_tried_slowly_and_all_arrives(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {})
    notices(house, "storm", 100)
    street.refuse = TOO_FAST
    assert delivery.send_pending(house, street.gateways, senders, pages=False) == 32
    street.refuse = None
    street.tick()
    assert street.took == []
    street.tick()
    assert len(street.took) == 17  # half of 32 a second, and one
    for _ in range(80):
        street.tick()
    assert len(street.took) == 100
    notices(house, "later", 40)
    street.tick()
    assert len(street.took) == 140


def test_the_providers_own_word_says_when_and_pages_go_another_way_in_time(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {})
    ten_minutes = timedelta(minutes=10)
    street.refuse = GatewayError("429", trouble=Trouble.TRANSIENT, code="429", again=ten_minutes)
    start = clock.at
    notices(house, "notice", 2, channel="email")
    street.tick()
    notices(house, "page", 1, rank=PAGE, channel="email")
    tried = "SELECT at FROM delivery_attempts a JOIN outbox o ON o.id = a.outbox_id WHERE o.body = 'page'"
    for _ in range(40):
        street.tick()
    assert scalars(company, tried) == [start + timedelta(seconds=16)]
    assert scalars(company, "SELECT state FROM outbox WHERE body = 'page'") == ["failed"]
    street.refuse = None
    clock.at = start + ten_minutes - timedelta(seconds=1)
    street.tick()
    assert street.order().count("notice") == 0
    clock.at += timedelta(minutes=1)
    street.tick()
    assert street.order().count("notice") == 2


def test_a_receipt_that_tells_of_a_full_queue_slows_its_number(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {})
    notices(house, "early", 1)
    street.tick()
    (first,) = scalars(company, "SELECT id FROM outbox")
    put(house, receipt(first, "undelivered", "30001", clock.at))
    intake.handle_receipts(house)
    notices(house, "late", 1)
    notices(house, "mail", 1, channel="email")
    street.tick()
    assert street.order() == ["early", "mail"]
    street.tick()
    assert street.order() == ["early", "mail", "late"]
    assert scalars(company, "SELECT code FROM lanes WHERE slow_until > :now", now=clock.at) == ["30001"]


def test_a_long_text_counts_by_its_segments(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {Channel.SMS: 2})
    notices(house, "of two segments " * 12, 5)
    after = []
    for _ in range(4):
        street.tick()
        after.append(len(street.took))
    assert after == [2, 3, 4, 5]  # two segments a second, and what the second before had left


def test_of_several_words_from_one_provider_the_longest_counts(company: Engine) -> None:
    minute = timedelta(minutes=1)
    told = [
        ("sms", "20429", NIGHT + 9 * minute),
        ("sms", "20429", None),
        ("voice", "20429", NIGHT + 5 * minute),
    ]
    with company.begin() as connection:
        pacing.slow_down(connection, told, NIGHT)
    held = scalars(company, "SELECT held_until FROM lanes ORDER BY name")
    assert held == [NIGHT + 9 * minute, NIGHT + 9 * minute]


def test_an_outage_is_no_push(company: Engine, rulebook: Rulebook, senders: Executor) -> None:
    house = node(company, rulebook, Clock())
    notices(house, "any", 1)
    away = Carrier(refusing(GatewayError("503", trouble=Trouble.TRANSIENT, code="20503")))
    delivery.send_pending(house, Gateways(sms=away, mail=away, calls=Lines()), senders, pages=False)
    assert scalars(company, "SELECT count(*) FROM lanes") == [0]
    assert scalars(company, PENDING) == [1]


def test_what_is_held_back_is_counted_and_is_no_alarm(
    company: Engine, rulebook: Rulebook, senders: Executor
) -> None:
    clock = Clock()
    house = node(company, rulebook, clock)
    street = Street([house], clock, senders, {Channel.SMS: 1})
    notices(house, "storm", 60)
    for _ in range(40):
        street.tick()

    def shown() -> tuple[str, ...]:
        board = views.board(house)
        visitor = Visitor(role="nobody", name="", person="", actor="", csrf="")
        return board_page(board, visitor, Filters()).held

    assert shown() == ("19 texts held back: they go as fast as the sender may",)
    assert reconcile.reconcile(house) == reconcile.Findings({}, 0, {})
    with house.begin() as connection:
        queues = {q.name: (q.waiting, q.late_seconds) for q in queues_of(connection, clock.at)}
    assert (queues["held"], queues["notices"]) == ((19, 40), (0, 0))
    street.refuse = TOO_FAST
    street.tick(0)
    assert shown() == ("18 texts held back: the provider says too fast (20429), again from 2:11a",)
    assert Health(house, Pulse(house, role="both", version="1")).look().held == (
        HeldBack(lane="sms", waiting=18, code="20429", until=clock.at + timedelta(seconds=1)),
    )
    clock.at += timedelta(seconds=1)
    assert shown() == ("18 texts held back: slower, because the provider said too fast (20429)",)
    street.refuse = None
    while scalars(company, PENDING) != [0]:
        street.tick()
    clock.at += timedelta(minutes=2)
    assert shown() == ()
