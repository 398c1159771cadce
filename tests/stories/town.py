"""A town for stories: the real server on loopback, simulated phones and mailboxes, and a clock to turn.

Everything is real but the carriers and the time: webhooks over HTTP with real signatures, PostgreSQL, the
providers' own SDKs. Work is done when a story says so (`settle`), so that a story never waits or races.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, text

from app import bootstrap, serving
from app.rulebook.revision import Rulebook
from app.settings import Settings
from app.store import timers as timer_store
from app.usecases import delivery, hanging_up, intake, orphans, timers
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from app.usecases.gateways import Gateways
from app.usecases.house import House, Identity
from app.usecases.pulse import Pulse
from app.usecases.roles import Role
from app.usecases.views import TicketView, ticket_by_number
from simulator.config import Config
from simulator.running import Simulator
from tests.serving import Served

ROOT = Path(__file__).parents[2]
COMPANY = ROOT / "demo" / "company.yaml"
NIGHT = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)  # a Tuesday, 2:11 a.m. in New York
NUMBER = "+15005550006"
DOMAIN = "help.tidewell.example"
HELP = f"help@{DOMAIN}"

# What each step of a worker looks for, and rather more than it takes: a step may still find nothing.
_DUE = text(
    """
    SELECT
        EXISTS (SELECT FROM inbox WHERE state = 'new' AND kind <> 'receipt' AND not_before <= :now) AS messages,
        EXISTS (SELECT FROM inbox WHERE state = 'new' AND kind = 'receipt' AND not_before <= :now) AS receipts,
        EXISTS (SELECT FROM timers WHERE not_before <= :now) AS timers,
        EXISTS (SELECT FROM people WHERE NOT active) AS orphans,
        EXISTS (SELECT FROM outbox WHERE state = 'pending' AND not_before <= :now) AS outbox,
        EXISTS (SELECT FROM outbox WHERE channel = 'voice' AND state = 'sent') AS calls
    """
)
_Steps = dict[str, Callable[[], int]]


class Clock:
    """Stands still until it is turned."""

    def __init__(self, at: datetime = NIGHT) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Town:
    """What a story needs at hand."""

    house: House
    sim: Simulator
    served: Served
    clock: Clock
    gateways: Gateways
    senders: ThreadPoolExecutor

    def settle(self) -> None:
        """Do all work that is due now, in turn, until there has been none in a whole round."""
        house, gateways, senders = self.house, self.gateways, self.senders
        taking_in: _Steps = {
            "messages": lambda: intake.handle_waiting(house),
            "receipts": lambda: intake.handle_receipts(house),
        }
        acting: _Steps = {
            "timers": lambda: timers.fire_due(house),
            "orphans": lambda: orphans.ask_for_orphans(house),
            "outbox": lambda: (
                delivery.send_pending(house, gateways, senders, pages=True)
                + delivery.send_pending(house, gateways, senders, pages=False)
            ),
            "calls": lambda: hanging_up.end_moot(house, gateways.calls),
        }
        for _ in range(100):
            assert self.sim.settle(60)  # the providers have posted what they have to post
            if self._do(taking_in) + self._do(acting) == 0:
                return
        raise AssertionError("the town never comes to rest")

    def _do(self, steps: _Steps) -> int:
        """Do these steps of a worker, but those of which one look says that they would find nothing."""
        with self.house.begin() as connection:
            due = connection.execute(_DUE, {"now": self.clock.at}).one()._mapping
        return sum(step() for name, step in steps.items() if due[name])

    def tell_the_time(self) -> None:
        """Set the providers' clock by the town's: what they list from now on shows when it was."""
        ahead = self.clock.at.timestamp() - time.time()
        self.sim.set_provider("twilio", ahead=ahead)

    def text(self, phone: str, body: str, **more: Any) -> None:
        """Somebody writes a text; it is answered and worked off."""
        self.sim.text(phone, body, **more)
        self.settle()

    def ringing(self, phone: str) -> dict[str, Any]:
        """Return the call that rings on a phone."""
        return self.sim.ringing(phone, timeout=0.1)

    def rings(self, phone: str) -> bool:
        """Return whether a phone rings."""
        return any(call["asks"] == "pick_up" for call in self.sim.phone(phone).calls)

    def on_call(self, call: dict[str, Any], deed: str, words: str = "") -> dict[str, Any]:
        """Somebody does something on a call (see the simulator's client); it is worked off."""
        self.sim.on_call(call, deed, words)
        self.settle()
        return self.sim.waits(call)

    def mail(self, sender: str, text: str, subject: str = "", **more: Any) -> None:
        """Somebody writes a mail."""
        self.sim.mail(sender, text, subject=subject, to=HELP, **more)
        self.settle()

    def reply(self, address: str, text: str, containing: str = "") -> None:
        """Somebody answers the newest mail in their mailbox (that contains these words)."""
        mails = [
            m for m in self.sim.mailbox(address) if m["direction"] == "to_mailbox" and containing in str(m)
        ]
        self.sim.reply(mails[-1], address, text)
        self.settle()

    def later(self, **delta: float) -> None:
        """Let time pass; what comes due on the way happens at its own time."""
        end = self.clock.at + timedelta(**delta)
        while True:
            due = self._next_moment()
            if due is None or due > end:
                break
            self.clock.at = max(self.clock.at, due)
            self.settle()
        self.clock.at = end
        self.settle()

    def change_company(self, *changes: tuple[str, str]) -> None:
        """Load the demo's directory anew with pieces of its file replaced."""
        words = by_text(COMPANY.read_text("utf-8"))
        for old, new in changes:
            assert old in words
            words = words.replace(old, new)
        load_directory(self.house.engine, parse_directory(words, COMPANY.name), now=self.clock.now())

    def _next_moment(self) -> datetime | None:
        """Return when the next timer fires, or the next message is tried again."""
        with self.house.begin() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT min(not_before) FROM (SELECT not_before FROM outbox WHERE state = 'pending'"
                " UNION ALL SELECT not_before FROM inbox WHERE state = 'new') w"
            ).scalar()
            return min(filter(None, (timer_store.next_due(connection), waiting)), default=None)

    def inbox(self, phone: str) -> list[str]:
        """Return the texts that arrived on a phone."""
        return self.sim.phone(phone).inbox

    def last(self, phone: str) -> str:
        """Return the newest text on a phone, or nothing."""
        return (self.inbox(phone) or [""])[-1]

    def mails(self, address: str) -> list[dict[str, Any]]:
        """Return the mails that arrived at an address."""
        return [m for m in self.sim.mailbox(address) if m["direction"] == "to_mailbox"]

    def ticket(self, number: int = 1042) -> TicketView:
        """Return a ticket with all that belongs to it."""
        view = ticket_by_number(self.house, number)
        assert view is not None, f"there is no ticket {number}"
        return view

    def kinds(self, number: int = 1042) -> list[str]:
        """Return the kinds of a ticket's events in the order recorded."""
        return [event.kind for event in self.ticket(number).events]


def by_text(company: str) -> str:
    """Return a directory file in which nobody is called: a story that is about calls says who is."""
    return re.sub(r"\{voice: [^}]*\}, ", "", company)


class _NoPulse(Pulse):
    """The town's clock stands still or jumps: beside the database's it would be refused every other second."""

    def beat(self) -> None:
        """Leave no sign of life."""


def move_in(engine: Engine) -> None:
    """Load the demo's company as stories have it into a migrated database."""
    content = parse_directory(by_text(COMPANY.read_text("utf-8")), COMPANY.name)
    load_directory(engine, content, now=NIGHT)


@contextmanager
def town(
    engine: Engine, rulebook: Rulebook, *, at: datetime = NIGHT, phones: Path | None = None
) -> Iterator[Town]:
    """Build a town on a database into which its people have moved.

    One that goes on from another's database begins `at` its time, with what was on its `phones`: their file.
    """
    apps: dict[str, Any] = {}

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await apps["app"](scope, receive, send)

    clock = Clock(at)
    served = Served(late)
    config = Config(
        app_url=served.url,
        mail_to=HELP,
        parse_user="sendgrid",
        parse_password="secret",
        numbers=(NUMBER,),
        state=phones,
    )
    with Simulator(config) as sim:
        settings = Settings(
            public_url=served.url,
            role=Role.WEB,
            twilio_account_sid=config.account_sid,
            twilio_auth_token=SecretStr(config.auth_token),
            twilio_from=NUMBER,
            twilio_api_base=sim.url,
            sendgrid_api_key=SecretStr(config.sendgrid_key),
            sendgrid_api_base=sim.url,
            sendgrid_event_key=sim.public_key,
            sendgrid_parse_user="sendgrid",
            sendgrid_parse_password=SecretStr("secret"),
            mail_from=HELP,
            mail_domain=DOMAIN,
            secret=SecretStr("s" * 32),
        )
        house = House(
            engine=engine,
            clock=clock,
            ids=bootstrap.SystemIds(),
            rulebook=rulebook,
            identity=Identity(public_url=served.url, mail_domain=DOMAIN, secret=b"s" * 32, node="test"),
        )
        apps["app"] = serving.build_app(settings, house, _NoPulse(house, role="web", version="town"))
        with served, ThreadPoolExecutor(4) as senders:
            yield Town(house, sim, served, clock, bootstrap.build_gateways(settings), senders)
            served.begin_to_end()  # both at once: each takes its time
            sim.begin_to_end()
