"""What a replay reads: the messages that opened tickets, streamed, as the rules were asked about them.

Nothing here judges one (usecases/replay.py) or changes a row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from app.domain.sla import SlaEvent
from app.store import codec
from app.store.tables import tickets

BATCH = 500
"""Messages in memory at a time."""

_OPENED = """
    FROM events WHERE kind = 'opened' AND at >= :since
"""
_COUNT = text(f"SELECT count(*) {_OPENED}")
_STREAM = text(
    f"""
    SELECT ticket_id, at, recorded_at, data -> 'facts' AS facts, data ->> 'text' AS text,
        (data ->> 'number')::bigint AS number, data ->> 'priority' AS priority, data ->> 'trade' AS trade,
        data ->> 'account' AS account, data ->> 'site' AS site, data ->> 'revision' AS revision,
        data -> 'requester' ->> 'subject' AS subject, data -> 'requester' ->> 'channel' AS channel,
        data -> 'requester' ->> 'contact' AS contact
    {_OPENED} ORDER BY at
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A message that opened a ticket: what was decided, and what the rules were asked.

    `facts` are those that were kept as JSON, None for a ticket of before they were. `begun_at` is when the
    ladder began, `at` when the customer wrote; both UTC.
    """

    ticket_id: int
    number: int
    at: datetime
    begun_at: datetime
    text: str
    subject: str
    channel: str
    contact: str
    account: str
    site: str
    priority: str
    trade: str
    revision: str
    facts: Mapping[str, Any] | None


def count(connection: Connection, since: datetime) -> int:
    """Return how many tickets were opened at or after `since`."""
    return int(connection.execute(_COUNT, {"since": since}).scalar_one())


def stream(connection: Connection, since: datetime, batch: int = BATCH) -> Iterator[list[Opening]]:
    """Yield what opened tickets at or after `since`, oldest first, a batch at a time."""
    statement = _STREAM.execution_options(stream_results=True, yield_per=batch)
    with connection.execute(statement, {"since": since}) as result:
        for rows in result.partitions(batch):
            yield [
                Opening(
                    ticket_id=row.ticket_id,
                    number=row.number,
                    at=row.at,
                    begun_at=row.recorded_at,
                    text=row.text,
                    subject=row.subject or "",
                    channel=row.channel,
                    contact=row.contact,
                    account=row.account,
                    site=row.site,
                    priority=row.priority,
                    trade=row.trade,
                    revision=row.revision,
                    facts=row.facts,
                )
                for row in rows
            ]


def clock_events(connection: Connection, ids: Collection[int]) -> dict[int, tuple[SlaEvent, ...]]:
    """Return what the clocks of these tickets look at, by the ticket's id."""
    rows = connection.execute(select(tickets.c.id, tickets.c.doc).where(tickets.c.id.in_(ids)))
    return {row.id: codec.ticket_from_doc(row.doc).history for row in rows}


_HITS = text(
    """
    SELECT step ->> 0 AS stage, step ->> 1 AS rule, count(*) AS hits
    FROM events, jsonb_array_elements(data -> 'trace' -> 'tried') AS step
    WHERE kind = 'opened' AND at >= :since AND (step -> 2)::boolean
    GROUP BY 1, 2
    """
)


def rule_hits(connection: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Return how often each rule (by stage and name) matched for tickets opened at or after `since`."""
    rows = connection.execute(_HITS, {"since": since})
    return {(row.stage, row.rule): row.hits for row in rows}
