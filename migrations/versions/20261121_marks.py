"""messages: revision, reactions, pins, and marking as unread"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PINNED = sa.text("pinned_at IS NOT NULL")
ANSWERS = sa.text("reply_to IS NOT NULL")


def upgrade():
    # Columns without constraints are added in place on both databases, however many rows there are.
    op.add_column("messages", sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    op.add_column("messages", sa.Column("reactions", sa.JSON(), nullable=True))
    op.add_column("messages", sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("memberships", sa.Column("unread_from", sa.Integer(), nullable=True))
    op.create_index("ix_messages_pinned", "messages", ["thread_id"], sqlite_where=PINNED, postgresql_where=PINNED)
    op.create_index(
        "ix_messages_answers", "messages", ["thread_id", "reply_to"], sqlite_where=ANSWERS, postgresql_where=ANSWERS
    )
    op.create_table(
        "reactions",
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("emoji", sa.String(length=24), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(emoji) BETWEEN 1 AND 24", name=op.f("ck_reactions_emoji")),
        sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_reactions_thread_id_seq_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reactions_user_id_users")),
        sa.PrimaryKeyConstraint("thread_id", "seq", "user_id", "emoji", name=op.f("pk_reactions")),
    )


def downgrade():
    op.drop_table("reactions")
    for table, index in (("messages", "answers"), ("messages", "pinned")):
        op.drop_index(f"ix_{table}_{index}", table_name=table)
    # No batch: SQLite would rebuild both tables and lose their partial indexes.
    op.execute(sa.text("ALTER TABLE memberships DROP COLUMN unread_from"))
    for column in ("pinned_at", "reactions", "revision"):
        op.execute(sa.text(f"ALTER TABLE messages DROP COLUMN {column}"))
