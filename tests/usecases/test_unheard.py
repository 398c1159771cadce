"""A receipt that never came: the provider is asked, and what it says counts as the receipt would have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.domain.message import Inbound
from app.ports import GatewayError, Trouble
from app.rulebook.revision import Rulebook
from app.usecases import delivery, intake
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.unheard import ask_about_unheard
from tests.nodes import DANA, NIGHT, TANYA, WATER, Carrier, Clock, Lines, node, put, receipt, rows, sms

STATUS = "SELECT status, code FROM outbox WHERE address = :a AND channel = 'sms' ORDER BY id LIMIT 1"


@dataclass
class Knowing(Carrier):
    """A carrier that knows what became of each text, and remembers which ones it was asked about."""

    word: str = "sent"
    code: str = ""
    trouble: GatewayError | None = None
    asked: list[int] = field(default_factory=list)

    def look_up(self, _provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        self.asked.append(outbox_id)
        if self.trouble is not None:
            raise self.trouble
        return receipt(outbox_id, self.word, self.code, now)


def a_page_is_sent(house: House, carrier: Knowing) -> None:
    put(house, sms(TANYA, WATER))
    intake.handle_waiting(house)
    gateways = Gateways(sms=carrier, mail=carrier, calls=Lines())
    with ThreadPoolExecutor(4) as senders:
        for pages in (True, False):
            delivery.send_pending(house, gateways, senders, pages=pages)


def test_a_text_without_a_receipt_is_asked_about(company: Engine, rulebook: Rulebook) -> None:
    clock, carrier = Clock(), Knowing()
    house, other = node(company, rulebook, clock), node(company, rulebook, clock, "two")
    a_page_is_sent(house, carrier)
    texts = [m.outbox_id for m in carrier.taken if hasattr(m, "valid_seconds")]
    assert texts

    def ask(minutes: float) -> list[int]:
        carrier.asked.clear()
        clock.at = NIGHT + timedelta(minutes=minutes)
        for each in (house, other):
            ask_about_unheard(each, carrier, Lines())
        intake.handle_receipts(house)
        return sorted(carrier.asked)

    assert ask(0.9) == []
    assert ask(2) == sorted(texts), "once, by one of the nodes"
    assert ask(2.4) == []
    assert rows(company, STATUS, a=DANA) == [("sent", "")]
    receipts = "SELECT count(*) FROM inbox WHERE kind = 'receipt'"
    news = rows(company, receipts)
    assert (ask(6), rows(company, receipts)) == (sorted(texts), news), "that it is still sent is no news"
    carrier.trouble = GatewayError("no answer", trouble=Trouble.AMBIGUOUS)
    assert len(ask(16)) == 1, "a provider that is away is left alone"
    carrier.trouble, carrier.word, carrier.code = None, "undelivered", "30003"
    put(house, receipt(texts[-1], "delivered"))
    intake.handle_receipts(house)
    assert ask(61) == sorted(texts[:-1]), "of that one the end is known"
    assert rows(company, STATUS, a=DANA) == [("undelivered", "30003")]
    told = "SELECT count(*) FROM events WHERE kind = 'delivery_failed'"
    assert rows(company, told) == [(len(texts) - 1,)]
    carrier.word, carrier.code = "sent", ""
    assert ask(1000) == []


def test_a_call_whose_end_was_never_told_is_asked_about_and_its_next_method_tried(
    company: Engine, rulebook: Rulebook
) -> None:
    clock, carrier, lines = Clock(), Knowing(), Lines()
    house = node(company, rulebook, clock)
    a_page_is_sent(house, carrier)
    with company.begin() as connection:
        called = connection.exec_driver_sql(
            "UPDATE outbox SET channel = 'voice', provider_id = 'CA7', status = 'answered'"
            " WHERE address = %s AND rank = 0 RETURNING id",
            (DANA,),
        ).scalar()
    assert called
    clock.at = NIGHT + timedelta(minutes=2)
    ask_about_unheard(house, carrier, lines)
    intake.handle_receipts(house)
    assert (lines.asked, called in carrier.asked) == (["CA7"], False)
    row = "SELECT status, code, finished_at IS NOT NULL FROM outbox WHERE id = :id"
    assert rows(company, row, id=called) == [("undelivered", "no_answer", True)]
    assert rows(company, "SELECT count(*) FROM events WHERE kind = 'delivery_failed'") == [(1,)]
    clock.at = NIGHT + timedelta(minutes=6)
    ask_about_unheard(house, carrier, lines)
    assert lines.asked == ["CA7"]
