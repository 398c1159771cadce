"""From the outbox to the providers: claim with a lease, send outside any transaction, record, and go on.

What must not live here: what becomes of the results (outcomes.py), what a code means (domain/delivery.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from app.domain.charsets import storable
from app.domain.delivery import (
    LONGEST_ANSWER,
    SUPPRESSED,
    SWITCH_WITHIN,
    DeliveryStatus,
    next_attempt,
    next_page,
)
from app.domain.message import Channel
from app.domain.pacing import LONGEST_HOLD
from app.ports import CallOut, GatewayError, MailOut, SmsOut, Trouble
from app.store import records
from app.store.claims import Wanted
from app.store.outbox import PAGE, Attempt, Claimed
from app.usecases import bundling, doubtful, late_notices, outcomes, pacing, tracing
from app.usecases.gateways import Gateways
from app.usecases.house import House
from app.usecases.outcomes import Outcome
from app.usecases.verifying import revealed

log = structlog.get_logger()

# Claim batch x provider timeout < lease. With 8 senders and 10 s a call, 32 notices take 40 s at the worst,
# 16 pages 20 s; twice as long with as many more of lanes that have a pace. A page that a node took with it
# when it died goes out again when the node was silent for a while (pulse.py), after the lease at the latest.
SENDERS = 8
BATCH, _LEASE = 32, timedelta(seconds=90)
_PAGE_BATCH, _PAGE_LEASE = 2 * SENDERS, timedelta(seconds=60)
_PAGE_VALID, _NOTICE_VALID = 900, 14400


def send_pending(
    house: House,
    gateways: Gateways,
    senders: Executor,
    *,
    pages: bool,
) -> int:
    """Send some pending pages, or some pending messages of all other kinds; return how many."""
    now, lease = house.clock.now(), _PAGE_LEASE if pages else _LEASE
    with house.begin() as connection:
        batch = _PAGE_BATCH if pages else BATCH
        wanted_now = Wanted(now, lease, house.identity.node, batch, pages)
        claim = pacing.claim(house, gateways.limits, connection, wanted_now)
        together = bundling.bundle if pages else late_notices.bundle
        claimed = together(house, connection, claim.messages, now)
        silent = records.silent(connection, {(c.channel, c.address) for c in claimed})
        if claim.lanes:
            going = [c for c in claimed if c.wanted and (c.channel, c.address) not in silent]
            pacing.charge(gateways.limits, connection, claim.lanes, going, now)
    if not claimed:
        return 0
    house.reach("outbox.claimed")
    gone = [_gone(house, c) for c in claimed if doubtful.went_out(c)]
    claimed = [c for c in claimed if not doubtful.went_out(c)]
    moot = [_moot(house, c) for c in claimed if not c.wanted]
    refused = [_suppressed(house, c) for c in claimed if c.wanted and (c.channel, c.address) in silent]
    wanted = [c for c in claimed if c.wanted and (c.channel, c.address) not in silent]
    patience = lease / 3
    # Side by side for different people, one after the other for one: an update overtakes nothing.
    by_address: dict[str, list[Claimed]] = {}
    for message in wanted:
        by_address.setdefault(message.address, []).append(message)
    sent = senders.map(lambda group: _send_in_order(house, gateways, group, patience), by_address.values())
    results = [*gone, *moot, *refused, *(result for group in sent for result in group)]
    house.reach("outbox.sent")
    outcomes.record(house, results, now + lease)
    house.reach("outbox.recorded")
    pacing.slow_down_for(house, results)
    return len(results)


def _gone(house: House, message: Claimed) -> Outcome:
    """Return the outcome of a message of which a receipt said meanwhile that it went out."""
    at, detail = house.clock.now(), "it went out: a receipt came"
    attempt = Attempt(id=message.id, attempt=message.attempts, state="sent", at=at, detail=detail)
    return Outcome(attempt, message)


def _moot(house: House, message: Claimed) -> Outcome:
    at = house.clock.now()
    attempt = Attempt(
        id=message.id,
        attempt=message.attempts,
        state="cancelled",
        at=at,
        detail="no longer needed: somebody has it",
    )
    return Outcome(attempt, message)


def _suppressed(house: House, message: Claimed) -> Outcome:
    """Return the failure of a message to an address that said STOP: the next way is tried at once."""
    attempt = Attempt(
        id=message.id,
        attempt=message.attempts,
        state="failed",
        at=house.clock.now(),
        code=SUPPRESSED,
        detail="STOP was sent from there",
    )
    return Outcome(attempt, message)


def _send_in_order(
    house: House,
    gateways: Gateways,
    messages: Sequence[Claimed],
    patience: timedelta,
) -> list[Outcome]:
    """Send one address's messages in order; when one has to wait, those behind it wait too."""
    results: list[Outcome] = []
    wait_until: datetime | None = None
    give_back_at = house.clock.now() + patience
    for message in messages:
        if wait_until is None:
            began = house.clock.now()
            results.append(_send(house, gateways, message))
            tracing.sent(house, message, results[-1].attempt, began)
            if results[-1].attempt.state == "pending":
                wait_until = results[-1].attempt.retry_at
            elif house.clock.now() > give_back_at:  # long before the lease ends and somebody else sends them
                wait_until = house.clock.now()
        else:
            results.append(_wait_behind(house, message, wait_until))
    return results


def _wait_behind(house: House, message: Claimed, until: datetime) -> Outcome:
    attempt = Attempt(
        id=message.id,
        attempt=message.attempts,
        state="pending",
        at=house.clock.now(),
        detail="waits for the message before it",
        retry_at=until,
    )
    return Outcome(attempt, message)


def _send(house: House, gateways: Gateways, message: Claimed) -> Outcome:
    """Hand one message to its provider; never raises."""
    message = revealed(house, message)
    number, at = message.attempts, house.clock.now
    try:
        there = doubtful.look(house, gateways, message)
        if there is not None:
            sent = there
        elif message.channel == Channel.VOICE:
            token = house.call_token(message.id, number)
            sent = gateways.calls.place(CallOut(to=message.address, token=token))
        elif message.channel == Channel.SMS:
            sent = gateways.sms.send(
                SmsOut(
                    outbox_id=message.id,
                    to=message.address,
                    body=message.body,
                    valid_seconds=_PAGE_VALID if message.rank == PAGE else _NOTICE_VALID,
                ),
            )
        else:
            sent = gateways.mail.send(
                MailOut(
                    outbox_id=message.id,
                    to=message.address,
                    subject=message.subject,
                    text=message.body,
                    reply_to=message.thread.get("reply_to", ""),
                    message_id=f"<m{message.id}@{house.identity.mail_domain}>",
                    references=message.thread.get("references", ""),
                ),
            )
    except GatewayError as error:
        return Outcome(_failed_attempt(house, message, error), message, error.again)
    except Exception as error:
        log.exception("gateway_broke", outbox_id=message.id)
        wrapped = GatewayError(repr(error)[:200], trouble=Trouble.AMBIGUOUS)
        return Outcome(_failed_attempt(house, message, wrapped), message)
    attempt = Attempt(
        id=message.id,
        attempt=number,
        state="sent",
        at=at(),
        provider_id=sent.provider_id,
        status=sent.status,
    )
    return Outcome(attempt, message)


def _retry(message: Claimed, now: datetime, jitter: float, error: GatewayError) -> datetime | None:
    if message.rank != PAGE:
        at, latest = next_attempt(message.attempts, now, jitter), None
    else:
        doubtful_now = error.trouble is Trouble.AMBIGUOUS or message.status == DeliveryStatus.UNKNOWN
        at = next_page(message.attempts, now, jitter, due=message.created_at, doubtful=doubtful_now)
        latest = message.created_at + SWITCH_WITHIN - LONGEST_ANSWER
    if at is None or error.again is None:
        return at
    # Before its provider wants us again, another try is lost; a page that cannot wait goes another way.
    later = max(at, now + min(error.again, LONGEST_HOLD))
    return None if latest is not None and later > latest else later


def _failed_attempt(house: House, message: Claimed, error: GatewayError) -> Attempt:
    now = house.clock.now()
    retry: datetime | None = None
    if not error.permanent:
        retry = _retry(message, now, house.ids.chance(), error)
    log.warning(
        "send_failed",
        outbox_id=message.id,
        trouble=error.trouble,
        code=error.code,
        attempt=message.attempts,
        again=retry is not None,
    )
    return Attempt(
        id=message.id,
        attempt=message.attempts,
        state="failed" if retry is None else "pending",
        at=now,
        status=DeliveryStatus.UNKNOWN if error.trouble is Trouble.AMBIGUOUS else "",
        code=error.code,
        detail=storable(str(error)),
        retry_at=retry,
    )
