"""What came in and no webhook told us of: the provider's own list is compared with the inbox.

Webhooks are tried a few times and then dropped; a text that came while we were away is in the list only. It
is taken in once, by the provider's id, with the time at which it was sent. What must not live here: how a
list is read (providers), what a message means (intake.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from app.domain.message import Channel, Inbound, InboundKind
from app.ports import GatewayError, ReceivedLog
from app.store import inbox as inbox_store
from app.store import oncall
from app.usecases import alarms, meters
from app.usecases.desk import Desk
from app.usecases.house import House

log = structlog.get_logger()

JOB, MARK = "missed", "compared"
KIND = "inbound_missed"
EVERY = timedelta(minutes=3)
_SETTLED = timedelta(minutes=1)
"""Webhooks are given so long; Twilio tries for 15 s."""
_OVERLAP = timedelta(minutes=10)
"""What stands in the list later than its own time says is seen by the next looks; a call when it is over."""
_LONGEST = timedelta(days=7)
_MOST = 20_000
_STARTS = datetime(1970, 1, 1, tzinfo=UTC)


def take_in_missed(house: House, received: ReceivedLog) -> int:
    """Compare what is due to be compared, unless another node has; return 0: nothing is left to do.

    Nothing is lost when the provider does not answer or the process dies: the next look begins where the last
    one that came to its end stopped.
    """
    now = house.clock.now()
    slot = now - (now - _STARTS) % EVERY
    with house.begin() as connection:
        if not oncall.first_time(connection, JOB, [slot.isoformat()], now):
            return 0
        oncall.forget_before(connection, JOB, now - timedelta(hours=1))
        mark = oncall.last_time(connection, MARK) or inbox_store.latest(connection, "twilio")
    until = now - _SETTLED
    start = max((mark or until) - _OVERLAP, now - _LONGEST)
    listed: list[Inbound] = []
    if mark is not None:  # the first look of a new installation: what came before it is nobody's business
        try:
            listed = received.since(start, _MOST)
        except GatewayError as error:
            log.warning("not_compared", code=error.code, trouble=error.trouble)
            return 0
    if len(listed) >= _MOST:
        log.error("too_much_to_compare", since=start.isoformat(), read=len(listed))
    with house.begin() as connection:
        missed = _store(house, connection, [item for item in listed if item.received_at <= until])
        if missed:
            _tell(house, connection, missed)
        oncall.first_time(connection, MARK, [until.isoformat()], until)
        oncall.forget_before(connection, MARK, until)
    if missed:
        house.wake("inbox")
    return 0


def _store(house: House, connection: Connection, listed: Sequence[Inbound]) -> list[Inbound]:
    """Store what is not in the inbox, oldest first; return that."""
    calls = [str(item.payload["CallSid"]) for item in listed if item.channel is Channel.VOICE]
    told = inbox_store.known_keys(connection, "twilio", InboundKind.CALL, [f"{sid}:call" for sid in calls])
    wanted = [
        item
        for item in listed
        if item.channel is not Channel.VOICE or f"{item.payload['CallSid']}:call" not in told
    ]
    rows = [(house.ids.next(), item) for item in wanted]
    stored = inbox_store.store(connection, rows)
    return [item for row_id, item in rows if row_id in stored]


def _tell(house: House, connection: Connection, missed: Sequence[Inbound]) -> None:
    """Put it on record and tell the duty manager: customers wait for longer than they should."""
    count, first = len(missed), missed[0].received_at
    meters.MISSED.inc(count)
    log.error(KIND, count=count, first=first.isoformat())
    desk = Desk(house, connection, house.clock.now())
    desk.note(KIND, "twilio", {"count": str(count), "first": first.isoformat()})
    desk.flush()
    what = "message or call" if count == 1 else "messages and calls"
    words = f"{count} {what} reached Twilio and not us, and came in late just now"
    alarms.raise_alarm(house, connection, KIND, words)
