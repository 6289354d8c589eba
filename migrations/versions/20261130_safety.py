"""safety: blocks, ended connections, reports, measures; closed conversations, paused people"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
GONE = "SELECT id FROM users WHERE email LIKE 'gone-%@invalid'"


def upgrade():
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("paused_until", MOMENT, nullable=True))
    with op.batch_alter_table("connections") as batch_op:
        batch_op.add_column(sa.Column("closed_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("ended_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("ended_by", sa.String(13), nullable=True))
        batch_op.create_foreign_key("fk_connections_ended_by_users", "users", ["ended_by"], ["id"])
    # Plain statements: batch mode would copy whole tables of messages' threads on SQLite.
    op.add_column("threads", sa.Column("closed_at", MOMENT, nullable=True))
    op.add_column("memberships", sa.Column("closed_as", sa.String(8), nullable=True))
    op.add_column("memberships", sa.Column("shown_read_seq", sa.Integer(), nullable=True))
    op.add_column("memberships", sa.Column("shown_delivered_seq", sa.Integer(), nullable=True))
    _create_blocks()
    _create_reports()
    _create_measures()
    _close_to_the_gone()


def _create_blocks():
    op.create_table(
        "blocks",
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("other_id", sa.String(13), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_blocks_user_id_users")),
        sa.ForeignKeyConstraint(["other_id"], ["users.id"], name=op.f("fk_blocks_other_id_users")),
        sa.PrimaryKeyConstraint("user_id", "other_id", name=op.f("pk_blocks")),
    )
    op.create_index("ix_blocks_other_id", "blocks", ["other_id"])


def _create_reports():
    op.create_table(
        "reports",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.String(13), nullable=False),
        sa.Column("about_id", sa.String(13), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("shown_from", sa.Integer(), nullable=True),
        sa.Column("shown_to", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("taken_by", sa.String(13), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('harassment', 'unsafe', 'spam', 'money', 'other')", name=op.f("ck_reports_kind")
        ),
        sa.CheckConstraint("state IN ('open', 'taken', 'done')", name=op.f("ck_reports_state")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_reports_thread_id_threads")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_reports_by_id_users")),
        sa.ForeignKeyConstraint(["about_id"], ["users.id"], name=op.f("fk_reports_about_id_users")),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name=op.f("fk_reports_taken_by_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_state_due_at", "reports", ["state", "due_at", "id"])
    op.create_index("ix_reports_about_id", "reports", ["about_id"])
    op.create_index("ix_reports_by_id", "reports", ["by_id"])
    op.create_index("ix_reports_thread_id", "reports", ["thread_id"])


def _create_measures():
    op.create_table(
        "measures",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(13), nullable=True),
        sa.Column("report_id", sa.String(13), nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_measures_user_id_users")),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_measures_by_id_users")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_measures_report_id_reports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measures")),
    )
    op.create_index("ix_measures_user_id_created_at", "measures", ["user_id", "created_at"])
    op.create_index("ix_measures_report_id", "measures", ["report_id"])


def _close_to_the_gone():
    """Nobody writes to a person who was erased before this."""
    op.execute(f"UPDATE users SET disabled_at = COALESCE(disabled_at, created_at) WHERE id IN ({GONE})")
    theirs = f"client_id IN ({GONE}) OR professional_id IN ({GONE})"
    op.execute(f"UPDATE connections SET closed_at = created_at WHERE {theirs}")
    op.execute(f"UPDATE threads SET closed_at = created_at WHERE {theirs}")
    op.execute(
        "UPDATE memberships SET closed_as = 'closed', shown_read_seq = last_read_seq, "
        "shown_delivered_seq = delivered_seq, mailed_seq = last_seq, typing_at = NULL "
        f"WHERE thread_id IN (SELECT id FROM threads WHERE {theirs})"
    )
    op.execute(f"DELETE FROM outbox WHERE thread_id IN (SELECT id FROM threads WHERE {theirs})")


def downgrade():
    op.drop_table("measures")
    op.drop_table("reports")
    op.drop_table("blocks")
    for column in ("shown_delivered_seq", "shown_read_seq", "closed_as"):
        op.execute(sa.text(f"ALTER TABLE memberships DROP COLUMN {column}"))
    op.execute(sa.text("ALTER TABLE threads DROP COLUMN closed_at"))
    with op.batch_alter_table("connections") as batch_op:
        batch_op.drop_constraint("fk_connections_ended_by_users", type_="foreignkey")
        batch_op.drop_column("ended_by")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("closed_at")
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("paused_until")
