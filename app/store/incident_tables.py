"""The tables of storms: tickets of one account that came at once, and which pages were told together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Table, Text, text

from app.store.metadata import metadata

_INSTANT = DateTime(timezone=True)

# One account's storm. New tickets of it join until `joins_until`. Dissolved: each is on its own again.
incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("opened_at", _INSTANT, nullable=False),
    Column("joins_until", _INSTANT, nullable=False),
    Column("dissolved_at", _INSTANT),
    Column("dissolved_by", Text, nullable=False, server_default=""),
    Index("ix_incidents_standing", "account", "id", postgresql_where=text("dissolved_at IS NULL")),
)

# A ticket is in one incident at most, and in no second one after that was dissolved.
incident_tickets = Table(
    "incident_tickets",
    metadata,
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("joined_at", _INSTANT, nullable=False),
    Index("ix_incident_tickets", "incident_id", "ticket_id"),
)

# When a page that stands for several was last sent on its way to an address. `scope` is the incident's id, a
# colon and P1 for its most urgent ones; or empty for whatever was too much for one person.
joint_pages = Table(
    "joint_pages",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("sent_at", _INSTANT, nullable=False),
)
