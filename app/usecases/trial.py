"""Trying a message: everything that it would lead to, decided by the real engine and then thrown away.

The transaction is rolled back, so that nothing is stored and nothing is sent. What must not live here: how a
message is read and decided (intake and what it calls), printing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from itertools import takewhile

from sqlalchemy import Connection

from app.domain.directory import Directory
from app.domain.errors import CloseloopError
from app.domain.escalation import Step, plan
from app.domain.events import Opened
from app.domain.instants import format_instant
from app.domain.message import Channel, Inbound, InboundKind, Message
from app.domain.reading import read_message
from app.domain.roster import Scope
from app.domain.sla import ClockReport, Metric
from app.domain.ticket import Ticket
from app.rulebook.revision import Rulebook
from app.store import tickets as ticket_store
from app.store.inbox import Waiting
from app.store.outbox import OutboxRow
from app.usecases import intake
from app.usecases.correspondents import gather
from app.usecases.desk import Desk
from app.usecases.house import House, Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a message would lead to at `now`.

    `ticket` is the one that it would open (`opened` is its first event) or belong to, None when it touches
    none: then `outcome` says why. `steps` are the first round of its ladder if nobody acknowledges; `clocks`
    those that would run; `texts` what would be sent at once.
    """

    message: Message
    now: datetime
    outcome: str
    ticket: Ticket | None
    opened: Opened | None
    steps: tuple[Step, ...]
    clocks: Mapping[Metric, ClockReport]
    texts: tuple[OutboxRow, ...]
    directory: Directory


_PUNCTUATION = re.compile(r"[\s().-]")


class ChannelError(CloseloopError):
    """A message comes by sms, mail or voice."""


def channel_of(name: str, sender: str) -> Channel:
    """Return the channel of that name (`mail` for email); without one, what the sender's address is for."""
    if not name:
        return Channel.EMAIL if "@" in sender else Channel.SMS
    known = {"sms": Channel.SMS, "mail": Channel.EMAIL, "email": Channel.EMAIL, "voice": Channel.VOICE}
    if name not in known:
        raise ChannelError
    return known[name]


class _Still:
    """A clock that stands at one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


class _TrialDesk(Desk):
    """Draws no number: the sequence would not roll back."""

    def number(self) -> int:
        return ticket_store.next_number(self.connection)


def try_message(
    house: House,
    rulebook: Rulebook,
    *,
    text: str,
    sender: str,
    channel: Channel,
    subject: str = "",
    now: datetime,
) -> Tried:
    """Return what the message would lead to under `rulebook`; nothing is stored, nothing is sent."""
    identity = house.identity
    # A house of its own: the caches of the real one must not remember what is rolled back.
    own = House(
        engine=house.engine,
        clock=_Still(now),
        ids=house.ids,
        rulebook=rulebook,
        identity=identity,
        follows=False,
    )
    inbound = _inbound(text, sender=sender, channel=channel, subject=subject, now=now, identity=identity)
    waiting = Waiting(0, 0, inbound)
    message = read_message(inbound, own_domain=identity.mail_domain)
    with house.engine.connect() as connection:
        transaction = connection.begin()
        try:
            return _decided(own, connection, waiting, message)
        finally:
            transaction.rollback()


def _decided(house: House, connection: Connection, waiting: Waiting, message: Message) -> Tried:
    now = house.clock.now()
    desk = _TrialDesk(house, connection, now)
    people = gather(desk, [message])
    handled = intake.handle_one(desk, people, waiting, message)
    ticket = desk.tickets.get(handled.ticket_id) if handled.ticket_id is not None else None
    events = desk.events(ticket.id) if ticket else ()
    opened = next((event for event in events if isinstance(event, Opened)), None)
    return Tried(
        message=message,
        now=now,
        outcome=handled.outcome,
        ticket=ticket,
        opened=opened,
        steps=_steps(house, desk, ticket) if ticket and opened else (),
        clocks=desk.clocks(ticket.id) if ticket else {},
        texts=tuple(desk.outbox),
        directory=desk.roster.directory,
    )


def _steps(house: House, desk: Desk, ticket: Ticket) -> tuple[Step, ...]:
    scope = Scope(ticket.account, ticket.site, ticket.trade)

    def resolve(target: str, at: datetime) -> Iterable[str]:
        return desk.roster.who([target], scope, at)

    steps: Sequence[Step] = plan(house.rulebook.ladder(ticket.ladder), desk.now, resolve)
    return tuple(takewhile(lambda step: step.position is not None and step.position.round == 1, steps))


def _inbound(
    text: str, *, sender: str, channel: Channel, subject: str, now: datetime, identity: Identity
) -> Inbound:
    """Return the message as a webhook would have stored it."""
    recipient = ""
    payload: dict[str, object] = {"Body": text, "MessageSid": "trial"}
    raw = text.encode("utf-8", "replace")
    if channel != Channel.EMAIL:
        sender = _PUNCTUATION.sub("", sender)
    else:
        sender, recipient = sender.lower(), f"desk@{identity.mail_domain or 'example.com'}"
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, recipient, " ".join(subject.split())
        mail.set_content(text)
        payload, raw = {}, bytes(mail)
    return Inbound(
        provider="trial",
        kind=InboundKind.MESSAGE,
        channel=channel,
        key=f"trial {format_instant(now)}",
        sender=sender,
        recipient=recipient,
        received_at=now,
        payload=payload,
        raw=raw,
    )
