"""Several nodes on one database, without a server: houses, messages put straight into the inbox, threads."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from app import bootstrap
from app.domain.message import Channel, Inbound, InboundKind
from app.ports import CallOut, Found, GatewayError, MailOut, Sent, SmsOut
from app.rulebook.revision import Rulebook
from app.store import inbox
from app.usecases import delivery, intake, timers
from app.usecases.directory import load_directory
from app.usecases.directory_file import parse_directory
from app.usecases.gateways import Gateways
from app.usecases.house import House, Identity

ROOT = Path(__file__).parents[1]
COMPANY = ROOT / "demo" / "company.yaml"
NIGHT = datetime(2026, 6, 9, 6, 11, tzinfo=UTC)
TANYA, DANA, PRIYA = "+16175550114", "+16175550101", "+16175550103"
WATER = "water coming through ceiling aisle 7, store 114"

_keys = itertools.count(1)


@dataclass
class Clock:
    at: datetime = NIGHT

    def now(self) -> datetime:
        return self.at


@dataclass
class Carrier:
    """Both gateways: takes everything unless `answer` raises; remembers what it took.

    It lists what it took, unless `silent`, an error, is raised in place of that.
    """

    answer: Callable[[SmsOut | MailOut], str | None] = lambda _message: None
    taken: list[SmsOut | MailOut] = field(default_factory=list)
    silent: GatewayError | None = None

    def send(self, message: Any) -> Sent:
        status = self.answer(message) or "queued"
        self.taken.append(message)
        return Sent(provider_id=f"SM{message.outbox_id}", status=status)

    def recent(self, to: str, _since: datetime) -> list[Found]:
        if self.silent is not None:
            raise self.silent
        mine = [m for m in self.taken if isinstance(m, SmsOut) and m.to == to]
        return [Found(provider_id=f"SM{m.outbox_id}", text=m.body) for m in mine[::-1]]


@dataclass
class Lines:
    """The gateway of calls: takes everything; remembers what it placed, ended and had asked again."""

    placed: list[CallOut] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    error: GatewayError | None = None
    lost: GatewayError | None = None
    over: bool = False

    def place(self, call: CallOut) -> Sent:
        self.placed.append(call)
        if self.lost is not None:
            raise self.lost
        return Sent(provider_id=f"CA{len(self.placed)}", status="queued")

    def recent(self, to: str, _since: datetime) -> list[Found]:
        return [
            Found(provider_id=f"CA{n}", over=self.over)
            for n, call in enumerate(self.placed, start=1)
            if call.to == to
        ]

    def look_up(self, provider_id: str, outbox_id: int, now: datetime) -> Inbound:
        """Say of each call that nobody picked up."""
        self.asked.append(provider_id)
        payload = {"CallSid": provider_id, "CallStatus": "no-answer", "o": str(outbox_id)}
        return replace(
            receipt(outbox_id, "", at=now), channel=Channel.VOICE, key=f"asked:{provider_id}", payload=payload
        )

    def end(self, provider_id: str) -> None:
        if self.error:
            raise self.error
        self.ended.append(provider_id)

    def ask_again(self, provider_id: str, token: str, *, machine: bool) -> None:
        self.asked.append(f"{provider_id} {token} {machine}")


def refusing(error: GatewayError) -> Callable[[SmsOut | MailOut], str | None]:
    def answer(_message: SmsOut | MailOut) -> str | None:
        raise error

    return answer


def node(engine: Engine, rulebook: Rulebook, clock: Clock, name: str = "one") -> House:
    """Return a house as a process of its own has it: same database, own caches."""
    return House(
        engine=engine,
        clock=clock,
        ids=bootstrap.SystemIds(),
        rulebook=rulebook,
        identity=Identity(
            public_url="http://ops.example", mail_domain="help.example", secret=b"s" * 32, node=name
        ),
    )


def load_company(engine: Engine, now: datetime = NIGHT) -> None:
    load_directory(engine, parse_directory(COMPANY.read_text("utf-8"), COMPANY.name), now=now)


def sms(sender: str, body: str, at: datetime = NIGHT, **payload: str) -> Inbound:
    key = f"SM{next(_keys):032x}"
    return Inbound(
        provider="twilio",
        kind=InboundKind.MESSAGE,
        channel=Channel.SMS,
        key=key,
        sender=sender,
        recipient="+15005550006",
        received_at=at,
        payload={"MessageSid": key, "From": sender, "Body": body, **payload},
        raw=b"",
    )


def receipt(outbox_id: int, status: str, code: str = "", at: datetime = NIGHT) -> Inbound:
    sid = f"SM{outbox_id}"
    return Inbound(
        provider="twilio",
        kind=InboundKind.RECEIPT,
        channel=Channel.SMS,
        key=f"{sid}:{status}:{next(_keys)}",
        sender=f"receipt:{outbox_id}",
        recipient="",
        received_at=at,
        payload={"MessageSid": sid, "MessageStatus": status, "ErrorCode": code, "o": str(outbox_id)},
        raw=b"",
    )


def put(house: House, *items: Inbound) -> list[int]:
    """Store requests as the webhook would; return their inbox ids."""
    rows = [(house.ids.next(), item) for item in items]
    with house.begin() as connection:
        inbox.store(connection, rows)
    return [row_id for row_id, _ in rows]


def do_all(house: House, ways: Gateways, senders: Executor) -> None:
    """Do what a node's loops do, until nothing is due: take in, fire timers, send pages, then the rest."""
    while intake.handle_waiting(house) + timers.fire_due(house):
        pass
    for pages in (True, False):
        while delivery.send_pending(house, ways, senders, pages=pages):
            pass


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run all in threads that begin together; raise what any of them raises."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        barrier.wait(60)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(240) for future in [pool.submit(begin, work) for work in works]]


def until_idle(work: Callable[[], int]) -> Callable[[], int]:
    """Return a function that repeats `work` until it finds nothing twice, and returns how much it did."""

    def run() -> int:
        total = idle = 0
        while idle < 2:
            did = work()
            total += did
            idle = 0 if did else idle + 1
        return total

    return run


def rows(engine: Engine, query: str, **values: object) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(query), values).all())


def scalars(engine: Engine, query: str, **values: object) -> list[Any]:
    return [row[0] for row in rows(engine, query, **values)]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def clocks(*offsets: float) -> Iterator[Clock]:
    """Yield clocks that differ by so many seconds."""
    return (Clock(NIGHT + timedelta(seconds=offset)) for offset in offsets)
