"""Who is asked and who wrote.

Made on 2026-11-21, after ab1b04bfd2a1.
"""

import sqlalchemy as sa
from alembic import op

revision = "923e7c18ffc8"
down_revision = "ab1b04bfd2a1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_inbox_sender",
        "inbox",
        ["sender"],
        unique=False,
        postgresql_where=sa.text("state <> 'new' AND (kind <> 'receipt' OR ticket_id IS NULL)"),
    )
    op.create_index(
        "ix_tickets_asked",
        "tickets",
        [sa.literal_column("(doc #> '{escalation,asked}')").label("asked")],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"asked": "jsonb_path_ops"},
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_tickets_asked",
        table_name="tickets",
        postgresql_using="gin",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_inbox_sender",
        table_name="inbox",
        postgresql_where=sa.text("state <> 'new' AND (kind <> 'receipt' OR ticket_id IS NULL)"),
    )
