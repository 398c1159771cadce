"""Private calendar feeds.

Made on 2026-11-21, after 2037e4fb438c.
"""

import sqlalchemy as sa
from alembic import op

revision = "40ed99d97cf6"
down_revision = "2037e4fb438c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('person', 'schedule')", name=op.f("ck_feeds_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
    )
    op.create_index(
        "uq_feeds_in_force",
        "feeds",
        ["kind", "name"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_feeds_in_force", table_name="feeds", postgresql_where=sa.text("revoked_at IS NULL"))
    op.drop_table("feeds")
