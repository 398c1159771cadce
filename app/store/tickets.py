"""Tickets and their events: many at a time, few statements. Writers are told when they lost a race."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.clock_entries import ClockEntry
from app.domain.clocks import Timer
from app.domain.errors import ConflictError
from app.domain.events import AnyEvent
from app.domain.ticket import Ticket
from app.store import clocks, codec
from app.store.directory_tables import people
from app.store.rows import JsonText, as_json, insert_rows
from app.store.tables import events, ticket_numbers, tickets, timers


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWrite:
    """One ticket as a transaction leaves it. `before` is the version that was read, 0 for a new ticket.

    `clocks` are the entries of its clocks, none when nothing happened that could change one.
    """

    before: int
    ticket: Ticket
    events: tuple[AnyEvent, ...]
    event_ids: tuple[int, ...]
    timers: frozenset[Timer]
    next_metric: str
    next_due_at: datetime | None
    clocks: tuple[ClockEntry, ...] = ()


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, Ticket]:
    """Return the tickets with these ids."""
    return _read(connection, tickets.c.id.in_(ids)) if ids else {}


def by_numbers(connection: Connection, numbers: Collection[int]) -> dict[int, Ticket]:
    """Return the tickets with these numbers, by id."""
    known = [n for n in numbers if 0 < n < 2**62]
    return _read(connection, tickets.c.number.in_(known)) if known else {}


def of_customers(
    connection: Connection,
    contacts: Collection[str],
    addresses: Collection[str],
    ended_since: datetime,
) -> dict[int, Ticket]:
    """Return tickets that these contacts or addresses opened: the open ones and the lately ended ones."""
    if not contacts and not addresses:
        return {}
    theirs = or_(tickets.c.contact.in_(contacts), tickets.c.address.in_(addresses))
    # Whoever opened a duplicate writes about the ticket that it was merged into, however long ago that was.
    merged = tickets.c.state == "merged"
    recent = or_(tickets.c.ended_at.is_(None), tickets.c.ended_at >= ended_since, merged)
    return _read(connection, and_(theirs, recent))


def held_by(connection: Connection, people: Collection[str]) -> dict[int, Ticket]:
    """Return the open tickets that these people are assigned to."""
    if not people:
        return {}
    return _read(connection, and_(tickets.c.assignee.in_(people), tickets.c.ended_at.is_(None)))


def orphans(connection: Connection, limit: int) -> dict[int, Ticket]:
    """Return open tickets that are with somebody whom the directory calls inactive, their rows locked.

    One that only waits for the customer's yes is with nobody. One that is being changed is left out.
    """
    working = or_(tickets.c.state != "resolved", tickets.c.doc["reserved"].as_boolean())
    found = connection.execute(
        select(tickets.c.id, tickets.c.doc)
        .join(people, people.c.key == tickets.c.assignee)
        .where(people.c.active.is_(False), tickets.c.ended_at.is_(None), working)
        .order_by(tickets.c.id)
        .limit(limit)
        .with_for_update(of=tickets, skip_locked=True),
    )
    return {row.id: codec.ticket_from_doc(row.doc) for row in found}


def _read(connection: Connection, condition: object) -> dict[int, Ticket]:
    rows = connection.execute(select(tickets.c.id, tickets.c.doc).where(condition))  # type: ignore[arg-type]
    return {row.id: codec.ticket_from_doc(row.doc) for row in rows}


def next_number(connection: Connection) -> int:
    """Return the number that would be drawn next, without drawing it."""
    found = connection.exec_driver_sql("SELECT last_value + is_called::int FROM ticket_numbers")
    return int(found.scalar_one())


def draw_numbers(connection: Connection, count: int) -> list[int]:
    """Return `count` fresh ticket numbers."""
    series = func.generate_series(1, count).table_valued("n")
    return list(connection.execute(select(ticket_numbers.next_value()).select_from(series)).scalars())


def events_of(connection: Connection, ticket_id: int) -> list[AnyEvent]:
    """Return all events of a ticket in the order in which they were recorded.

    Without those of a kind that this version does not know: during an upgrade its pages still show the rest.
    """
    rows = connection.execute(
        select(events.c.kind, events.c.at, events.c.recorded_at, events.c.actor, events.c.data)
        .where(events.c.ticket_id == ticket_id)
        .order_by(events.c.seq),
    )
    return [
        codec.event_from_row(
            row.kind,
            {"at": row.at, "recorded_at": row.recorded_at, "actor": row.actor},
            row.data,
        )
        for row in rows
        if codec.knows(row.kind)
    ]


def events_of_many(
    connection: Connection, ids: Collection[int], kinds: Collection[str] = ()
) -> dict[int, list[AnyEvent]]:
    """Return the events of several tickets, each in the order recorded; only some kinds if any are named.

    Raises NewerEventError.
    """
    found: dict[int, list[AnyEvent]] = {ticket_id: [] for ticket_id in ids}
    wanted = events.c.ticket_id.in_(ids)
    rows = connection.execute(
        select(events)
        .where(and_(wanted, events.c.kind.in_(kinds)) if kinds else wanted)
        .order_by(events.c.ticket_id, events.c.seq),
    )
    for row in rows:
        head = {"at": row.at, "recorded_at": row.recorded_at, "actor": row.actor}
        found[row.ticket_id].append(codec.event_from_row(row.kind, head, row.data))
    return found


def lock_after(connection: Connection, ticket_id: int, limit: int) -> list[int]:
    """Return the next ticket ids after one, in order, their rows locked until the transaction ends."""
    rows = connection.execute(
        select(tickets.c.id)
        .where(tickets.c.id > ticket_id)
        .order_by(tickets.c.id)
        .limit(limit)
        .with_for_update(),
    )
    return list(rows.scalars())


def save(connection: Connection, writes: Sequence[TicketWrite], now: datetime) -> None:
    """Write all tickets, their new events and their timers. Raises ConflictError when a version moved on.

    Tickets are updated in the order of their ids, always: two transactions then never wait for each other
    in a circle.
    """
    ordered = sorted(writes, key=lambda w: w.ticket.id)
    fresh = [w for w in ordered if w.before == 0]
    changed = [w for w in ordered if w.before > 0]
    if changed:
        rows = [{"id": w.ticket.id, "before": w.before, **_row(w, now)} for w in changed]
        if connection.execute(_UPDATE, {"rows": as_json(rows)}).rowcount != len(changed):
            raise ConflictError
    insert_rows(connection, tickets, [{"id": w.ticket.id, **_row(w, now)} for w in fresh])
    _insert_events(connection, ordered)
    clocks.put(connection, [entry for w in ordered for entry in w.clocks])
    armed = [
        {"ticket_id": w.ticket.id, "kind": t.kind, "key": t.key, "due_at": t.due_at, "not_before": t.due_at}
        for w in ordered
        for t in sorted(w.timers)
    ]
    if changed:
        connection.execute(_DISARM, {"ids": [w.ticket.id for w in changed], "armed": as_json(armed)})
    insert_rows(connection, timers, armed, "ON CONFLICT DO NOTHING")


# Most timers of a ticket outlive most of its events, and stay as they are.
_DISARM = text(
    """
    DELETE FROM timers t WHERE t.ticket_id = ANY(CAST(:ids AS bigint[])) AND NOT EXISTS (
        SELECT FROM json_to_recordset(CAST(:armed AS json))
            AS a (ticket_id bigint, kind text, key text, due_at timestamptz)
        WHERE (a.ticket_id, a.kind, a.key, a.due_at) = (t.ticket_id, t.kind, t.key, t.due_at)
            AND t.not_before = a.due_at
    )
    """,
)

# One statement for all: each costs a round trip. Their rows are locked in the order of the ids first.
# What a newer version has put into the document stays there, though this one knows nothing of it. (To join
# the two documents with all that both have costs PostgreSQL three times as much.)
_KNOWN = ", ".join(f"'{each.name}'" for each in fields(Ticket))
_CHANGED = {
    "version": "int",
    "policy": "text",
    "next_metric": "text",
    "next_due_at": "timestamptz",
    "doc": "jsonb",
    **dict.fromkeys(("state", "priority", "account", "site", "assignee"), "text"),
    **dict.fromkeys(("changed_at", "ended_at"), "timestamptz"),
}
_UPDATE = text(
    f"""
    WITH told AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:rows AS json))
            AS r (id bigint, before int, {", ".join(f"{name} {kind}" for name, kind in _CHANGED.items())})
    ), held AS MATERIALIZED (
        SELECT t.id FROM tickets t JOIN told USING (id) ORDER BY t.id FOR NO KEY UPDATE OF t
    )
    UPDATE tickets t SET {", ".join(f"{name} = told.{name}" for name in _CHANGED if name != "doc")},
        doc = (t.doc - ARRAY[{_KNOWN}]) || told.doc
    FROM held, told WHERE t.id = held.id AND told.id = held.id AND t.version = told.before
    """,  # noqa: S608 - names of our own columns
)


def _row(write: TicketWrite, now: datetime) -> dict[str, object]:
    ticket = write.ticket
    return {
        "number": ticket.number,
        "version": ticket.version,
        "state": ticket.state,
        "priority": ticket.priority,
        "trade": ticket.trade,
        "account": ticket.account,
        "site": ticket.site,
        "contact": ticket.requester.contact,
        "address": ticket.requester.address,
        "assignee": ticket.assignee,
        "opened_at": ticket.opened_at,
        "changed_at": now,
        "ended_at": ticket.ended_at,
        "next_metric": write.next_metric,
        "next_due_at": write.next_due_at,
        "revision": ticket.revision,
        "policy": ticket.policy,
        "doc": JsonText(codec.ticket_to_doc(ticket)),
    }


def _insert_events(connection: Connection, writes: Sequence[TicketWrite]) -> None:
    rows = [
        {
            "id": event_id,
            "ticket_id": w.ticket.id,
            "seq": w.before + offset,
            "kind": event.kind,
            "at": event.at,
            "recorded_at": event.recorded_at,
            "actor": event.actor,
            "data": JsonText(codec.event_to_data(event)),
        }
        for w in writes
        for offset, (event_id, event) in enumerate(zip(w.event_ids, w.events, strict=True), start=1)
    ]
    insert_rows(connection, events, rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which open tickets are looked for; empty means any. `person` has the ticket or is being asked."""

    account: str = ""
    priority: str = ""
    person: str = ""


def open_by_due(
    connection: Connection,
    limit: int,
    wanted: Wanted | None = None,
) -> list[tuple[Ticket, str, datetime | None]]:
    """Return open tickets with their next metric and its due instant, longest overdue first."""
    rows = connection.execute(
        select(tickets.c.doc, tickets.c.next_metric, tickets.c.next_due_at)
        .where(_open(wanted))
        .order_by(tickets.c.next_due_at, tickets.c.id)
        .limit(limit),
    )
    return [(codec.ticket_from_doc(row.doc), row.next_metric, row.next_due_at) for row in rows]


def count_open(connection: Connection, wanted: Wanted | None = None) -> int:
    """Return how many tickets are open."""
    statement = select(func.count()).select_from(tickets).where(_open(wanted))
    return connection.execute(statement).scalar_one()


_ASKED = literal_column("(tickets.doc #> '{escalation,asked}')", JSONB)  # as its index has it


def _open(wanted: Wanted | None) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [tickets.c.ended_at.is_(None)]
    if wanted and wanted.account:
        conditions.append(tickets.c.account == wanted.account)
    if wanted and wanted.priority:
        conditions.append(tickets.c.priority == wanted.priority)
    if wanted and wanted.person:
        asked = _ASKED.contains([wanted.person])
        conditions.append(or_(tickets.c.assignee == wanted.person, asked))
    return and_(*conditions)


def last_ended(connection: Connection) -> Ticket | None:
    """Return the ticket that ended last."""
    document = connection.execute(
        select(tickets.c.doc)
        .where(tickets.c.ended_at.is_not(None))
        .order_by(tickets.c.ended_at.desc())
        .limit(1),
    ).scalar()
    return codec.ticket_from_doc(document) if document else None
