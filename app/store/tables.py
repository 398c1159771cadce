"""The tables of tickets and messages. Rules that the schema can keep are kept here.

The row lock on `tickets` guards everything of that ticket: its events, timers and outbox rows are written
only by a transaction that has updated or locked the ticket's own row. Ids are 64-bit, time-ordered, made in
the application. Partial indexes answer the questions that the engine asks all day.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.store.directory_tables import accounts  # noqa: F401 - one import gives the whole metadata
from app.store.incident_tables import incidents  # noqa: F401 - as above
from app.store.lane_tables import lanes  # noqa: F401 - as above
from app.store.metadata import metadata
from app.store.node_tables import nodes  # noqa: F401 - as above
from app.store.oncall_tables import ledger  # noqa: F401 - as above

INSTANT = DateTime(timezone=True)

ticket_numbers = Sequence("ticket_numbers", start=1042, metadata=metadata)

# Every webhook request, stored before it was answered (promise 1). `outcome` says in a word what became of
# a handled row that changed no ticket.
inbox = Table(
    "inbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("state", Text, nullable=False, server_default="new"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("not_before", INSTANT, nullable=False),
    Column("handled_at", INSTANT),
    Column("ticket_id", BigInteger),
    Column("outcome", Text, nullable=False, server_default=""),
    # Its body is no longer kept: too old, or its sender is forgotten.
    Column("emptied", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("provider", "kind", "key"),
    CheckConstraint("state IN ('new', 'done', 'failed')", name="state"),
    CheckConstraint(
        "state = 'new' OR ticket_id IS NOT NULL OR outcome <> ''",
        name="ticket_or_reason",
    ),
    Index("ix_inbox_messages", "id", postgresql_where=text("state = 'new' AND kind <> 'receipt'")),
    Index("ix_inbox_receipts", "id", postgresql_where=text("state = 'new' AND kind = 'receipt'")),
    Index("ix_inbox_waiting_sender", "sender", "id", postgresql_where=text("state = 'new'")),
    Index("ix_inbox_kept", "received_at", postgresql_where=text("NOT emptied")),
    Index("ix_inbox_ticket", "ticket_id", postgresql_where=text("ticket_id IS NOT NULL")),
    # For forgetting somebody. The receipts of tickets, most of all rows, are found by their tickets.
    Index(
        "ix_inbox_sender",
        "sender",
        postgresql_where=text("state <> 'new' AND (kind <> 'receipt' OR ticket_id IS NULL)"),
    ),
)

# Requests and texts that were turned away, links that had expired: who knocked (promise 8), and what the
# engine set aside.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Index("ix_audit_kind", "kind", "id"),
)

# The rulebook's content at each revision, and each SLA policy by its own hash: what a ticket was decided by.
revisions = Table(
    "revisions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("first_used_at", INSTANT, nullable=False),
    Column("document", JSONB, nullable=False),
)

# Which revision came into force when, and by whom. Two people who apply at once want the same `number`: one
# of them gets it.
applied_revisions = Table(
    "applied_revisions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, ForeignKey("revisions.hash"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("by", Text, nullable=False),
    Column("changes", JSONB, nullable=False),
)

sla_policies = Table(
    "sla_policies",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("first_used_at", INSTANT, nullable=False),
    Column("document", JSONB, nullable=False),
)

# `doc` is the whole folded state; the columns beside it are what is searched and sorted by.
tickets = Table(
    "tickets",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("trade", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Column("next_metric", Text, nullable=False, server_default=""),
    Column("next_due_at", INSTANT),
    Column("revision", Text, ForeignKey("revisions.hash"), nullable=False),
    Column("policy", Text, ForeignKey("sla_policies.hash"), nullable=False),
    Column("doc", JSONB, nullable=False),
    CheckConstraint(
        "state IN ('new', 'acknowledged', 'en_route', 'on_site', 'on_hold', 'resolved',"
        " 'closed', 'cancelled', 'merged')",
        name="state",
    ),
    CheckConstraint(
        "(ended_at IS NOT NULL) = (state IN ('closed', 'cancelled', 'merged'))",
        name="ended",
    ),
    Index("ix_tickets_board", "next_due_at", "id", postgresql_where=text("ended_at IS NULL")),
    Index("ix_tickets_address", "address", "id"),
    Index("ix_tickets_contact", "contact", "id", postgresql_where=text("contact <> ''")),
    Index("ix_tickets_assignee", "assignee", "id", postgresql_where=text("ended_at IS NULL")),
    Index("ix_tickets_site", "site", "id"),
    Index("ix_tickets_account_opened", "account", "opened_at", postgresql_where=text("account <> ''")),
    Index("ix_tickets_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    # Whom open tickets ask: the board's "mine", one answer for all, a page for all.
    Index(
        "ix_tickets_asked",
        literal_column("(doc #> '{escalation,asked}')").label("asked"),
        postgresql_using="gin",
        postgresql_ops={"asked": "jsonb_path_ops"},
        postgresql_where=text("ended_at IS NULL"),
    ),
)

# What happened, append-only. `seq` counts from 1 within the ticket: two writers cannot both add the next.
events = Table(
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    UniqueConstraint("ticket_id", "seq"),
    Index("ix_events_opened", "at", postgresql_where=text("kind = 'opened'")),
    Index("ix_events_taken", "at", postgresql_where=text("kind IN ('acknowledged', 'taken')")),
)

# What the breach audit asks: each clock that has started, kept beside the events that it follows from, in the
# same transaction, and to be made anew from them (domain/clock_entries.py). `decided_at` is when it was known
# whether the promise was kept: rates count by it. The included columns let filtered counts stay in an index.
clocks = Table(
    "clocks",
    metadata,
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), primary_key=True, autoincrement=False),
    Column("metric", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("trade", Text, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("opened_at", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("target_seconds", Double, nullable=False),
    Column("elapsed_seconds", Double),
    Column("over_seconds", Double),
    Column("due_at", INSTANT),
    Column("breached_at", INSTANT),
    Column("stopped_at", INSTANT),
    Column("decided_at", INSTANT),
    Column("reason", Text, nullable=False),
    Column("excused", Boolean, nullable=False),
    CheckConstraint("state IN ('running', 'paused', 'met', 'missed', 'cancelled')", name="state"),
    CheckConstraint("NOT excused OR breached_at IS NOT NULL", name="excused"),
    CheckConstraint("breached_at IS NULL OR breached_at = decided_at", name="decided"),
    CheckConstraint("(elapsed_seconds IS NULL) = (stopped_at IS NULL)", name="elapsed"),
    # What should have a timer, for the reconciler, who asks each minute.
    Index(
        "ix_clocks_running",
        "ticket_id",
        "metric",
        postgresql_where=text("state = 'running' AND breached_at IS NULL AND due_at IS NOT NULL"),
    ),
    Index(
        "ix_clocks_breached",
        "breached_at",
        "ticket_id",
        "metric",
        postgresql_include=["reason", "excused", "held_by", "site", "priority"],
        postgresql_where=text("breached_at IS NOT NULL"),
    ),
    Index(
        "ix_clocks_account_breached",
        "account",
        "breached_at",
        "ticket_id",
        "metric",
        postgresql_include=["reason", "excused", "held_by", "site", "priority"],
        postgresql_where=text("breached_at IS NOT NULL"),
    ),
    Index(
        "ix_clocks_decided",
        "decided_at",
        postgresql_include=["metric", "priority", "site", "held_by"],
        postgresql_where=text("decided_at IS NOT NULL"),
    ),
    Index(
        "ix_clocks_account_decided",
        "account",
        "decided_at",
        postgresql_include=["metric", "priority", "site", "held_by"],
        postgresql_where=text("decided_at IS NOT NULL"),
    ),
)

# What is armed, and nothing else: firing or disarming deletes the row.
timers = Table(
    "timers",
    metadata,
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("due_at", INSTANT, nullable=False),
    Column("not_before", INSTANT, nullable=False),
    Index("ix_timers_due", "not_before"),
)

# What we mean to say, written with its decision; then what became of it. `rank` 0 is a page, and pages go
# first. The index by address answers "which page went to this phone last" and "how much did we say lately".
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id")),
    Column("rank", SmallInteger, nullable=False),
    Column("text_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("thread", JSONB, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("not_before", INSTANT, nullable=False),
    Column("state", Text, nullable=False, server_default="pending"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("lease_until", INSTANT),
    Column("claimed_by", Text, nullable=False, server_default=""),
    Column("provider_id", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default=""),
    Column("code", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("sent_at", INSTANT),
    Column("finished_at", INSTANT),
    Column("failure_reported", Boolean, nullable=False, server_default="false"),
    # Whose turn it is: see store/claims.py.
    Column("account", Text, nullable=False, server_default=""),
    Column("urgency", SmallInteger, nullable=False, server_default="2"),
    CheckConstraint("channel IN ('sms', 'email', 'voice')", name="channel"),
    CheckConstraint(
        "state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')",
        name="state",
    ),
    CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="lease"),
    Index("ix_outbox_pending", "rank", "not_before", "id", postgresql_where=text("state = 'pending'")),
    Index(
        "ix_outbox_turns",
        "channel",
        "rank",
        "urgency",
        "account",
        "not_before",
        "id",
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_outbox_leased", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_outbox_untold", "id", postgresql_where=text("state = 'failed' AND NOT failure_reported")),
    Index("ix_outbox_ticket", "ticket_id", "id"),
    Index("ix_outbox_address", "address", "id"),
    Index("ix_outbox_pages", "created_at", postgresql_where=text("rank = 0")),
    Index(
        "ix_outbox_pages_sent",
        "address",
        "sent_at",
        postgresql_where=text("rank = 0 AND sent_at IS NOT NULL"),
    ),
    # Calls that may still ring: hung up when somebody takes the ticket.
    Index(
        "ix_outbox_calls",
        "not_before",
        postgresql_where=text("channel = 'voice' AND state = 'sent' AND finished_at IS NULL"),
    ),
    # Texts of which we do not know the end: the provider is asked (usecases/unheard.py).
    Index(
        "ix_outbox_unheard",
        "sent_at",
        postgresql_where=text(
            "channel = 'sms' AND state = 'sent' AND status IN ('queued', 'sent', 'unknown')"
        ),
    ),
    Index("ix_outbox_provider", "provider_id", postgresql_where=text("provider_id <> ''")),
)

# Each call to a provider.
delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), primary_key=True),
    Column("attempt", SmallInteger, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("result", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

# The page's link: this person, this ticket, until a day after its end. Only the token's hash is kept.
links = Table(
    "links",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("ticket_id", BigInteger, ForeignKey("tickets.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    UniqueConstraint("ticket_id", "person"),
)

# Addresses that said STOP. The carrier refuses them too; this is what people are shown.
suppressions = Table(
    "suppressions",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("since", INSTANT, nullable=False),
)

# Who may sign in at the desk.
users = Table(
    "users",
    metadata,
    Column("email", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("person", Text, nullable=False, server_default=""),
    Column("password_hash", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    CheckConstraint("role IN ('owner', 'manager', 'account_manager')", name="role"),
    CheckConstraint("email = lower(email)", name="email_lower"),
)
