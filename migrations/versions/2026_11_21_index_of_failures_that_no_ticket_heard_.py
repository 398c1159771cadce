"""Index of failures that no ticket heard of.

Made on 2026-11-21, after 0bc869cc9c83.
"""

import sqlalchemy as sa
from alembic import op

revision = "7349d89cb6cb"
down_revision = "0bc869cc9c83"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbox_untold",
        "outbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'failed' AND NOT failure_reported"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_outbox_untold",
        table_name="outbox",
        postgresql_where=sa.text("state = 'failed' AND NOT failure_reported"),
    )
