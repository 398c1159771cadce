"""The table by which all nodes share the pace of a sender."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Table, Text

from app.store.metadata import metadata

_INSTANT = DateTime(timezone=True)

# What a sender of ours has used, and what its provider said to that (domain/pacing.py). There is a row only
# of a lane that has a limit, or was ever told to slow down.
lanes = Table(
    "lanes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", _INSTANT, nullable=False),
    Column("held_until", _INSTANT, nullable=False),
    Column("slow_until", _INSTANT, nullable=False),
    Column("code", Text, nullable=False, server_default=""),
)
