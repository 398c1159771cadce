"""Calls in the outbox.

Made on 2026-11-21, after ec97662cac38.
"""

import sqlalchemy as sa
from alembic import op

revision = "0bc869cc9c83"
down_revision = "ec97662cac38"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_outbox_channel"), "outbox", type_="check")
    op.create_check_constraint(op.f("ck_outbox_channel"), "outbox", "channel IN ('sms', 'email', 'voice')")
    op.create_index(
        "ix_outbox_calls",
        "outbox",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("channel = 'voice' AND state = 'sent' AND finished_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_outbox_calls",
        table_name="outbox",
        postgresql_where=sa.text("channel = 'voice' AND state = 'sent' AND finished_at IS NULL"),
    )
    op.drop_constraint(op.f("ck_outbox_channel"), "outbox", type_="check")
    op.create_check_constraint(op.f("ck_outbox_channel"), "outbox", "channel IN ('sms', 'email')")
