"""Storms are one incident.

Made on 2026-11-21, after b428f1139e72.
"""

import sqlalchemy as sa
from alembic import op

revision = "aeb477f2f72d"
down_revision = "b428f1139e72"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joins_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dissolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dissolved_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        "ix_incidents_standing",
        "incidents",
        ["account", "id"],
        unique=False,
        postgresql_where=sa.text("dissolved_at IS NULL"),
    )
    op.create_table(
        "joint_pages",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "channel", "address", name=op.f("pk_joint_pages")),
    )
    op.create_table(
        "incident_tickets",
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_tickets_incident_id")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_incident_tickets_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_incident_tickets")),
    )
    op.create_index("ix_incident_tickets", "incident_tickets", ["incident_id", "ticket_id"], unique=False)
    op.create_index(
        "ix_outbox_pages_sent",
        "outbox",
        ["address", "sent_at"],
        unique=False,
        postgresql_where=sa.text("rank = 0 AND sent_at IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_account_opened",
        "tickets",
        ["account", "opened_at"],
        unique=False,
        postgresql_where=sa.text("account <> ''"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_tickets_account_opened", table_name="tickets", postgresql_where=sa.text("account <> ''")
    )
    op.drop_index(
        "ix_outbox_pages_sent",
        table_name="outbox",
        postgresql_where=sa.text("rank = 0 AND sent_at IS NOT NULL"),
    )
    op.drop_index("ix_incident_tickets", table_name="incident_tickets")
    op.drop_table("incident_tickets")
    op.drop_table("joint_pages")
    op.drop_index(
        "ix_incidents_standing", table_name="incidents", postgresql_where=sa.text("dissolved_at IS NULL")
    )
    op.drop_table("incidents")
