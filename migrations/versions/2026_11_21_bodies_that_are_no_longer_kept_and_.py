"""Bodies that are no longer kept and clocks that run.

Made on 2026-11-21, after 6f549f078a73.
"""

import sqlalchemy as sa
from alembic import op

revision = "b428f1139e72"
down_revision = "6f549f078a73"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_clocks_running",
        "clocks",
        ["ticket_id", "metric"],
        unique=False,
        postgresql_where=sa.text("state = 'running' AND breached_at IS NULL AND due_at IS NOT NULL"),
    )
    op.add_column("inbox", sa.Column("emptied", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "ix_inbox_kept", "inbox", ["received_at"], unique=False, postgresql_where=sa.text("NOT emptied")
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_kept", table_name="inbox", postgresql_where=sa.text("NOT emptied"))
    op.drop_column("inbox", "emptied")
    op.drop_index(
        "ix_clocks_running",
        table_name="clocks",
        postgresql_where=sa.text("state = 'running' AND breached_at IS NULL AND due_at IS NOT NULL"),
    )
