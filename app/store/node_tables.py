"""The table by which several processes on one database know of each other."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Double, Table, Text

from app.store.metadata import metadata

_INSTANT = DateTime(timezone=True)

# Each process, by its own word. `seen_at` is its last sign of life by the database's clock, `skew_seconds`
# how far its own clock was ahead of that one then.
nodes = Table(
    "nodes",
    metadata,
    Column("node", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("started_at", _INSTANT, nullable=False),
    Column("seen_at", _INSTANT, nullable=False),
    Column("skew_seconds", Double, nullable=False),
)
