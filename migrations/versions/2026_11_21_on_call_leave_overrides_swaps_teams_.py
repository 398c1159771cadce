"""On-call: leave, overrides, swaps, teams, ledger.

Made on 2026-11-21, after 8b7eb45953b7.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9ed110a9bc29"
down_revision = "8b7eb45953b7"
branch_labels = None
depends_on = None

_BEFORE = "'^(person|schedule):[a-z0-9][a-z0-9_-]*$'"
_TARGET = "'^(person|schedule|team):[a-z0-9][a-z0-9_-]*$'"
_WIDER = (
    ("company", "duty", "duty ~ {target}"),
    ("accounts", "manager", "manager ~ {target}"),
    ("accounts", "backup", "backup = '' OR backup ~ {target}"),
)


def upgrade() -> None:
    op.create_table(
        "gap_watch",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("horizon", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_gap_watch_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap_watch")),
    )
    op.create_table(
        "gaps",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("away", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_gaps_order")),
        sa.PrimaryKeyConstraint("target", "starts", name=op.f("pk_gaps")),
    )
    op.create_table(
        "ledger",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", "key", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_done_at", "ledger", ["done_at"], unique=False)
    op.create_table(
        "teams",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("people", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9_-]*$'", name=op.f("ck_teams_name")),
        sa.CheckConstraint("cardinality(people) > 0", name=op.f("ck_teams_people")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_teams")),
    )
    op.create_table(
        "leave",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("uid", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("starts < ends", name=op.f("ck_leave_order")),
        sa.ForeignKeyConstraint(["person"], ["people.key"], name=op.f("fk_leave_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
    )
    op.create_index(
        "ix_leave_ends", "leave", ["ends"], unique=False, postgresql_where=sa.text("withdrawn_at IS NULL")
    )
    op.create_index(
        "ix_leave_person",
        "leave",
        ["person", "ends"],
        unique=False,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "leave_feeds",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("(failing_since IS NULL) = (problem = '')", name=op.f("ck_leave_feeds_problem")),
        sa.ForeignKeyConstraint(["person"], ["people.key"], name=op.f("fk_leave_feeds_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_leave_feeds")),
    )
    op.create_table(
        "overrides",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("joins", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("out <> '' OR joins <> ''", name=op.f("ck_overrides_change")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_overrides_order")),
        sa.ForeignKeyConstraint(["schedule"], ["schedules.name"], name=op.f("fk_overrides_schedule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
    )
    op.create_index(
        "ix_overrides_ends",
        "overrides",
        ["ends"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    op.create_table(
        "swaps",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("giver", sa.Text(), nullable=False),
        sa.Column("taker", sa.Text(), nullable=False),
        sa.Column("starts", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'offered'"), nullable=False),
        sa.Column("offered_by", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'offered') = (decided_at IS NULL)", name=op.f("ck_swaps_decided")),
        sa.CheckConstraint(
            "state IN ('offered', 'taken', 'refused', 'expired', 'withdrawn')", name=op.f("ck_swaps_state")
        ),
        sa.CheckConstraint("giver <> taker", name=op.f("ck_swaps_two")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_swaps_order")),
        sa.ForeignKeyConstraint(["giver"], ["people.key"], name=op.f("fk_swaps_giver")),
        sa.ForeignKeyConstraint(["taker"], ["people.key"], name=op.f("fk_swaps_taker")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swaps")),
    )
    op.create_index(
        "ix_swaps_expiry",
        "swaps",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(
        "ix_swaps_giver",
        "swaps",
        ["giver", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index(
        "ix_swaps_taker",
        "swaps",
        ["taker", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.add_column("people", sa.Column("cover", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column("people", sa.Column("leave_feed", sa.Text(), server_default=sa.text("''"), nullable=False))
    op.create_check_constraint(op.f("ck_people_cover"), "people", f"cover = '' OR cover ~ {_TARGET}")
    # Teams are targets, too: what was allowed stays allowed.
    for table, column, condition in _WIDER:
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, condition.format(target=_TARGET))


def downgrade() -> None:
    for table, column, condition in _WIDER:
        name = op.f(f"ck_{table}_{column}")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, condition.format(target=_BEFORE))
    op.drop_constraint(op.f("ck_people_cover"), "people", type_="check")
    op.drop_column("people", "leave_feed")
    op.drop_column("people", "cover")
    for table in ("swaps", "overrides", "leave_feeds", "leave", "teams", "ledger", "gaps", "gap_watch"):
        op.drop_table(table)
