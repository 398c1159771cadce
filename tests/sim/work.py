"""What a node of a simulated world does, by name, and when the database says that there is some of it.

What must not live here: who does it when (world.py).
"""

from __future__ import annotations

from sqlalchemy import text

from app.usecases import delivery, hanging_up, intake, orphans, shift_texts, swaps, timers, unheard
from tests.sim.machines import Work

DUE = text(
    """
    SELECT
        (SELECT min(not_before) FROM inbox WHERE state = 'new' AND kind <> 'receipt') AS messages,
        (SELECT min(not_before) FROM inbox WHERE state = 'new' AND kind = 'receipt') AS receipts,
        (SELECT min(not_before) FROM timers) AS timers,
        (SELECT min(not_before) FROM outbox WHERE state = 'pending' AND rank = 0) AS pages,
        (SELECT min(not_before) FROM outbox WHERE state = 'pending' AND rank > 0) AS notices,
        (SELECT min(lease_until) FROM outbox WHERE state = 'sending') AS claims,
        (SELECT min(not_before) FROM outbox
         WHERE channel = 'voice' AND state = 'sent' AND finished_at IS NULL) AS calls
    """,
)
WORK: dict[str, Work] = {
    "messages": lambda n: intake.handle_waiting(n.house),
    "receipts": lambda n: intake.handle_receipts(n.house),
    "timers": lambda n: timers.fire_due(n.house) + orphans.ask_for_orphans(n.house),
    "pages": lambda n: delivery.send_pending(n.house, n.gateways, n.senders, pages=True),
    "notices": lambda n: delivery.send_pending(n.house, n.gateways, n.senders, pages=False),
    "claims": lambda n: n.pulse.take_over(lambda _name: False),
    "calls": lambda n: hanging_up.end_moot(n.house, n.gateways.calls),
}
MINUTELY: dict[str, Work] = {
    "shifts": lambda n: shift_texts.tell_shifts(n.house),
    "swaps": lambda n: swaps.expire_swaps(n.house),
    "unheard": lambda n: unheard.ask_about_unheard(n.house, n.gateways.sms, n.gateways.calls),
}
