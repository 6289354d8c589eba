"""Saved replies, and messages that go out by themselves: a welcome, and an answer outside office hours."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0037"
branch_labels = None
depends_on = None


def _of(column, table, name):
    return sa.ForeignKeyConstraint([column], [f"{name}.id"], name=op.f(f"fk_{table}_{column}_{name}"), ondelete="CASCADE")


def _moment(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade():
    op.add_column("users", sa.Column("answers_by_itself", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "saved_replies",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("owner_id", sa.String(13), nullable=True),
        sa.Column("shelf", sa.String(13), nullable=False),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _moment("created_at"),
        _moment("changed_at"),
        _of("owner_id", "saved_replies", "users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_replies")),
        sa.UniqueConstraint("shelf", "title", name=op.f("uq_saved_replies_shelf_title")),
    )
    op.create_index("ix_saved_replies_owner_id", "saved_replies", ["owner_id"])
    op.create_table(
        "saved_reply_uses",
        sa.Column("reply_id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        _moment("last_at"),
        _of("reply_id", "saved_reply_uses", "saved_replies"),
        _of("user_id", "saved_reply_uses", "users"),
        sa.PrimaryKeyConstraint("reply_id", "user_id", name=op.f("pk_saved_reply_uses")),
    )
    op.create_index("ix_saved_reply_uses_user_id", "saved_reply_uses", ["user_id"])
    op.create_table(
        "automatic_messages",
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("welcome", sa.Text(), nullable=True),
        sa.Column("away", sa.Text(), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("days_off", sa.JSON(), nullable=False),
        _moment("changed_at"),
        _of("user_id", "automatic_messages", "users"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_automatic_messages")),
    )
    op.create_table(
        "coupon_welcomes",
        sa.Column("subject_id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _moment("changed_at"),
        _of("subject_id", "coupon_welcomes", "subjects"),
        _of("user_id", "coupon_welcomes", "users"),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_coupon_welcomes")),
    )
    op.create_index("ix_coupon_welcomes_user_id", "coupon_welcomes", ["user_id"])
    op.create_table(
        "automatic_answers",
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _moment("due_at", nullable=True),
        sa.Column("is_first", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("here", sa.Boolean(), nullable=False, server_default=sa.false()),
        _moment("away_at", nullable=True),
        _of("thread_id", "automatic_answers", "threads"),
        sa.PrimaryKeyConstraint("thread_id", name=op.f("pk_automatic_answers")),
    )
    op.create_index("ix_automatic_answers_due_at", "automatic_answers", ["due_at"])


def downgrade():
    for name in (
        "automatic_answers",
        "coupon_welcomes",
        "automatic_messages",
        "saved_reply_uses",
        "saved_replies",
    ):
        op.drop_table(name)
    op.execute("ALTER TABLE users DROP COLUMN answers_by_itself")
