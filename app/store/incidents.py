"""Storms: which tickets of an account are one incident, and which messages are told together.

What must not live here: when it is a storm (usecases/incidents.py), what a joint page says (bundling.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# Advisory locks of this class are held while an account's first incident is made.
_LOCK = 1043
FOLDED = "told in one page with others"
"""The detail of a page that was not sent because another stands for it."""
HELD = "held back: told together with others"
"""The detail of a page that waits until the next joint page."""

_STANDING = text(
    """
    SELECT a.account,
        (SELECT i.id FROM incidents i WHERE i.account = a.account AND i.dissolved_at IS NULL
            AND i.joins_until > :now ORDER BY i.id DESC LIMIT 1) AS incident_id,
        (SELECT count(*) FROM tickets t WHERE t.account = a.account AND t.account <> ''
            AND t.opened_at > :since
            AND NOT EXISTS (SELECT FROM incident_tickets m WHERE m.ticket_id = t.id)) AS fresh
    FROM unnest(CAST(:accounts AS text[])) AS a (account)
    """,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's incident that new tickets join (None: there is none), and its new tickets in none."""

    account: str
    incident_id: int | None
    fresh: int


def standing(
    connection: Connection, accounts: Collection[str], *, now: datetime, since: datetime
) -> list[Standing]:
    """Return how it stands with these accounts; tickets count that were opened after `since`."""
    asked = {"accounts": sorted(accounts), "now": now, "since": since}
    return [Standing(row.account, row.incident_id, row.fresh) for row in connection.execute(_STANDING, asked)]


def lock(connection: Connection, account: str) -> None:
    """Let no other transaction make an incident of this account until this one ends."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:lock, hashtext(:account))"), {"lock": _LOCK, "account": account}
    )


def open_incident(connection: Connection, incident_id: int, account: str, now: datetime) -> None:
    """Insert an incident, which nothing has joined yet."""
    connection.execute(
        text(
            "INSERT INTO incidents (id, account, opened_at, joins_until) VALUES (:id, :account, :now, :now)"
        ),
        {"id": incident_id, "account": account, "now": now},
    )


_JOIN = text(
    """
    INSERT INTO incident_tickets (ticket_id, incident_id, joined_at)
    SELECT t.id, :incident, :now FROM tickets t
    WHERE t.account = :account AND t.account <> '' AND t.opened_at > :since
    ORDER BY t.id
    ON CONFLICT (ticket_id) DO NOTHING
    """,
)


def join(
    connection: Connection, incident_id: int, account: str, *, since: datetime, until: datetime, now: datetime
) -> int:
    """Let the account's tickets opened after `since` join; return how many. More may join until `until`."""
    asked = {"incident": incident_id, "account": account, "since": since, "now": now}
    # First, so that whoever joins the same incident waits here and nowhere else.
    connection.execute(
        text("UPDATE incidents SET joins_until = :until WHERE id = :id"), {"id": incident_id, "until": until}
    )
    return connection.execute(_JOIN, asked).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident with tickets that are open: how many there are in all, open, and waiting for an answer."""

    id: int
    account: str
    opened_at: datetime
    tickets: int
    open: int
    asking: int


_INCIDENTS = """
    SELECT i.id, i.account, i.opened_at, count(*) AS tickets,
        count(*) FILTER (WHERE t.ended_at IS NULL) AS open,
        count(*) FILTER (
            WHERE t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
        ) AS asking
    FROM incidents i JOIN incident_tickets m ON m.incident_id = i.id JOIN tickets t ON t.id = m.ticket_id
    WHERE i.dissolved_at IS NULL AND %s
    GROUP BY i.id
"""
_RECENT = text(
    _INCIDENTS % "i.opened_at > :since"
    + "HAVING count(*) FILTER (WHERE t.ended_at IS NULL) > 0 ORDER BY i.id DESC LIMIT 20"
)
_ONE = text(_INCIDENTS % "i.id = :id")
_OF_TICKET = text(
    _INCIDENTS % "i.id = (SELECT x.incident_id FROM incident_tickets x WHERE x.ticket_id = :ticket)"
)


def recent(connection: Connection, since: datetime) -> list[Incident]:
    """Return incidents that began after `since` and have open tickets, the newest first; 20 at most."""
    return [Incident(**row) for row in connection.execute(_RECENT, {"since": since}).mappings()]


def by_id(connection: Connection, incident_id: int) -> Incident | None:
    """Return an incident that was not dissolved."""
    row = connection.execute(_ONE, {"id": incident_id}).mappings().first()
    return Incident(**row) if row else None


def of_ticket(connection: Connection, ticket_id: int) -> Incident | None:
    """Return the incident of a ticket, None if it is in none that stands."""
    row = connection.execute(_OF_TICKET, {"ticket": ticket_id}).mappings().first()
    return Incident(**row) if row else None


def asking_tickets(connection: Connection, incident_id: int, limit: int) -> list[int]:
    """Return ids of open tickets of an incident that wait for an answer, in their order; at most `limit`."""
    rows = connection.execute(
        text(
            """
            SELECT t.id FROM incident_tickets m JOIN tickets t ON t.id = m.ticket_id
            WHERE m.incident_id = :id AND t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
            ORDER BY t.number LIMIT :limit
            """
        ),
        {"id": incident_id, "limit": limit},
    )
    return list(rows.scalars())


def dissolve(connection: Connection, incident_id: int, *, by: str, now: datetime) -> bool:
    """Let each ticket of an incident be on its own again; return whether it stood."""
    done = connection.execute(
        text(
            "UPDATE incidents SET dissolved_at = :now, dissolved_by = :by"
            " WHERE id = :id AND dissolved_at IS NULL"
        ),
        {"id": incident_id, "by": by, "now": now},
    )
    return bool(done.rowcount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What a claimed page may be part of. `lately`: pages to its address within the time, P1 apart or not."""

    id: int
    incident_id: int | None
    priority: str
    danger: bool
    lately: int


_BURSTS = text(
    """
    SELECT o.id, t.priority, coalesce(CAST(t.doc ->> 'life_safety' AS boolean), false) AS danger,
        (SELECT i.id FROM incident_tickets m JOIN incidents i ON i.id = m.incident_id
            WHERE m.ticket_id = t.id AND i.dissolved_at IS NULL) AS incident_id,
        (SELECT count(*) FROM (
            SELECT FROM outbox p JOIN tickets x ON x.id = p.ticket_id
            WHERE p.address = o.address AND p.channel = o.channel AND p.rank = 0 AND p.sent_at IS NOT NULL
            AND p.sent_at > :since AND (x.priority = 'P1') = (t.priority = 'P1') LIMIT :most
        ) AS l) AS lately
    FROM outbox o JOIN tickets t ON t.id = o.ticket_id
    WHERE o.id = ANY(CAST(:ids AS bigint[]))
    """,
)


def bursts(connection: Connection, ids: Collection[int], since: datetime, most: int) -> dict[int, Burst]:
    """Return what is known of these pages of tickets, by their ids; `lately` is counted up to `most`."""
    if not ids:
        return {}
    found = connection.execute(_BURSTS, {"ids": sorted(ids), "since": since, "most": most}).mappings()
    return {row["id"]: Burst(**row) for row in found}


_TURN = text(
    """
    INSERT INTO joint_pages (scope, channel, address, sent_at) VALUES (:scope, :channel, :address, :now)
    ON CONFLICT (scope, channel, address) DO UPDATE SET sent_at = :now
        WHERE joint_pages.sent_at <= :before
    RETURNING sent_at
    """,
)


def take_turn(
    connection: Connection, scope: str, channel: str, address: str, *, now: datetime, every: timedelta
) -> datetime | None:
    """Take the turn to send a joint page, of all nodes one; return None, or when the next turn is.

    There is one turn in each `every`.
    """
    asked = {"scope": scope, "channel": channel, "address": address, "now": now, "before": now - every}
    if connection.execute(_TURN, asked).first():
        return None
    row = connection.execute(
        text(
            "SELECT sent_at FROM joint_pages WHERE scope = :scope AND channel = :channel"
            " AND address = :address"
        ),
        {"scope": scope, "channel": channel, "address": address},
    ).one()
    last: datetime = row.sent_at
    return last + every


def hold_back(connection: Connection, ids: Sequence[int], until: datetime) -> None:
    """Give claimed pages back until then, as if they had not been claimed."""
    connection.execute(
        text(
            """
            UPDATE outbox SET state = 'pending', lease_until = NULL, claimed_by = '', not_before = :until,
                attempts = attempts - 1, detail = :held
            WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'sending'
            """
        ),
        {"ids": list(ids), "until": until, "held": HELD},
    )


def fold_into(
    connection: Connection,
    carrier: int,
    others: Sequence[int],
    *,
    subject: str,
    body: str,
    incident_id: int | None,
    now: datetime,
) -> None:
    """Let one claimed message stand for the others, with new words; those are not sent.

    The caller holds the rows of all of them. A page tells of what asks its person now: of one incident, or,
    without one, of everything.
    """
    connection.execute(
        text(
            """
            UPDATE outbox SET subject = :subject, body = :body,
                thread = thread || jsonb_build_object('stands_for', CAST(:count AS text),
                    'told_at', CAST(:told_at AS text), 'incident', CAST(:incident AS text))
            WHERE id = :id
            """
        ),
        {
            "id": carrier,
            "subject": subject,
            "body": body,
            "count": str(len(others) + 1),
            "told_at": now.isoformat(),
            "incident": str(incident_id or ""),
        },
    )
    connection.execute(
        text(
            """
            UPDATE outbox SET state = 'cancelled', lease_until = NULL, claimed_by = '', finished_at = :now,
                detail = :folded
            WHERE id = ANY(CAST(:ids AS bigint[])) AND state IN ('sending', 'pending')
            """
        ),
        {"ids": list(others), "now": now, "folded": FOLDED},
    )


_REVIVE = text(
    """
    UPDATE outbox SET state = 'pending', finished_at = NULL, detail = '', not_before = :now
    WHERE id = (
        SELECT o.id FROM outbox o JOIN tickets t ON t.id = o.ticket_id
        WHERE o.address = :address AND o.channel = :channel AND o.person = :person AND o.rank = 0
            AND o.state = 'cancelled' AND o.detail = :folded AND o.created_at >= :since
            AND t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
            AND t.doc #> '{escalation,asked}' @> to_jsonb(CAST(:person AS text))
        ORDER BY o.id DESC LIMIT 1
    )
    """,
)


def revive(
    connection: Connection, channel: str, address: str, person: str, *, since: datetime, now: datetime
) -> bool:
    """Let one of the pages that others stood for be sent after all, if its ticket still asks, now.

    Return whether there was one.
    """
    place = {"channel": channel, "address": address}
    known = {**place, "person": person, "folded": FOLDED, "since": since, "now": now}
    if not connection.execute(_REVIVE, known).rowcount:
        return False
    connection.execute(text("DELETE FROM joint_pages WHERE channel = :channel AND address = :address"), place)
    return True


_ASKED = """
    SELECT t.id FROM tickets t WHERE t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
        AND t.doc #> '{escalation,asked}' @> to_jsonb(CAST(:person AS text)) %s
    ORDER BY t.priority, t.number LIMIT :limit
"""
_ASKED_ALL = text(_ASKED % "")
_ASKED_OF = text(
    _ASKED
    % "AND EXISTS (SELECT FROM incident_tickets m WHERE m.ticket_id = t.id AND m.incident_id = :incident)"
)


def asked(connection: Connection, person: str, limit: int, incident_id: int | None = None) -> list[int]:
    """Return ids of open tickets that ask this person, of one incident or of all, the most urgent first."""
    if incident_id is None:
        return list(connection.execute(_ASKED_ALL, {"person": person, "limit": limit}).scalars())
    known = {"person": person, "limit": limit, "incident": incident_id}
    return list(connection.execute(_ASKED_OF, known).scalars())


_TOLD = text(
    """
    SELECT t.id FROM outbox c JOIN tickets t ON t.doc #> '{escalation,asked}' @> to_jsonb(c.person)
    WHERE c.id = :id AND c.thread ? 'stands_for'
        AND t.ended_at IS NULL AND t.doc #>> '{escalation,next_at}' IS NOT NULL
        AND EXISTS (
            SELECT FROM outbox o WHERE o.ticket_id = t.id AND o.person = c.person AND o.rank = 0
            AND o.created_at <= CAST(c.thread ->> 'told_at' AS timestamptz)
        )
        AND (
            c.thread ->> 'incident' = ''
            OR EXISTS (
                SELECT FROM incident_tickets m
                WHERE m.ticket_id = t.id AND CAST(m.incident_id AS text) = c.thread ->> 'incident'
            )
        )
    ORDER BY t.id <> c.ticket_id, t.priority, t.number LIMIT 1000
    """,
)


def told_in(connection: Connection, row_id: int) -> list[int]:
    """Return ids of the tickets that a joint page told of and that still ask its person.

    Its own ticket comes first, then the most urgent. None of a page about one ticket.
    """
    return list(connection.execute(_TOLD, {"id": row_id}).scalars())


_LAST_JOINT = text(
    """
    SELECT thread ? 'stands_for' AS joint FROM outbox
    WHERE address = :address AND rank = 0 AND sent_at IS NOT NULL AND sent_at > :since AND sent_at <= :until
    ORDER BY sent_at DESC LIMIT 1
    """,
)


def last_was_joint(connection: Connection, address: str, *, since: datetime, until: datetime) -> bool:
    """Return whether the last page that went to an address in this time stands for several."""
    row = connection.execute(_LAST_JOINT, {"address": address, "since": since, "until": until}).first()
    return bool(row and row.joint)
