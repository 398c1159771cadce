"""Notification rules.

Made on 2026-11-21, after 7349d89cb6cb.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2037e4fb438c"
down_revision = "7349d89cb6cb"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "people",
        sa.Column(
            "notify", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
    )
    op.add_column(
        "people",
        sa.Column(
            "quiet", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column("people", "quiet")
    op.drop_column("people", "notify")
