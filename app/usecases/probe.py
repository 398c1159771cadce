"""The probe: a second number of ours texts our own on a schedule; that has to come back through all of it.

Off unless CLOSELOOP_PROBE_FROM is set. What must not live here: whether our promises hold inside (health.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from app.domain.message import Channel, Message
from app.ports import GatewayError, SmsGateway, SmsOut
from app.store import oncall
from app.store.inbox import Handled, Waiting
from app.usecases import alarms, meters
from app.usecases.desk import Desk
from app.usecases.house import House

log = structlog.get_logger()

SENT, BACK, ALARM = "probe", "probe_back", "probe_lost"
EVERY = timedelta(minutes=15)
PATIENCE = timedelta(minutes=3)
_KEPT = timedelta(days=1)
_WORDS = "Closeloop probe "
_VALID_SECONDS = 300
_STARTS = datetime(1970, 1, 1, tzinfo=UTC)


def send_probe(house: House, gateway: SmsGateway | None) -> int:
    """Send what is due, unless another node has, and alarm for what is not back; return 0: nothing is left.

    `gateway` sends from the probe's number; None: the probe is switched off.
    """
    if gateway is None:
        return 0
    now = house.clock.now()
    slot = (now - (now - _STARTS) % EVERY).isoformat()
    with house.begin() as connection:
        mine = oncall.first_time(connection, SENT, [slot], now)
        lost = oncall.without(connection, SENT, BACK, now - PATIENCE)
        if lost:
            log.error(ALARM, sent=lost)
            words = "the test text to ourselves did not come back: customers may not reach us"
            alarms.raise_alarm(house, connection, ALARM, words, without=alarms.BY_PHONE)
            oncall.first_time(connection, BACK, lost, now)  # told once
        for job in (SENT, BACK):
            oncall.forget_before(connection, job, now - _KEPT)
    if mine:
        try:
            gateway.send(
                SmsOut(
                    outbox_id=0, to=house.identity.number, body=_WORDS + slot, valid_seconds=_VALID_SECONDS
                )
            )
        except GatewayError as error:  # it does not come back, and that is the alarm
            log.warning("probe_not_sent", code=error.code, trouble=error.trouble)
    if lost:
        house.wake("saved")
    return 0


def take_back(desk: Desk, waiting: Waiting, message: Message) -> Handled | None:
    """Measure the way of a probe that came back; None for any other message."""
    number = desk.house.identity.probe_number
    if not number or message.channel != Channel.SMS or message.sender != number:
        return None
    slot = message.text.removeprefix(_WORDS)
    sent = oncall.entered(desk.connection, SENT, slot)
    if sent is None:
        return Handled(waiting.id, None, "probe: not one that we wait for")
    if oncall.first_time(desk.connection, BACK, [slot], desk.now):
        meters.PROBE.set((desk.now - sent).total_seconds())
    return Handled(waiting.id, None, f"probe: back after {(desk.now - sent).total_seconds():.1f} s")
