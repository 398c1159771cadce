"""Nodes and their signs of life.

Made on 2026-11-21, after 9845530f1b90.
"""

import sqlalchemy as sa
from alembic import op

revision = "ec97662cac38"
down_revision = "9845530f1b90"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("skew_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_nodes")),
    )


def downgrade() -> None:
    op.drop_table("nodes")
