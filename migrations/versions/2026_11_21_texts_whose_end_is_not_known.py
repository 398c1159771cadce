"""Texts whose end is not known.

Made on 2026-11-21, after e28ead516a55.
"""

import sqlalchemy as sa
from alembic import op

revision = "6f549f078a73"
down_revision = "e28ead516a55"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_unheard",
        "outbox",
        ["sent_at"],
        unique=False,
        postgresql_where=sa.text(
            "channel = 'sms' AND state = 'sent' AND status IN ('queued', 'sent', 'unknown')"
        ),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_outbox_unheard",
        table_name="outbox",
        postgresql_where=sa.text(
            "channel = 'sms' AND state = 'sent' AND status IN ('queued', 'sent', 'unknown')"
        ),
    )
