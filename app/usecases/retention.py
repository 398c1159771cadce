"""What is not kept for ever: the bodies of messages as they came, after the time that the settings say.

Once a night by the ledger, whichever node comes first. Events stay: what was said in a ticket is in them.
What must not live here: removing what is kept of one person (forgetting.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from app.store import inbox, oncall
from app.store.directory import DirectoryEmptyError
from app.usecases.house import House

log = structlog.get_logger()

_JOB: Final = "retention"
_NIGHT: Final = range(2, 6)  # hours of the company's own day, when there is room
_BATCH: Final = 500
_LEDGER: Final = timedelta(days=7)


def empty_old(house: House, keep: timedelta) -> int:
    """Empty what came longer ago than `keep`, if this night nobody has yet; return how many messages.

    A batch is a transaction of its own: nobody waits for long. What a node that dies leaves is done the next
    night.
    """
    now = house.clock.now()
    try:
        with house.begin() as connection:
            zone = house.roster(connection).directory.company.timezone
            local = now.astimezone(ZoneInfo(zone))
            day = local.date().isoformat()
            if local.hour not in _NIGHT or not oncall.first_time(connection, _JOB, [day], now):
                return 0
            oncall.forget_before(connection, _JOB, now - _LEDGER)
    except DirectoryEmptyError:
        return 0
    total = 0
    while True:
        with house.begin() as connection:
            emptied = inbox.empty_before(connection, now - keep, _BATCH)
        total += emptied
        if emptied < _BATCH:
            break
    if total:
        log.info("messages_emptied", count=total)
    return total
