"""Warnings and breaches on their way to one person: how many went out lately, which others wait.

What must not live here: when they are told together, and in which words (usecases/late_notices.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# The newest messages of an address tell how many of them went out lately: more than that in the time that is
# asked for is too many whatever the rest were.
_NEWEST = 100
_MOST_TOGETHER = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """One notice: of which ticket, how urgent that is and whether people are in danger."""

    id: int
    ticket_id: int
    text_id: str
    number: int
    priority: str
    danger: bool


_ABOUT = """
    SELECT o.id, o.ticket_id, o.text_id, t.number, t.priority,
        coalesce(CAST(t.doc ->> 'life_safety' AS boolean), false) AS danger
    FROM outbox o JOIN tickets t ON t.id = o.ticket_id
"""
_CLAIMED = text(_ABOUT + " WHERE o.id = ANY(CAST(:ids AS bigint[]))")
_WAITING = text(
    _ABOUT
    + """
    WHERE o.state = 'pending' AND o.rank = :rank AND o.address = :address AND o.channel = :channel
        AND o.text_id = ANY(CAST(:texts AS text[])) AND NOT o.thread ? 'stands_for'
        AND NOT coalesce(CAST(t.doc ->> 'life_safety' AS boolean), false)
    ORDER BY o.id LIMIT :most FOR UPDATE OF o SKIP LOCKED
    """
)
_LATELY = text(
    """
    SELECT count(*) FROM (
        SELECT text_id, sent_at FROM outbox WHERE address = :address ORDER BY id DESC LIMIT :newest
    ) o WHERE o.sent_at > :since AND o.text_id = ANY(CAST(:texts AS text[]))
    """
)


def claimed(connection: Connection, ids: Collection[int]) -> dict[int, Late]:
    """Return what these notices are about, by their ids; one without a ticket is left out."""
    found = connection.execute(_CLAIMED, {"ids": sorted(ids)}).mappings()
    return {row["id"]: Late(**row) for row in found}


def waiting(
    connection: Connection, channel: str, address: str, *, rank: int, texts: Collection[str]
) -> Sequence[Late]:
    """Return those that are pending for an address, their rows locked; none about danger."""
    asked = {"channel": channel, "address": address, "rank": rank, "texts": sorted(texts)}
    return [Late(**row) for row in connection.execute(_WAITING, {**asked, "most": _MOST_TOGETHER}).mappings()]


def lately(connection: Connection, address: str, *, texts: Collection[str], since: datetime) -> int:
    """Return how many of them went out to an address after `since`."""
    asked = {"address": address, "texts": sorted(texts), "since": since}
    return int(connection.execute(_LATELY, {**asked, "newest": _NEWEST}).scalar_one())
