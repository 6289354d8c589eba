"""Messages sent later, reminders to oneself, and check-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0034"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade():
    _create_scheduled()
    _create_follow_ups()
    _create_rules()
    _create_check_ins()
    _create_beside()


def _key(table, column, other):
    name = op.f(f"fk_{table}_{column}_{other}")
    gone = {"users": None, "subjects": "SET NULL"}.get(other, "CASCADE")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=gone)


def _create_scheduled():
    name = "scheduled_messages"
    op.create_table(
        name,
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("author_id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.String(13), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("send_at", MOMENT, nullable=False),
        sa.Column("zone_of", sa.String(6), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("message_seq", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'refused')", name=op.f(f"ck_{name}_state")),
        _key(name, "author_id", "users"),
        _key(name, "thread_id", "threads"),
        _key(name, "subject_id", "subjects"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "author_id", "thread_id", "client_key", name=op.f(f"uq_{name}_author_id_thread_id_client_key")
        ),
    )
    op.create_index("ix_scheduled_messages_due_at", name, ["due_at"])
    op.create_index("ix_scheduled_messages_thread_id", name, ["thread_id"])


def _create_follow_ups():
    name = "follow_ups"
    op.create_table(
        name,
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("remind_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'told', 'done')", name=op.f(f"ck_{name}_state")),
        _key(name, "user_id", "users"),
        _key(name, "thread_id", "threads"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_follow_ups_due_at", name, ["due_at"])
    op.create_index("ix_follow_ups_thread_id", name, ["thread_id"])
    op.create_index("ix_follow_ups_user_id_state", name, ["user_id", "state", "remind_at"])


def _create_rules():
    name = "check_in_rules"
    op.create_table(
        name,
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("professional_id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("occasion", sa.String(12), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "occasion IN ('last_booking', 'visit', 'birthday')", name=op.f(f"ck_{name}_occasion")
        ),
        sa.CheckConstraint("days BETWEEN 0 AND 730", name=op.f(f"ck_{name}_days")),
        sa.CheckConstraint("hour BETWEEN 0 AND 23", name=op.f(f"ck_{name}_hour")),
        _key(name, "professional_id", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index("ix_check_in_rules_due_at", name, ["due_at"])
    op.create_index("ix_check_in_rules_professional_id", name, ["professional_id"])


def _create_check_ins():
    name = "check_ins"
    op.create_table(
        name,
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("rule_id", sa.String(13), nullable=False),
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("occasion_key", sa.String(40), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(20), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('queued', 'sent', 'skipped')", name=op.f(f"ck_{name}_state")),
        _key(name, "rule_id", "check_in_rules"),
        _key(name, "connection_id", "connections"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint(
            "rule_id", "connection_id", "occasion_key", name=op.f(f"uq_{name}_rule_id_connection_id_occasion_key")
        ),
    )
    op.create_index("ix_check_ins_due_at", name, ["due_at"])
    op.create_index("ix_check_ins_connection_id_settled_at", name, ["connection_id", "settled_at"])


def _create_beside():
    op.create_table(
        "check_in_limits",
        sa.Column("professional_id", sa.String(13), nullable=False),
        sa.Column("per_month", sa.Integer(), nullable=False),
        _key("check_in_limits", "professional_id", "users"),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_check_in_limits")),
    )
    op.create_table(
        "check_in_refusals",
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("refused_at", MOMENT, nullable=False),
        _key("check_in_refusals", "connection_id", "connections"),
        _key("check_in_refusals", "user_id", "users"),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_check_in_refusals")),
    )
    op.create_index("ix_check_in_refusals_user_id", "check_in_refusals", ["user_id"])
    op.create_table(
        "birthdays",
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name=op.f("ck_birthdays_month")),
        sa.CheckConstraint("day BETWEEN 1 AND 31", name=op.f("ck_birthdays_day")),
        _key("birthdays", "connection_id", "connections"),
        _key("birthdays", "user_id", "users"),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_birthdays")),
    )
    op.create_index("ix_birthdays_user_id", "birthdays", ["user_id"])


def downgrade():
    for name in ("birthdays", "check_in_refusals", "check_in_limits", "check_ins", "check_in_rules"):
        op.drop_table(name)
    for name in ("follow_ups", "scheduled_messages"):
        op.drop_table(name)
