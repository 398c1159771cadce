"""Small records beside the tickets: the audit, revisions and policies, page links, suppressions, users."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.store.rows import insert_rows
from app.store.tables import audit, links, revisions, sla_policies, suppressions, tickets, users


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that must be known later but changed no ticket."""

    id: int
    at: datetime
    kind: str
    subject: str
    detail: Mapping[str, Any]


def add_audit(connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Append to the audit."""
    rows = [
        {"id": e.id, "at": e.at, "kind": e.kind, "subject": e.subject, "detail": dict(e.detail)}
        for e in entries
    ]
    insert_rows(connection, audit, rows)


def audit_of(connection: Connection, kind: str, limit: int = 100) -> list[AuditEntry]:
    """Return the newest entries of a kind."""
    rows = connection.execute(
        select(audit).where(audit.c.kind == kind).order_by(audit.c.id.desc()).limit(limit)
    )
    return [AuditEntry(**row._mapping) for row in rows]


def keep_revision(connection: Connection, digest: str, document: Mapping[str, Any], now: datetime) -> None:
    """Keep a rulebook revision, once."""
    # Asked first: a document with learned words is most of a megabyte, and each new node comes by here.
    if connection.execute(select(revisions.c.hash).where(revisions.c.hash == digest)).first() is not None:
        return
    row = {"hash": digest, "first_used_at": now, "document": dict(document)}
    connection.execute(insert(revisions).values(row).on_conflict_do_nothing())


def revision(connection: Connection, digest: str) -> dict[str, Any] | None:
    """Return a kept rulebook revision's document."""
    found: dict[str, Any] | None = connection.execute(
        select(revisions.c.document).where(revisions.c.hash == digest),
    ).scalar()
    return found


def keep_policies(connection: Connection, documents: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    """Keep SLA policies by their hash, once each."""
    if documents:
        rows = [
            {"hash": digest, "first_used_at": now, "document": dict(doc)} for digest, doc in documents.items()
        ]
        connection.execute(insert(sla_policies).values(rows).on_conflict_do_nothing())


def policy(connection: Connection, digest: str) -> dict[str, Any] | None:
    """Return a kept SLA policy's document."""
    found: dict[str, Any] | None = connection.execute(
        select(sla_policies.c.document).where(sla_policies.c.hash == digest),
    ).scalar()
    return found


_KEEP_LINKS = text(
    """
    INSERT INTO links (token_hash, ticket_id, person, created_at)
    SELECT l.*, :created_at FROM unnest(
        CAST(:token_hash AS bytea[]), CAST(:ticket_id AS bigint[]), CAST(:person AS text[])
    ) AS l
    ON CONFLICT DO NOTHING
    """,
)


def keep_links(
    connection: Connection,
    wanted: Mapping[bytes, tuple[int, str]],
    now: datetime,
) -> None:
    """Keep page links: the hash of each token -> (ticket id, person), once each."""
    if wanted:
        columns = {
            "token_hash": list(wanted),
            "ticket_id": [ticket_id for ticket_id, _ in wanted.values()],
            "person": [person for _, person in wanted.values()],
            "created_at": now,
        }
        connection.execute(_KEEP_LINKS, columns)


@dataclass(frozen=True, slots=True)
class Link:
    """Whose link to which ticket; `ended_at` is the ticket's end."""

    ticket_id: int
    person: str
    ended_at: datetime | None


def link(connection: Connection, token_hash: bytes) -> Link | None:
    """Return the link with this token's hash."""
    row = connection.execute(
        select(links.c.ticket_id, links.c.person, tickets.c.ended_at)
        .join(tickets, tickets.c.id == links.c.ticket_id)
        .where(links.c.token_hash == token_hash),
    ).first()
    return Link(row.ticket_id, row.person, row.ended_at) if row else None


def suppress(connection: Connection, channel: str, address: str, now: datetime) -> bool:
    """Record that an address said STOP; return whether that is news."""
    row = {"channel": channel, "address": address, "since": now}
    statement = insert(suppressions).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(suppressions.c.address)).first() is not None


def unsuppress(connection: Connection, channel: str, address: str) -> None:
    """Record that an address said START."""
    connection.execute(
        delete(suppressions).where(suppressions.c.channel == channel, suppressions.c.address == address),
    )


def suppressed(connection: Connection, addresses: Collection[str]) -> dict[str, datetime]:
    """Return which of these addresses said STOP, and when."""
    if not addresses:
        return {}
    rows = connection.execute(select(suppressions).where(suppressions.c.address.in_(addresses)))
    return {row.address: row.since for row in rows}


def silent(connection: Connection, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these (channel, address) said STOP."""
    if not wanted:
        return set()
    key = tuple_(suppressions.c.channel, suppressions.c.address)
    rows = connection.execute(
        select(suppressions.c.channel, suppressions.c.address).where(key.in_(sorted(wanted)))
    )
    return {(row.channel, row.address) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in; `person` is their key in the directory, if they are in it."""

    email: str
    name: str
    role: str
    person: str
    password_hash: str
    active: bool


def user(connection: Connection, email: str) -> User | None:
    """Return the user with this mail address (any case)."""
    columns = [users.c[name] for name in User.__dataclass_fields__]
    row = connection.execute(select(*columns).where(users.c.email == email.lower())).first()
    return User(**row._mapping) if row else None


def put_user(connection: Connection, person: User, now: datetime) -> bool:
    """Create a user, or change the one with that address; return whether it is new."""
    row = {name: getattr(person, name) for name in User.__dataclass_fields__}
    statement = insert(users).values({**row, "created_at": now}).on_conflict_do_nothing()
    if connection.execute(statement.returning(users.c.email)).first():
        return True
    connection.execute(update(users).where(users.c.email == person.email).values(row))
    return False


_NEWS = text(
    """
    SELECT md5(concat(
        (SELECT version FROM directory_version),
        (SELECT string_agg(e.id::text, ',') FROM (SELECT id FROM events ORDER BY id DESC LIMIT 50) e),
        (SELECT string_agg(concat(i.id, i.state), ',')
            FROM (SELECT id, state FROM inbox ORDER BY id DESC LIMIT 50) i),
        (SELECT string_agg(concat(o.id, o.state, o.status), ',')
            FROM (SELECT id, state, status FROM outbox ORDER BY id DESC LIMIT 50) o)
    ))
    """,
)


def news_mark(connection: Connection) -> str:
    """Return a text that changes whenever anything that pages show has.

    The newest id alone would not do: of two writers the one with the older id may commit last, so the newest
    few of each are looked at. Not any commit counts: nodes give signs of life every other second.
    """
    return str(connection.execute(_NEWS).scalar_one())
