"""Texts and calls of which nothing was heard: the provider is asked what became of them.

A receipt may be lost, and whoever waits for its end waits for nothing.

The answer goes through the inbox, as the receipt itself would have. What must not live here: what a status
means (domain/delivery.py), what follows from it (receipts.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from app.domain.delivery import advance, canonical
from app.domain.message import Channel, Inbound
from app.domain.reading import read_receipt
from app.ports import CallGateway, GatewayError, SmsGateway, Trouble
from app.store import inbox as inbox_store
from app.store import oncall
from app.store import outbox as outbox_store
from app.usecases.house import House

log = structlog.get_logger()

JOB = "unheard"
EVERY = timedelta(minutes=1)
AGES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
"""How long after its hand-over a text or call without an end is asked about; then it is given up."""
_MOST = 200
_KEPT = timedelta(hours=1)
_STARTS = datetime(1970, 1, 1, tzinfo=UTC)


def ask_about_unheard(house: House, sms: SmsGateway, calls: CallGateway) -> int:
    """Ask about what is due in this minute, unless somebody has; return 0: nothing is left to do.

    A provider that does not answer is left alone until the next minute; what was not asked about then has its
    turn at the next of its AGES.
    """
    now = house.clock.now()
    slot = now - (now - _STARTS) % EVERY
    windows = [(slot - age - EVERY, slot - age) for age in AGES]
    with house.begin() as connection:
        if not oncall.first_time(connection, JOB, [slot.isoformat()], now):
            return 0
        oncall.forget_before(connection, JOB, now - _KEPT)
        unheard = outbox_store.unheard(connection, windows, _MOST)
    answers: list[tuple[int, Inbound]] = []
    for outbox_id, channel, provider_id, status in unheard:
        gateway = calls if channel == Channel.VOICE else sms
        try:
            answer = gateway.look_up(provider_id, outbox_id, house.clock.now())
        except GatewayError as error:
            log.warning("not_looked_up", outbox_id=outbox_id, code=error.code, trouble=error.trouble)
            if not error.permanent or error.trouble == Trouble.CONFIG:
                break
            continue
        if advance(status, read_receipt(answer).status) != canonical(status):
            answers.append((house.ids.next(), answer))
    if answers:
        with house.begin() as connection:
            inbox_store.store(connection, answers)
        log.info("looked_up", asked=len(unheard), news=len(answers))
        house.wake("receipts")
    return 0
