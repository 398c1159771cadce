"""Ends our calls that have become moot: somebody took the ticket, by whatever way, while phones still ring.

What must not live here: what is said on a call (calls.py), when a page is moot (domain).
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from app.ports import CallGateway, GatewayError
from app.store import calls as call_store
from app.store.calls import Line
from app.usecases.house import House

log = structlog.get_logger()

_BATCH = 8
_AGAIN = timedelta(seconds=30)


def end_moot(house: House, gateway: CallGateway) -> int:
    """Hang up what rings in vain; whoever has picked up hears why. Return how many calls."""
    now = house.clock.now()
    with house.begin() as connection:
        lines = call_store.take_moot(connection, now=now, again=now + _AGAIN, batch=_BATCH)
    if not lines:
        return 0
    done = [line.id for line in lines if _done(house, gateway, line)]
    with house.begin() as connection:
        call_store.finish(connection, done, house.clock.now())
    return len(lines)


def _done(house: House, gateway: CallGateway, line: Line) -> bool:
    """Tell the provider; return whether nothing is left to do, also because the call is over anyway."""
    try:
        if line.answered:
            token = house.call_token(line.id, line.attempts)
            gateway.ask_again(line.provider_id, token, machine=line.before == "undelivered")
        else:
            gateway.end(line.provider_id)
    except GatewayError as error:
        log.info("call_not_ended", outbox_id=line.id, code=error.code, again=not error.permanent)
        return error.permanent
    except Exception:
        log.exception("call_gateway_broke", outbox_id=line.id)
        return False
    return True
