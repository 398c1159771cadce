"""Messages and receipts wait apart.

Made on 2026-11-21, after 9ed110a9bc29.
"""

import sqlalchemy as sa
from alembic import op

revision = "49272d21db8b"
down_revision = "9ed110a9bc29"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_inbox_waiting"), table_name="inbox", postgresql_where="(state = 'new'::text)")
    op.create_index(
        "ix_inbox_messages",
        "inbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'new' AND kind <> 'receipt'"),
    )
    op.create_index(
        "ix_inbox_receipts",
        "inbox",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state = 'new' AND kind = 'receipt'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_inbox_receipts",
        table_name="inbox",
        postgresql_where=sa.text("state = 'new' AND kind = 'receipt'"),
    )
    op.drop_index(
        "ix_inbox_messages",
        table_name="inbox",
        postgresql_where=sa.text("state = 'new' AND kind <> 'receipt'"),
    )
    op.create_index(
        op.f("ix_inbox_waiting"), "inbox", ["id"], unique=False, postgresql_where="(state = 'new'::text)"
    )
