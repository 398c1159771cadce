"""Turns of accounts, lanes of senders.

Made on 2026-11-21, after aeb477f2f72d.
"""

import sqlalchemy as sa
from alembic import op

revision = "ab1b04bfd2a1"
down_revision = "aeb477f2f72d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lanes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slow_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lanes")),
    )
    op.add_column("outbox", sa.Column("account", sa.Text(), server_default="", nullable=False))
    op.add_column("outbox", sa.Column("urgency", sa.SmallInteger(), server_default="2", nullable=False))
    op.execute(
        "UPDATE outbox o SET account = t.account FROM tickets t"
        " WHERE t.id = o.ticket_id AND o.state = 'pending'"
    )
    op.create_index(
        "ix_outbox_turns",
        "outbox",
        ["channel", "rank", "urgency", "account", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_turns", table_name="outbox", postgresql_where=sa.text("state = 'pending'"))
    op.drop_column("outbox", "urgency")
    op.drop_column("outbox", "account")
    op.drop_table("lanes")
