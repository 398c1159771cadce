"""Where something of one contact is kept, and how it is emptied. Rows stay, so that all is still counted.

Only the use case that forgets somebody writes here; it holds the rows of the tickets. What must not live
here: what is left of an event (domain/forgetting.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from app.domain.events import AnyEvent
from app.domain.ticket import Ticket
from app.store import codec


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What is kept of somebody: numbers of `tickets` by id, of those that are `open`, counts of the rest.

    `addresses` are also those of the tickets; `waiting` are messages not yet handled or not yet sent.
    """

    tickets: dict[int, int]
    open: tuple[int, ...]
    addresses: frozenset[str]
    messages: int
    texts: int
    waiting: int


_TICKETS = text(
    """
    WITH own AS (
        SELECT id, merged_into FROM (
            SELECT id, state, (doc->>'merged_into')::bigint AS merged_into FROM tickets
            WHERE contact = :contact AND :contact <> ''
            UNION
            SELECT id, state, (doc->>'merged_into')::bigint FROM tickets WHERE address = ANY(:addresses)
        ) t
    )
    SELECT id, number, address, contact, ended_at IS NULL AS open FROM tickets
    WHERE id IN (
        SELECT id FROM own UNION SELECT merged_into FROM own WHERE merged_into > 0
        UNION SELECT ticket_id FROM inbox WHERE sender = ANY(:addresses) AND state = 'new'
        UNION SELECT ticket_id FROM inbox
        WHERE sender = ANY(:addresses) AND state <> 'new' AND kind <> 'receipt'
    )
    ORDER BY id FOR NO KEY UPDATE
    """,
)
_COUNTS = text(
    """
    SELECT fresh + (
            SELECT count(*) FROM inbox
            WHERE sender = ANY(:addresses) AND state <> 'new' AND kind <> 'receipt'
        ) AS messages,
        (SELECT count(*) FROM outbox WHERE address = ANY(:addresses)) AS texts,
        fresh + (
            SELECT count(*) FROM outbox
            WHERE address = ANY(:addresses) AND state IN ('pending', 'sending')
        ) AS waiting
    FROM (SELECT count(*) AS fresh FROM inbox WHERE sender = ANY(:addresses) AND state = 'new') n
    """,
)
_SHARED = text(
    """
    SELECT address FROM contact_addresses WHERE address = ANY(:addresses) AND contact <> :contact
    UNION SELECT address FROM contact_methods WHERE address = ANY(:addresses)
    """,
)


def traces(connection: Connection, contact: str, addresses: Collection[str]) -> Traces:
    """Return what is kept, the tickets' rows locked until the transaction ends.

    Addresses that others have too are nobody's alone: what came from there stays.
    """
    wanted = _alone(connection, contact, addresses)
    rows = connection.execute(_TICKETS, {"contact": contact, "addresses": sorted(wanted)}).all()
    used = {row.address for row in rows if contact and row.contact == contact}
    more = _alone(connection, contact, wanted | used)
    if more != wanted:  # numbers that they had before
        wanted = more
        rows = connection.execute(_TICKETS, {"contact": contact, "addresses": sorted(wanted)}).all()
    counts = connection.execute(_COUNTS, {"addresses": sorted(wanted)}).one()
    return Traces(
        tickets={row.id: row.number for row in rows},
        open=tuple(row.number for row in rows if row.open),
        addresses=frozenset(wanted),
        messages=counts.messages,
        texts=counts.texts,
        waiting=counts.waiting,
    )


def _alone(connection: Connection, contact: str, addresses: Collection[str]) -> set[str]:
    asked = {"contact": contact, "addresses": sorted(addresses)}
    return set(addresses) - set(connection.execute(_SHARED, asked).scalars())


_EVENTS = text(
    """
    UPDATE events SET actor = r.actor, data = r.data
    FROM json_to_recordset(CAST(:rows AS json)) AS r (ticket_id bigint, seq int, actor text, data jsonb)
    WHERE events.ticket_id = r.ticket_id AND events.seq = r.seq
    """,
)
_TICKET = text(
    """
    UPDATE tickets SET doc = r.doc, contact = r.contact, address = r.address
    FROM json_to_recordset(CAST(:rows AS json)) AS r (id bigint, contact text, address text, doc jsonb)
    WHERE tickets.id = r.id
    """,
)


def rewrite(connection: Connection, ticket: Ticket, happened: Sequence[AnyEvent]) -> None:
    """Write a ticket and all of its events as they are from now on; nothing else of its rows changes."""
    rows = [
        {
            "ticket_id": ticket.id,
            "seq": seq,
            "actor": event.actor,
            "data": json.loads(codec.event_to_data(event)),
        }
        for seq, event in enumerate(happened, start=1)
    ]
    connection.execute(_EVENTS, {"rows": json.dumps(rows)})
    row = {
        "id": ticket.id,
        "contact": ticket.requester.contact,
        "address": ticket.requester.address,
        "doc": json.loads(codec.ticket_to_doc(ticket)),
    }
    connection.execute(_TICKET, {"rows": json.dumps([row])})


# Receipts name the address that they are about; their sender is the message that we sent. All is looked for
# as the indexes have it: what waits, what was handled, receipts about a ticket by that ticket. What
# colleagues wrote about these tickets may name anybody: what counts of it is in the events.
_EMPTY_MESSAGES = """
    WITH told AS (SELECT id, provider_id, ticket_id FROM outbox WHERE address = ANY(:addresses)),
    senders AS (
        SELECT unnest(CAST(:addresses AS text[])) AS sender
        UNION SELECT 'receipt:' || id FROM told
        UNION SELECT 'receipt:' || provider_id FROM told WHERE provider_id <> ''
    ), theirs AS (
        SELECT id FROM inbox JOIN senders USING (sender) WHERE state = 'new'
        UNION SELECT id FROM inbox JOIN senders USING (sender)
        WHERE state <> 'new' AND (kind <> 'receipt' OR ticket_id IS NULL)
        UNION SELECT id FROM inbox JOIN senders USING (sender)
        WHERE ticket_id IN (SELECT ticket_id FROM told)
        UNION SELECT id FROM inbox WHERE ticket_id = ANY(:tickets)
    )
    UPDATE inbox SET payload = '{}', raw = '', emptied = true,
        sender = CASE WHEN inbox.sender = ANY(:addresses) THEN :removed ELSE inbox.sender END,
        recipient = CASE WHEN recipient = ANY(:addresses) THEN :removed ELSE recipient END
    FROM theirs WHERE inbox.id = theirs.id
"""
# What staff were told about these tickets quotes the customer; only words go, the pages are still counted.
_EMPTY_TEXTS = """
    WITH theirs AS (
        SELECT id FROM outbox WHERE address = ANY(:addresses)
        UNION SELECT id FROM outbox WHERE ticket_id = ANY(:tickets)
    ), attempts AS (
        UPDATE delivery_attempts a SET detail = '' FROM theirs
        WHERE a.outbox_id = theirs.id AND a.detail <> ''
    )
    UPDATE outbox o SET subject = '', body = :removed, thread = '{}', detail = '',
        address = CASE WHEN o.address = ANY(:addresses) THEN :removed ELSE o.address END
    FROM theirs WHERE o.id = theirs.id
"""
_FORGET_FAILING = "DELETE FROM failing_addresses WHERE address = ANY(:addresses)"


def empty(connection: Connection, addresses: Collection[str], tickets: Collection[int], removed: str) -> None:
    """Empty messages from and to these addresses, and what was said to anybody about these tickets."""
    asked = {"addresses": sorted(addresses), "tickets": sorted(tickets), "removed": removed}
    for statement in (_EMPTY_MESSAGES, _EMPTY_TEXTS, _FORGET_FAILING):
        used = {name: value for name, value in asked.items() if f":{name}" in statement}
        connection.execute(text(statement), used)


# Most of the audit is timers that came too late: a ticket's number, a kind and an instant. All other kinds
# are looked through, also such as are not there yet; named one by one, so that PostgreSQL knows how few
# entries they have.
_KINDS = text(
    """
    WITH RECURSIVE kinds (kind) AS (
        SELECT min(kind) FROM audit
        UNION ALL
        SELECT (SELECT min(a.kind) FROM audit a WHERE a.kind > k.kind) FROM kinds k WHERE k.kind IS NOT NULL
    )
    SELECT kind FROM kinds WHERE kind <> 'timer_stale'
    """,
)
_AUDIT = text(
    """
    SELECT id, subject, detail FROM audit
    WHERE kind = ANY(CAST(:kinds AS text[])) AND (
        subject = ANY(:addresses) OR EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) AS w (word)
            WHERE detail::text LIKE '%' || w.word || '%'
        )
    )
    """,
)
_REWRITE_AUDIT = text(
    """
    UPDATE audit SET subject = r.subject, detail = r.detail
    FROM json_to_recordset(CAST(:rows AS json)) AS r (id bigint, subject text, detail jsonb)
    WHERE audit.id = r.id
    """,
)


def audit_about(
    connection: Connection, addresses: Collection[str], words: Collection[str]
) -> Sequence[RowMapping]:
    """Return entries of the audit (id, subject, detail) that have these addresses or words."""
    kinds = list(connection.execute(_KINDS).scalars())
    asked = {"kinds": kinds, "addresses": sorted(addresses), "words": sorted(words)}
    return connection.execute(_AUDIT, asked).mappings().all()


def rewrite_audit(connection: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    """Write entries (id, subject, detail) without what was personal in them; when and what it was stays."""
    connection.execute(_REWRITE_AUDIT, {"rows": json.dumps(entries)})


_FORGET_CONTACT = (
    "DELETE FROM contact_addresses WHERE contact = :key",
    "DELETE FROM contact_sites WHERE contact = :key",
    "UPDATE contacts SET key = :new_key, name = :name, title = '', active = false WHERE key = :key",
)


def forget_contact(connection: Connection, key: str, new_key: str, name: str) -> None:
    """Leave nothing of a contact in the directory but that there was one."""
    asked = {"key": key, "new_key": new_key, "name": name}
    for statement in _FORGET_CONTACT:
        used = {each: value for each, value in asked.items() if f":{each}" in statement}
        connection.execute(text(statement), used)
