"""Who goes next: claiming messages of the outbox, urgent ones first, accounts in turns, each lane as it can.

Pages come before all else, of pages the first ones of urgent tickets; what is equally urgent goes in rounds,
one message of each account, so that three hundred of one do not hold up another's. What must not live here:
how much a lane can take (domain/pacing.py), what becomes of a claim (outbox.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, RowMapping, text

from app.store.outbox import NOTICE, PAGE, Claimed

CHANNELS: Final = ("sms", "voice", "email")
_FIELDS: Final = tuple(each.name for each in fields(Claimed))
_Class = tuple[str, int, int]
"""Channel, rank and urgency: what goes in rounds with each other."""

# A page is looked at again when it is claimed: it is sent only while its ticket still asks for somebody
# (promise 4 says that a page may come twice, not that it may come for a ticket that is taken).
_TAKE = """
    UPDATE outbox o SET state = 'sending', lease_until = :lease, claimed_by = :node, attempts = o.attempts + 1
    FROM chosen WHERE o.id = chosen.id
    RETURNING o.id, o.ticket_id, o.rank, o.text_id, o.channel, o.address, o.person, o.subject, o.body,
        o.thread, o.attempts, o.status, o.created_at,
        o.rank <> 0 OR o.ticket_id IS NULL OR EXISTS (
            SELECT 1 FROM tickets t WHERE t.id = o.ticket_id
            AND (
                t.doc #>> '{escalation,next_at}' IS NOT NULL
                OR t.doc #>> '{handoff,to}' = o.person
                OR (t.doc ->> 'ack_asked')::boolean AND t.doc ->> 'assignee' = o.person
            )
        ) AS wanted, o.urgency, o.account, chosen.place
"""

# The order is that of an index which has the channels apart. Without it PostgreSQL looks for the one call
# that is due among ten thousand texts.
_LANES = text(
    """
    SELECT c.channel,
        c.channel = ANY(CAST(:limited AS text[]))
            OR EXISTS (SELECT FROM lanes l WHERE l.name = c.channel AND l.slow_until > :now) AS paced,
        (
            SELECT true FROM outbox o WHERE o.state = 'pending' AND o.channel = c.channel
                AND o.rank BETWEEN :low AND :high AND o.not_before <= :now
            ORDER BY o.channel, o.rank, o.urgency, o.account, o.not_before LIMIT 1
        ) IS NOT NULL AS waits
    FROM unnest(CAST(:channels AS text[])) AS c (channel)
    """,
)

# Where no more is due than can be taken at once, order is no question, and this is the cheapest: what a claim
# costs all day. It is kept so plain that PostgreSQL plans it once.
_DUE = text(
    f"""
    WITH chosen AS MATERIALIZED (
        SELECT id, 0 AS place FROM outbox
        WHERE state = 'pending' AND not_before <= :now AND rank BETWEEN :low AND :high
            AND channel NOT IN (SELECT name FROM lanes WHERE slow_until > :now)
        ORDER BY rank, not_before, id LIMIT :batch FOR UPDATE SKIP LOCKED
    ), claimed AS ({_TAKE})
    SELECT s.slow, c.* FROM (
        SELECT count(*) > 0 AS slow FROM lanes WHERE slow_until > :now
    ) s LEFT JOIN claimed c ON true
    """,  # noqa: S608 - our own text
)

# The heads are found by skipping along the index from one account to the next, and of each no more is read
# than could be taken: it costs by accounts that wait, not by messages. More than the batch is ranked, because
# what another node is just claiming is passed over.
_IN_TURNS = text(
    f"""
    WITH RECURSIVE asked AS MATERIALIZED (
        SELECT * FROM unnest(
            CAST(:channels AS text[]), CAST(:rooms AS integer[]), CAST(:held AS boolean[])
        ) AS a (channel, room, held)
    ), heads (channel, rank, urgency, account) AS (
        SELECT h.* FROM asked a CROSS JOIN LATERAL (
            SELECT o.channel, o.rank, o.urgency, o.account FROM outbox o
            WHERE o.state = 'pending' AND o.channel = a.channel AND o.rank BETWEEN :low AND :high
            ORDER BY o.channel, o.rank, o.urgency, o.account LIMIT 1
        ) h
        UNION ALL
        SELECT n.* FROM heads h CROSS JOIN LATERAL (
            SELECT o.channel, o.rank, o.urgency, o.account FROM outbox o
            WHERE o.state = 'pending' AND o.channel = h.channel AND o.rank <= :high
                AND (o.rank, o.urgency, o.account) > (h.rank, h.urgency, h.account)
            ORDER BY o.channel, o.rank, o.urgency, o.account LIMIT 1
        ) n
    ), due AS (
        SELECT d.*, row_number() OVER (
            PARTITION BY d.channel, d.rank, d.urgency, d.account ORDER BY d.not_before, d.id
        ) AS turn
        FROM heads h CROSS JOIN LATERAL (
            SELECT o.id, o.channel, o.rank, o.urgency, o.account, o.not_before,
                CASE o.channel WHEN 'sms' THEN greatest(1, ceil(length(o.body) / 160.0)) ELSE 1 END
                    AS segments,
                o.rank = 0 AND o.created_at <= :patience AS impatient
            FROM outbox o
            WHERE o.state = 'pending' AND o.channel = h.channel AND o.rank = h.rank
                AND o.urgency = h.urgency AND o.account = h.account AND o.not_before <= :now
            ORDER BY o.not_before, o.id LIMIT (SELECT 1 + :most / greatest(count(*), 1) FROM heads)
        ) d
    ), placed AS (
        SELECT d.*, row_number() OVER (
            ORDER BY d.rank, d.urgency, d.turn, coalesce(d.account <= l.account, false), d.account, d.channel
        ) AS place
        FROM due d LEFT JOIN unnest(
            CAST(:last_channels AS text[]), CAST(:last_ranks AS integer[]),
            CAST(:last_urgencies AS integer[]), CAST(:last_accounts AS text[])
        ) AS l (channel, rank, urgency, account) USING (channel, rank, urgency)
    ), fitting AS MATERIALIZED (
        SELECT array_agg(f.id ORDER BY f.place) AS ids FROM (
            SELECT p.id, p.place FROM (
                SELECT *, sum(segments) OVER (PARTITION BY channel ORDER BY place) - segments AS before
                FROM placed
            ) p JOIN asked a USING (channel)
            WHERE a.room IS NULL OR p.before < a.room OR a.held AND p.impatient
            ORDER BY p.place LIMIT :most
        ) f
    ), chosen AS MATERIALIZED (
        SELECT o.id, array_position(f.ids, o.id) AS place FROM fitting f JOIN outbox o ON o.id = ANY(f.ids)
        WHERE o.state = 'pending' ORDER BY place LIMIT :batch FOR UPDATE OF o SKIP LOCKED
    ), claimed AS ({_TAKE})
    SELECT c.* FROM claimed c ORDER BY c.place
    """,  # noqa: S608 - our own text
)


@dataclass(slots=True)
class Turns:
    """Which account had the last turn in each class, and whether there was more than could be taken.

    One node's memory, so that the next turn begins after the last. It need not outlive its process, nor be
    shared: nodes that each go in rounds go in rounds together.
    """

    last: dict[_Class, str] = field(default_factory=dict)
    crowded: dict[bool, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """What a lane can take: so many segments, None for any. `held`: its provider wants nothing now."""

    segments: int | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who claims, when, what and how much: pages, or all else."""

    now: datetime
    lease: timedelta
    node: str
    batch: int
    pages: bool

    def values(self) -> dict[str, object]:
        """Return it as the statements name it."""
        return {
            "now": self.now,
            "lease": self.now + self.lease,
            "node": self.node,
            "batch": self.batch,
            "low": PAGE if self.pages else PAGE + 1,
            "high": PAGE if self.pages else NOTICE,
        }


def claim_due(connection: Connection, wanted: Wanted) -> tuple[list[Claimed], bool]:
    """Claim messages of lanes without a limit, and say whether others were told to slow down and may wait.

    The caller commits.
    """
    rows = connection.execute(_DUE, wanted.values()).mappings().all()
    claimed = [_claimed(row) for row in rows if row["id"] is not None]
    ordered = sorted(claimed, key=lambda c: (c.rank, c.urgency, c.id))
    return ordered, any(row["slow"] for row in rows)


def claim_in_turns(
    connection: Connection,
    wanted: Wanted,
    rooms: Mapping[str, Room],
    turns: Turns,
    patience: timedelta = timedelta(0),
) -> list[Claimed]:
    """Claim what these lanes have room for, in the order in which it is to go; the caller commits.

    From a lane that is held nothing is taken but pages older than `patience`.
    """
    last = turns.last.copy()
    asked = {
        **wanted.values(),
        "most": wanted.batch * 4,
        "patience": wanted.now - patience,
        "channels": list(rooms),
        "rooms": [room.segments for room in rooms.values()],
        "held": [room.held for room in rooms.values()],
        "last_channels": [channel for channel, _, _ in last],
        "last_ranks": [rank for _, rank, _ in last],
        "last_urgencies": [urgency for _, _, urgency in last],
        "last_accounts": list(last.values()),
    }
    rows = connection.execute(_IN_TURNS, asked).mappings().all()
    for row in rows:
        turns.last[row["channel"], row["rank"], row["urgency"]] = row["account"]
    return [_claimed(row) for row in rows]


def waiting(connection: Connection, wanted: Wanted, limited: Collection[str] = ()) -> dict[str, bool]:
    """Return the lanes in which something is due, and whether each is limited or was told to slow down."""
    asked = {**wanted.values(), "limited": list(limited), "channels": list(CHANNELS)}
    return {row.channel: row.paced for row in connection.execute(_LANES, asked) if row.waits}


def _claimed(row: RowMapping) -> Claimed:
    return Claimed(**{name: row[name] for name in _FIELDS})
