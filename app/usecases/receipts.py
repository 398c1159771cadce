"""A provider's later word on what we sent: states move forward only; a failure goes to the ticket at once."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.delivery import DeliveryStatus, advance, canonical, reaction_to_receipt
from app.domain.message import Receipt
from app.store import contact_checks
from app.store import outbox as outbox_store
from app.store.inbox import Handled, Waiting
from app.store.outbox import LaterWord
from app.usecases import pacing
from app.usecases.desk import Desk
from app.usecases.outcomes import failure_of, note_reaction, report_failures


def apply(desk: Desk, receipts: Sequence[tuple[Waiting, Receipt]]) -> list[Handled]:
    """Write what the receipts say, in their order; return what became of each."""
    if not receipts:
        return []
    connection = desk.connection
    by_provider = outbox_store.by_provider_ids(connection, {r.provider_id for _, r in receipts})
    ids = {r.outbox_id or by_provider.get(r.provider_id, 0) for _, r in receipts} - {0}
    known = outbox_store.deliveries(connection, ids)
    status = {row_id: delivery.status for row_id, delivery in known.items()}
    reported = {row_id for row_id, delivery in known.items() if delivery.failure_reported}
    handled, failures = [], []
    arrived: set[tuple[str, str]] = set()
    words: dict[int, LaterWord] = {}
    for waiting, receipt in receipts:
        row_id = receipt.outbox_id or by_provider.get(receipt.provider_id, 0)
        delivery = known.get(row_id)
        if delivery is None:
            handled.append(Handled(waiting.id, None, "receipt: no such message of ours"))
            continue
        now_status = advance(status[row_id], receipt.status)
        moved = now_status != canonical(status[row_id])
        status[row_id] = now_status
        failed = moved and now_status.has_failed
        if moved:
            words[row_id] = _word(row_id, receipt, now_status, words.get(row_id))
        if moved and delivery.person and now_status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ):
            arrived.add((delivery.channel, delivery.address))
        if failed and row_id not in reported:
            reported.add(row_id)
            failures.append(
                (
                    delivery.ticket_id,
                    delivery.text_id,
                    failure_of(delivery, receipt.error_code, receipt.detail),
                )
            )
        if receipt.error_code:
            reaction = reaction_to_receipt(now_status, receipt.error_code)
            note_reaction(desk, reaction, delivery.channel, delivery.address, receipt.detail)
        outcome = f"receipt: {now_status}" if moved else "receipt: nothing new"
        handled.append(Handled(waiting.id, delivery.ticket_id, outcome))
    outbox_store.set_status(connection, list(words.values()), desk.now)
    contact_checks.clear_failing(connection, arrived)
    report_failures(desk, failures)
    told = [(known[word.id].channel, word.code, None) for word in words.values() if word.failed]
    pacing.slow_down(connection, told, desk.now)
    return handled


def _word(row_id: int, receipt: Receipt, status: DeliveryStatus, earlier: LaterWord | None) -> LaterWord:
    """Return what is to be written of a message after one more receipt; `earlier` is of the same batch."""
    failed = status.has_failed
    # Words can still be left on the voicemail that answered a call.
    finished = failed and receipt.error_code != "machine"
    return LaterWord(
        id=row_id,
        status=status,
        provider_id=receipt.provider_id or (earlier.provider_id if earlier else ""),
        code=receipt.error_code or (earlier.code if earlier else ""),
        detail=receipt.detail,
        failed=failed or (earlier is not None and earlier.failed),
        finished=finished or (earlier is not None and earlier.finished),
    )
