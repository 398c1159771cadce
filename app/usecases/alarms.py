"""Closeloop's own alarms: the duty manager hears that something is wrong with it, by a way that works.

What must not live here: what is wrong (reconcile.py, missed.py, outcomes.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from app.domain.directory import ContactMethod, MethodKind, Role
from app.domain.message import Channel
from app.domain.roster import Scope
from app.store import oncall
from app.store import outbox as outbox_store
from app.store.outbox import PAGE, URGENT, OutboxRow
from app.usecases.house import House

ALARM_EVERY = timedelta(minutes=15)
BY_PHONE = frozenset({Channel.SMS, Channel.VOICE})
"""What one provider carries; the other one has the mails."""
PATHS = {MethodKind.SMS: Channel.SMS, MethodKind.EMAIL: Channel.EMAIL}
"""The contact methods that words of our own go by, and how."""
_KEPT = timedelta(days=1)
_LONGEST = 80


def raise_alarm(
    house: House, connection: Connection, kind: str, words: str, *, without: frozenset[Channel] = frozenset()
) -> bool:
    """Tell who is on duty now, at most once in a quarter of an hour for each `kind`; return whether it was.

    It goes by text and by mail at once, because the broken way may be one of them, but never by those in
    `without`, which are known to be broken. `words` are a sentence without its full stop.
    """
    now = house.clock.now()
    if not oncall.first_time(connection, kind, [slot(now, ALARM_EVERY)], now):
        return False
    oncall.forget_before(connection, kind, now - _KEPT)
    roster = house.roster(connection)
    methods = [
        (person, method)
        for person in roster.who([Role.DUTY_MANAGER], Scope(), now)
        for method in roster.methods(person)
        if method.kind in PATHS and PATHS[method.kind] not in without
    ]
    outbox_store.put(
        connection,
        [
            row_to(
                house,
                person,
                method,
                rank=PAGE,
                kind=kind,
                subject="Closeloop needs a look",
                body=f"Closeloop alarm: {words}. Whoever runs it: closeloop doctor",
            )
            for person, method in methods
        ],
    )
    return bool(methods)


def row_to(
    house: House, person: str, method: ContactMethod, *, rank: int, kind: str, subject: str, body: str
) -> OutboxRow:
    """Return words of our own, about no ticket, to one of a person's addresses; mails have the subject."""
    now = house.clock.now()
    return OutboxRow(
        id=house.ids.next(),
        ticket_id=None,
        rank=rank,
        text_id=kind,
        channel=PATHS[method.kind],
        address=method.address,
        person=person,
        subject=subject if method.kind == MethodKind.EMAIL else "",
        body=body,
        created_at=now,
        not_before=now,
        urgency=URGENT,
    )


def provider_alarm(house: House, connection: Connection, channel: Channel, what: str) -> None:
    """Tell by the other provider that one of them does not take what we send."""
    mail = channel is Channel.EMAIL
    name, kind = ("SendGrid", "sendgrid_fails") if mail else ("Twilio", "twilio_fails")
    without = frozenset({Channel.EMAIL}) if mail else BY_PHONE
    words = f"{name} does not take our {'mails' if mail else 'texts and calls'} ({what[:_LONGEST]})"
    raise_alarm(house, connection, kind, words, without=without)


def slot(now: datetime, every: timedelta) -> str:
    """Return the interval that `now` is in, as a key of the ledger."""
    seconds = every // timedelta(seconds=1)
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC).isoformat()
