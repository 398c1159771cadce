"""First light.

Made on 2026-11-21, after nothing: it is the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f6acd477f0ab"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("ticket_numbers", start=1042)))
    op.create_table(
        "accounts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("manager", sa.Text(), nullable=False),
        sa.Column("backup", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contract_start", sa.Date(), nullable=True),
        sa.Column("contract_end", sa.Date(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "backup = '' OR backup ~ '^(person|schedule):[a-z0-9][a-z0-9_-]*$'",
            name=op.f("ck_accounts_backup"),
        ),
        sa.CheckConstraint("key ~ '^[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_accounts_key")),
        sa.CheckConstraint(
            "manager ~ '^(person|schedule):[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_accounts_manager")
        ),
        sa.CheckConstraint("contract_end >= contract_start", name=op.f("ck_accounts_contract")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_accounts")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_kind", "audit", ["kind", "id"], unique=False)
    op.create_table(
        "company",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("short_name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.CheckConstraint("duty ~ '^(person|schedule):[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_company_duty")),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_table(
        "directory_version",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_directory_version_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_version")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state = 'new' OR ticket_id IS NOT NULL OR outcome <> ''", name=op.f("ck_inbox_ticket_or_reason")
        ),
        sa.CheckConstraint("state IN ('new', 'done', 'failed')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("provider", "kind", "key", name=op.f("uq_inbox_provider_kind_key")),
    )
    op.create_index(
        "ix_inbox_ticket",
        "inbox",
        ["ticket_id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "ix_inbox_waiting", "inbox", ["id"], unique=False, postgresql_where=sa.text("state = 'new'")
    )
    op.create_index(
        "ix_inbox_waiting_sender",
        "inbox",
        ["sender", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_table(
        "people",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("key ~ '^[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_people_key")),
        sa.CheckConstraint("cardinality(roles) > 0", name=op.f("ck_people_roles")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_people")),
        sa.UniqueConstraint("key", "active", name=op.f("uq_people_key_active")),
    )
    op.create_table(
        "revisions",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_revisions")),
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(document) = 'object'", name=op.f("ck_schedules_document")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "sla_policies",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sla_policies")),
    )
    op.create_table(
        "suppressions",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), server_default="", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("role IN ('owner', 'manager', 'account_manager')", name=op.f("ck_users_role")),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_users_email_lower")),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_users")),
    )
    op.create_table(
        "contact_methods",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN kind = 'email' THEN address = lower(address) AND address LIKE '%_@_%'"
            " ELSE address ~ '^[+][1-9][0-9]{6,14}$' END",
            name=op.f("ck_contact_methods_address"),
        ),
        sa.CheckConstraint("kind IN ('sms', 'email', 'voice')", name=op.f("ck_contact_methods_kind")),
        sa.ForeignKeyConstraint(
            ["person", "active"],
            ["people.key", "people.active"],
            name=op.f("fk_contact_methods_person_active"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("person", "kind", "address", name=op.f("pk_contact_methods")),
        sa.UniqueConstraint(
            "person",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_contact_methods_person_position"),
        ),
    )
    op.create_index(
        "uq_contact_methods_in_use",
        "contact_methods",
        ["address", "kind"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "contacts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("starts_with(key, account || '.')", name=op.f("ck_contacts_key")),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name=op.f("fk_contacts_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contacts")),
        sa.UniqueConstraint("account", "key", name=op.f("uq_contacts_account_key")),
    )
    op.create_table(
        "coverage",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("trades", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("regions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.key"], name=op.f("fk_coverage_person")),
        sa.PrimaryKeyConstraint("person", "trades", "regions", name=op.f("pk_coverage")),
    )
    op.create_table(
        "sites",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("starts_with(key, account || '.')", name=op.f("ck_sites_key")),
        sa.ForeignKeyConstraint(["account"], ["accounts.key"], name=op.f("fk_sites_account")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sites")),
        sa.UniqueConstraint("account", "key", name=op.f("uq_sites_account_key")),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("trade", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_metric", sa.Text(), server_default="", nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("doc", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (state IN ('closed', 'cancelled', 'merged'))",
            name=op.f("ck_tickets_ended"),
        ),
        sa.CheckConstraint(
            "state IN ('new', 'acknowledged', 'en_route', 'on_site', 'on_hold', 'resolved',"
            " 'closed', 'cancelled', 'merged')",
            name=op.f("ck_tickets_state"),
        ),
        sa.ForeignKeyConstraint(["policy"], ["sla_policies.hash"], name=op.f("fk_tickets_policy")),
        sa.ForeignKeyConstraint(["revision"], ["revisions.hash"], name=op.f("fk_tickets_revision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("number", name=op.f("uq_tickets_number")),
    )
    op.create_index("ix_tickets_address", "tickets", ["address", "id"], unique=False)
    op.create_index(
        "ix_tickets_assignee",
        "tickets",
        ["assignee", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_board",
        "tickets",
        ["next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_contact",
        "tickets",
        ["contact", "id"],
        unique=False,
        postgresql_where=sa.text("contact <> ''"),
    )
    op.create_index(
        "ix_tickets_ended",
        "tickets",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index("ix_tickets_site", "tickets", ["site", "id"], unique=False)
    op.create_table(
        "contact_addresses",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN kind = 'email' THEN address = lower(address) AND address LIKE '%_@_%'"
            " ELSE address ~ '^[+][1-9][0-9]{6,14}$' END",
            name=op.f("ck_contact_addresses_address"),
        ),
        sa.CheckConstraint("kind IN ('phone', 'email')", name=op.f("ck_contact_addresses_kind")),
        sa.ForeignKeyConstraint(["contact"], ["contacts.key"], name=op.f("fk_contact_addresses_contact")),
        sa.PrimaryKeyConstraint("contact", "kind", "address", name=op.f("pk_contact_addresses")),
        sa.UniqueConstraint(
            "contact",
            "kind",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name=op.f("uq_contact_addresses_contact_kind_position"),
        ),
    )
    op.create_index("ix_contact_addresses_address", "contact_addresses", ["address"], unique=False)
    op.create_table(
        "contact_sites",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "contact"],
            ["contacts.account", "contacts.key"],
            name=op.f("fk_contact_sites_account_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["account", "site"], ["sites.account", "sites.key"], name=op.f("fk_contact_sites_account_site")
        ),
        sa.PrimaryKeyConstraint("contact", "site", name=op.f("pk_contact_sites")),
    )
    op.create_index("ix_contact_sites_account_site", "contact_sites", ["account", "site"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_events_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("ticket_id", "seq", name=op.f("uq_events_ticket_id_seq")),
    )
    op.create_table(
        "links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_links_ticket_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_links")),
        sa.UniqueConstraint("ticket_id", "person", name=op.f("uq_links_ticket_id_person")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("text_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("thread", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_reported", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_outbox_lease")),
        sa.CheckConstraint("channel IN ('sms', 'email')", name=op.f("ck_outbox_channel")),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'cancelled')", name=op.f("ck_outbox_state")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_outbox_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_address", "outbox", ["address", "id"], unique=False)
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["rank", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_outbox_provider",
        "outbox",
        ["provider_id"],
        unique=False,
        postgresql_where=sa.text("provider_id <> ''"),
    )
    op.create_index("ix_outbox_ticket", "outbox", ["ticket_id", "id"], unique=False)
    op.create_table(
        "timers",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_timers_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "kind", "key", name=op.f("pk_timers")),
    )
    op.create_index("ix_timers_due", "timers", ["not_before"], unique=False)
    op.create_table(
        "delivery_attempts",
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_delivery_attempts_outbox_id")),
        sa.PrimaryKeyConstraint("outbox_id", "attempt", name=op.f("pk_delivery_attempts")),
    )


def downgrade() -> None:
    op.drop_table("delivery_attempts")
    op.drop_index("ix_timers_due", table_name="timers")
    op.drop_table("timers")
    op.drop_index("ix_outbox_ticket", table_name="outbox")
    op.drop_index("ix_outbox_provider", table_name="outbox", postgresql_where=sa.text("provider_id <> ''"))
    op.drop_index("ix_outbox_pending", table_name="outbox", postgresql_where=sa.text("state = 'pending'"))
    op.drop_index("ix_outbox_leased", table_name="outbox", postgresql_where=sa.text("state = 'sending'"))
    op.drop_index("ix_outbox_address", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("links")
    op.drop_table("events")
    op.drop_index("ix_contact_sites_account_site", table_name="contact_sites")
    op.drop_table("contact_sites")
    op.drop_index("ix_contact_addresses_address", table_name="contact_addresses")
    op.drop_table("contact_addresses")
    op.drop_index("ix_tickets_site", table_name="tickets")
    op.drop_index("ix_tickets_ended", table_name="tickets", postgresql_where=sa.text("ended_at IS NOT NULL"))
    op.drop_index("ix_tickets_contact", table_name="tickets", postgresql_where=sa.text("contact <> ''"))
    op.drop_index("ix_tickets_board", table_name="tickets", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_tickets_assignee", table_name="tickets", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_index("ix_tickets_address", table_name="tickets")
    op.drop_table("tickets")
    op.drop_table("sites")
    op.drop_table("coverage")
    op.drop_table("contacts")
    op.drop_index(
        "uq_contact_methods_in_use", table_name="contact_methods", postgresql_where=sa.text("active")
    )
    op.drop_table("contact_methods")
    op.drop_table("users")
    op.drop_table("suppressions")
    op.drop_table("sla_policies")
    op.drop_table("schedules")
    op.drop_table("revisions")
    op.drop_table("people")
    op.drop_index("ix_inbox_waiting_sender", table_name="inbox", postgresql_where=sa.text("state = 'new'"))
    op.drop_index("ix_inbox_waiting", table_name="inbox", postgresql_where=sa.text("state = 'new'"))
    op.drop_index("ix_inbox_ticket", table_name="inbox", postgresql_where=sa.text("ticket_id IS NOT NULL"))
    op.drop_table("inbox")
    op.drop_table("directory_version")
    op.drop_table("company")
    op.drop_index("ix_audit_kind", table_name="audit")
    op.drop_table("audit")
    op.drop_table("accounts")
    op.execute(sa.schema.DropSequence(sa.Sequence("ticket_numbers")))
