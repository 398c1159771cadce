"""Nights.

Made on 2026-11-21, after 2037e4fb438c.
"""

import sqlalchemy as sa
from alembic import op

revision = "e28ead516a55"
down_revision = "40ed99d97cf6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_pages", "outbox", ["created_at"], unique=False, postgresql_where=sa.text("rank = 0")
    )
    op.create_index(
        "ix_events_taken",
        "events",
        ["at"],
        unique=False,
        postgresql_where=sa.text("kind IN ('acknowledged', 'taken')"),
    )


def downgrade() -> None:
    op.drop_index("ix_events_taken", table_name="events")
    op.drop_index("ix_outbox_pages", table_name="outbox", postgresql_where=sa.text("rank = 0"))
