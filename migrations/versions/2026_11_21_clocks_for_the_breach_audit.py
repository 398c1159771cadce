"""Clocks for the breach audit.

Made on 2026-11-21, after f6acd477f0ab.
"""

import sqlalchemy as sa
from alembic import op

revision = "8b7eb45953b7"
down_revision = "f6acd477f0ab"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clocks",
        sa.Column("ticket_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("trade", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("target_seconds", sa.Double(), nullable=False),
        sa.Column("elapsed_seconds", sa.Double(), nullable=True),
        sa.Column("over_seconds", sa.Double(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'met', 'missed', 'cancelled')", name=op.f("ck_clocks_state")
        ),
        sa.CheckConstraint(
            "(elapsed_seconds IS NULL) = (stopped_at IS NULL)", name=op.f("ck_clocks_elapsed")
        ),
        sa.CheckConstraint("NOT excused OR breached_at IS NOT NULL", name=op.f("ck_clocks_excused")),
        sa.CheckConstraint("breached_at IS NULL OR breached_at = decided_at", name=op.f("ck_clocks_decided")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_clocks_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "metric", name=op.f("pk_clocks")),
    )
    op.create_index(
        "ix_clocks_account_breached",
        "clocks",
        ["account", "breached_at", "ticket_id", "metric"],
        unique=False,
        postgresql_include=["reason", "excused", "held_by", "site", "priority"],
        postgresql_where=sa.text("breached_at IS NOT NULL"),
    )
    op.create_index(
        "ix_clocks_account_decided",
        "clocks",
        ["account", "decided_at"],
        unique=False,
        postgresql_include=["metric", "priority", "site", "held_by"],
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )
    op.create_index(
        "ix_clocks_breached",
        "clocks",
        ["breached_at", "ticket_id", "metric"],
        unique=False,
        postgresql_include=["reason", "excused", "held_by", "site", "priority"],
        postgresql_where=sa.text("breached_at IS NOT NULL"),
    )
    op.create_index(
        "ix_clocks_decided",
        "clocks",
        ["decided_at"],
        unique=False,
        postgresql_include=["metric", "priority", "site", "held_by"],
        postgresql_where=sa.text("decided_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("clocks")
