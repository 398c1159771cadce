"""The tables of on-call life beside the directory file: leave, feeds, overrides, swaps, gaps, the ledger.

Whoever writes leave or an override counts the directory's version on in the same transaction, so that every
node's snapshot sees it (store/oncall.py). Nothing is deleted: what no longer holds says since when. What must
not live here: queries.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.metadata import metadata

_INSTANT = DateTime(timezone=True)
_IN_FORCE = text("withdrawn_at IS NULL")

# Somebody is off: half-open, UTC. `source` is empty for what a person entered, else the feed or file that it
# was read from, and `uid` what that calls the entry.
leave = Table(
    "leave",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("person", Text, ForeignKey("people.key"), nullable=False),
    Column("starts", _INSTANT, nullable=False),
    Column("ends", _INSTANT, nullable=False),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("source", Text, nullable=False, server_default=text("''")),
    Column("uid", Text, nullable=False, server_default=text("''")),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", _INSTANT, nullable=False),
    Column("withdrawn_at", _INSTANT),
    Column("withdrawn_by", Text, nullable=False, server_default=text("''")),
    CheckConstraint("starts < ends", name="order"),
    # Asked when the snapshot is read, and by whoever looks at the leave of one person.
    Index("ix_leave_ends", "ends", postgresql_where=_IN_FORCE),
    Index("ix_leave_person", "person", "ends", postgresql_where=_IN_FORCE),
)

# What became of each person's calendar: when it was last read, and since when it cannot be.
leave_feeds = Table(
    "leave_feeds",
    metadata,
    Column("person", Text, ForeignKey("people.key"), primary_key=True),
    Column("url", Text, nullable=False),
    Column("read_at", _INSTANT),
    Column("next_at", _INSTANT, nullable=False),
    Column("failing_since", _INSTANT),
    Column("problem", Text, nullable=False, server_default=text("''")),
    CheckConstraint("(failing_since IS NULL) = (problem = '')", name="problem"),
)

# Dated exceptions beside those of the schedule's document, applied after them in the order of their ids.
# `out` is a person's key, `*` for everyone, or empty; so is `joins`, but for `*`.
overrides = Table(
    "overrides",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("schedule", Text, ForeignKey("schedules.name"), nullable=False),
    Column("starts", _INSTANT, nullable=False),
    Column("ends", _INSTANT, nullable=False),
    Column("out", Text, nullable=False, server_default=text("''")),
    Column("joins", Text, nullable=False, server_default=text("''")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("entered_by", Text, nullable=False),
    Column("entered_at", _INSTANT, nullable=False),
    Column("revoked_at", _INSTANT),
    Column("revoked_by", Text, nullable=False, server_default=text("''")),
    CheckConstraint("starts < ends", name="order"),
    CheckConstraint("out <> '' OR joins <> ''", name="change"),
    Index("ix_overrides_ends", "ends", postgresql_where=text("revoked_at IS NULL")),
)

# `giver` asks `taker` to be on call instead. `pieces` is a list of {schedule, start, end}: more than one when
# the giver is on call in several schedules.
swaps = Table(
    "swaps",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("giver", Text, ForeignKey("people.key"), nullable=False),
    Column("taker", Text, ForeignKey("people.key"), nullable=False),
    Column("starts", _INSTANT, nullable=False),
    Column("ends", _INSTANT, nullable=False),
    Column("pieces", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'offered'")),
    Column("offered_by", Text, nullable=False),
    Column("offered_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT, nullable=False),
    Column("decided_at", _INSTANT),
    CheckConstraint("starts < ends", name="order"),
    CheckConstraint("giver <> taker", name="two"),
    CheckConstraint("state IN ('offered', 'taken', 'refused', 'expired', 'withdrawn')", name="state"),
    CheckConstraint("(state = 'offered') = (decided_at IS NULL)", name="decided"),
    Index("ix_swaps_taker", "taker", "id", postgresql_where=text("state = 'offered'")),
    Index("ix_swaps_giver", "giver", "id", postgresql_where=text("state = 'offered'")),
    Index("ix_swaps_expiry", "expires_at", postgresql_where=text("state = 'offered'")),
)

# The times ahead in which nobody is on call, as of the last change: what the board shows, and what a new gap
# is told by. `target` is a schedule, an account's manager or the duty manager.
gaps = Table(
    "gaps",
    metadata,
    Column("target", Text, primary_key=True),
    Column("starts", _INSTANT, primary_key=True),
    Column("ends", _INSTANT, nullable=False),
    Column("away", JSONB, nullable=False),
    CheckConstraint("starts < ends", name="order"),
)

# One row: the directory's version that the gaps were found in, and how far ahead was looked.
gap_watch = Table(
    "gap_watch",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("horizon", _INSTANT, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

# What is done once, whatever restarts and however many nodes run: whoever adds the row does it, in the same
# transaction. `key` is the due instant or whatever else names the occasion.
ledger = Table(
    "ledger",
    metadata,
    Column("job", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("done_at", _INSTANT, nullable=False),
    Index("ix_ledger_done_at", "done_at"),
)

# Private calendar feeds: of a person, or of a schedule. The key in the address is derived from the id and the
# installation's secret, so that it can be shown again and is not kept here.
feeds = Table(
    "feeds",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", _INSTANT, nullable=False),
    Column("revoked_at", _INSTANT),
    CheckConstraint("kind IN ('person', 'schedule')", name="kind"),
    # One in force for each person and schedule: whoever wants another address revokes the first.
    Index("uq_feeds_in_force", "kind", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)
