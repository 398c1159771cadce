"""Comparing the provider's list with the inbox: by one node, from where the last look came to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from app.domain.message import Inbound
from app.ports import GatewayError, Trouble
from app.rulebook.revision import Rulebook
from app.usecases.missed import take_in_missed
from tests.nodes import NIGHT, TANYA, WATER, Clock, at_once, node, put, scalars, sms

MINUTE = timedelta(minutes=1)


@dataclass
class List:
    """A provider's list, and from when on it was read."""

    items: list[Inbound] = field(default_factory=list)
    trouble: GatewayError | None = None
    asked: list[datetime] = field(default_factory=list)

    def since(self, start: datetime, _most: int) -> list[Inbound]:
        self.asked.append(start)
        if self.trouble is not None:
            raise self.trouble
        return [item for item in self.items if item.received_at >= start]


def test_one_node_looks_and_a_provider_that_is_away_is_asked_for_all_of_it_later(
    company: Engine, rulebook: Rulebook
) -> None:
    clock, listed = Clock(), List()
    one, two = node(company, rulebook, clock), node(company, rulebook, clock, "two")

    def look(minutes: float) -> None:
        clock.at = NIGHT + minutes * MINUTE
        at_once(lambda: take_in_missed(one, listed), lambda: take_in_missed(two, listed))

    look(0)
    assert listed.asked == [], "a new installation has missed nothing"
    look(3)
    assert listed.asked == [NIGHT - 11 * MINUTE], "once, by one of them"
    old, fresh = sms(TANYA, WATER, NIGHT + 5 * MINUTE), sms(TANYA, "hello?", NIGHT + 600.5 * MINUTE)
    listed.items += [old, fresh]
    listed.trouble = GatewayError("away", trouble=Trouble.TRANSIENT)
    for minutes in (6, 9, 300):
        look(minutes)
    assert scalars(company, "SELECT count(*) FROM inbox") == [0]
    listed.trouble = None
    look(601)
    assert listed.asked[-1] == NIGHT - 8 * MINUTE, "from where the last look ended"
    assert scalars(company, "SELECT key FROM inbox") == [old.key], "the other one's webhook may be on its way"
    put(one, fresh)
    look(604)
    assert scalars(company, "SELECT count(*) FROM inbox") == [2]
    assert scalars(company, "SELECT received_at FROM inbox ORDER BY id") == [
        old.received_at,
        fresh.received_at,
    ]
    assert scalars(company, "SELECT detail->>'count' FROM audit WHERE kind = 'inbound_missed'") == ["1"]
    look(700_000)
    assert listed.asked[-1] == NIGHT + 700_000 * MINUTE - timedelta(days=7), "but not from years ago"


def test_after_an_upgrade_it_begins_with_the_newest_message(company: Engine, rulebook: Rulebook) -> None:
    clock, listed = Clock(NIGHT + 60 * MINUTE), List()
    house = node(company, rulebook, clock)
    put(house, sms(TANYA, WATER, NIGHT))
    take_in_missed(house, listed)
    assert listed.asked == [NIGHT - 10 * MINUTE]
