"""The phones, mailboxes and lines of a storm's tests, and many customers who write at once."""

from __future__ import annotations

from concurrent.futures import Executor
from datetime import timedelta

from app.ports import SmsOut
from app.usecases.gateways import Gateways
from app.usecases.house import House
from tests.nodes import TANYA, Carrier, Lines, do_all, put, sms

MINUTE = timedelta(minutes=1)


class Phones:
    """Sends whatever is due, and shows what texts arrived."""

    def __init__(self, house: House, senders: Executor) -> None:
        self.house, self.senders = house, senders
        self.carrier, self.mail, self.lines = Carrier(), Carrier(), Lines()

    def send(self) -> None:
        ways = Gateways(sms=self.carrier, mail=self.mail, calls=self.lines)
        do_all(self.house, ways, self.senders)

    def pages(self, phone: str) -> list[str]:
        got = [m.body for m in self.carrier.taken if isinstance(m, SmsOut) and m.to == phone]
        return [body for body in got if "reply 1" in body or "Reply 1" in body]


def storm(house: House, count: int, first: int = 1, words: str = "the light is flickering") -> None:
    at = house.clock.now()
    put(house, *(sms(TANYA, f"NEW {words} {n}, store 114", at) for n in range(first, first + count)))
