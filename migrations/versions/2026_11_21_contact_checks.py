"""Contact checks.

Made on 2026-11-21, after 49272d21db8b.
"""

import sqlalchemy as sa
from alembic import op

revision = "9845530f1b90"
down_revision = "ee5635f0f341"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failing_addresses",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "address", name=op.f("pk_failing_addresses")),
    )
    op.create_table(
        "address_codes",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries_left", sa.SmallInteger(), nullable=False),
        sa.Column("sends", sa.SmallInteger(), nullable=False),
        sa.Column("counted_from", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tries_left BETWEEN 0 AND 5", name=op.f("ck_address_codes_tries_left")),
        sa.ForeignKeyConstraint(["person"], ["people.key"], name=op.f("fk_address_codes_person")),
        sa.PrimaryKeyConstraint("person", "address", name=op.f("pk_address_codes")),
    )
    op.create_table(
        "proven_addresses",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.key"], name=op.f("fk_proven_addresses_person")),
        sa.PrimaryKeyConstraint("person", "address", name=op.f("pk_proven_addresses")),
    )
    op.add_column(
        "contact_methods",
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("contact_methods", "verified")
    op.drop_table("proven_addresses")
    op.drop_table("address_codes")
    op.drop_table("failing_addresses")
