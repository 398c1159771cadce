"""From the inbox to tickets: claim a batch, read each message, decide, save all in one commit.

A batch that fails is done again one message at a time; a message that fails alone becomes a ticket for
triage without asking any rule (promise 1). What must not live here: what a customer's or a colleague's
words mean (customers.py, staff.py), SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from app.domain.errors import ConflictError
from app.domain.message import Channel, InboundKind, Message
from app.domain.reading import read_message, read_receipt
from app.domain.replies_optout import opt_word
from app.store import inbox as inbox_store
from app.store.inbox import Handled, Waiting
from app.usecases import calls, customers, incidents, probe, receipts, staff, tracing, triage
from app.usecases.correspondents import Correspondents, gather
from app.usecases.desk import Desk
from app.usecases.house import House

log = structlog.get_logger()

BATCH = 64
RECEIPTS = 256
"""So many receipts at a time: each is little work, and a batch costs some milliseconds of its own."""
_RETRY = timedelta(seconds=5)
_RETRY_BROKEN = timedelta(minutes=1)
_GIVE_UP_AFTER = 5


def handle_waiting(house: House, batch: int = BATCH) -> int:
    """Handle up to `batch` waiting messages; return how many were handled. Each sender's in order."""
    return _handle_all(house, batch, receipts=False)


def handle_receipts(house: House, batch: int = RECEIPTS) -> int:
    """Handle up to `batch` waiting receipts; return how many. Apart, so that no message waits behind them."""
    return _handle_all(house, batch, receipts=True)


def _handle_all(house: House, batch: int, *, receipts: bool) -> int:
    try:
        return _handle(house, batch, _read_and_decide, receipts=receipts)
    except Exception as error:  # noqa: BLE001 - whatever one message does must not stop the others
        house.forget_kept()
        log.warning("intake_batch_failed", error=repr(error))
    return _one_by_one(house, batch, receipts=receipts)


def _handle(
    house: House,
    batch: int,
    work: Callable[[Desk, Sequence[Waiting]], list[Handled]],
    *,
    receipts: bool,
) -> int:
    now = house.clock.now()
    with house.begin() as connection:
        waiting = inbox_store.claim(connection, now, batch, receipts=receipts)
        if not waiting:
            return 0
        desk = Desk(house, connection, now)
        handled = work(desk, waiting)
        desk.flush()
        incidents.notice_storms(desk)
        inbox_store.finish(connection, handled, now)
        house.reach("receipts.decided" if receipts else "intake.decided")
    house.reach("receipts.saved" if receipts else "intake.saved")
    tracing.taken_in(house, handled, now)
    log.info(
        "handled", kind="receipts" if receipts else "messages", rows=[(h.id, h.ticket_id) for h in handled]
    )
    if desk.changed:
        house.wake("saved")
    return len(handled)


def _one_by_one(house: House, batch: int, *, receipts: bool) -> int:
    """Handle messages singly, so that the one that fails steps aside and the others go through."""
    done = 0
    for _ in range(batch):
        failed: list[Waiting] = []

        def single(desk: Desk, waiting: Sequence[Waiting], failed: list[Waiting] = failed) -> list[Handled]:
            failed.append(waiting[0])
            return _read_and_decide(desk, waiting[:1])

        try:
            handled = _handle(house, 1, single, receipts=receipts)
        except Exception as error:
            house.forget_kept()
            if not failed:
                raise
            _set_aside(house, failed[0], error)
            done += 1
            continue
        if handled == 0:
            break
        done += handled
    return done


def _set_aside(house: House, waiting: Waiting, error: Exception) -> None:
    """Deal with one message that cannot be handled: later, if that may help; else as a ticket for triage."""
    log.error("intake_failed", inbox_id=waiting.id, error=repr(error), attempts=waiting.attempts)
    now = house.clock.now()
    passing = isinstance(error, DBAPIError | ConflictError)
    if passing and waiting.attempts < _GIVE_UP_AFTER:
        with house.begin() as connection:
            inbox_store.set_aside(connection, waiting.id, now + _RETRY)
        return
    try:
        _triage(house, waiting, error)
    except DBAPIError:
        raise
    except Exception as again:
        # Whatever is broken is broken for more than this message. It waits; those behind it go on.
        log.exception("triage_failed", inbox_id=waiting.id, error=repr(again))
        with house.begin() as connection:
            inbox_store.set_aside(connection, waiting.id, now + _RETRY_BROKEN)


def _triage(house: House, waiting: Waiting, error: Exception) -> None:
    """Make a ticket for triage of a message that failed, and put the failure on record."""
    now = house.clock.now()
    with house.begin() as connection:
        desk = Desk(house, connection, now)
        if waiting.inbound.kind != InboundKind.MESSAGE:
            handled = Handled(waiting.id, None, f"failed: {error!r}"[:500], failed=True)
        else:
            ticket = triage.open_for_triage(desk, waiting, error)
            handled = Handled(waiting.id, ticket.id, "", failed=True)
        desk.note("intake_failed", str(waiting.id), {"error": repr(error)[:500]})
        desk.flush()
        inbox_store.finish(connection, [handled], now)
    house.wake("saved")


def _read_and_decide(desk: Desk, waiting: Sequence[Waiting]) -> list[Handled]:
    domain = desk.house.identity.mail_domain
    receipts_in = [(w, read_receipt(w.inbound)) for w in waiting if w.inbound.kind == InboundKind.RECEIPT]
    messages = {
        w.id: read_message(w.inbound, own_domain=domain)
        for w in waiting
        if w.inbound.kind == InboundKind.MESSAGE
    }
    desk.may_open = max(1, len(messages))
    # A key comes before the end of its call.
    handled = [calls.handle_key(desk, w) for w in waiting if w.inbound.kind == InboundKind.KEY]
    handled += receipts.apply(desk, receipts_in)
    begun = [w for w in waiting if w.inbound.kind == InboundKind.CALL]
    handled += [Handled(w.id, None, "call: picked up, what is said comes as a message") for w in begun]
    people = gather(desk, list(messages.values()))
    for item in waiting:
        if item.id in messages:
            handled.append(handle_one(desk, people, item, messages[item.id]))
    return handled


def handle_one(desk: Desk, people: Correspondents, waiting: Waiting, message: Message) -> Handled:
    """Do what one message asks for, on the desk; return what became of it."""
    desk.heard_at, desk.trail.way = waiting.inbound.received_at, waiting.id
    if (probed := probe.take_back(desk, waiting, message)) is not None:
        return probed
    if message.automatic:
        # Automatic mail never opens, acknowledges, confirms or reopens anything (RFC 3834).
        return Handled(waiting.id, None, f"automatic: {message.automatic}"[:500])
    if message.channel == Channel.VOICE:
        # Anybody can call with anybody's number: what is said on a call never speaks for a colleague.
        return customers.handle(desk, people, waiting, message)
    if message.channel == Channel.SMS and not message.opt_out:
        message = replace(message, opt_out=opt_word(message.text))  # with a full stop, or in Spanish
    if message.opt_out:
        people.note_opt_out(desk, message)
        # Carriers read YES as an opt-in too, and HELP as a question about texts; to us YES is first of all an
        # answer, and somebody whom we know and who texts nothing but "help" may need just that.
        word = message.text.strip().strip(".!").upper()
        if word not in ("YES", "HELP", "AYUDA") or (word != "YES" and people.contact(message) is None):
            return Handled(waiting.id, None, f"opt_out: {message.opt_out}")
    person = people.colleague(desk, message)
    if person is not None:
        return staff.handle(desk, people, waiting, message, person)
    return customers.handle(desk, people, waiting, message)
