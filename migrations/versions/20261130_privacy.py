"""privacy: copies of one's data, erasures, legal holds; messages removed by policy; discreet mails"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "exports",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'ready', 'ended', 'failed')", name=op.f("ck_exports_state")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exports_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_user_id_asked_at", "exports", ["user_id", "asked_at"])
    op.create_index("ix_exports_due_at", "exports", ["due_at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("language", sa.String(12), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'erasing', 'told', 'done')", name=op.f("ck_erasures_state")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_erasures_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("user_id", name=op.f("uq_erasures_user_id")),
    )
    op.create_index("ix_erasures_due_at", "erasures", ["due_at"])
    op.create_table(
        "holds",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=True),
        sa.Column("thread_id", sa.String(13), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(user_id IS NULL) <> (thread_id IS NULL)", name=op.f("ck_holds_one_thing")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_holds_user_id_users"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_holds_thread_id_threads"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_user_id"), "holds", ["user_id"])
    op.create_index(op.f("ix_holds_thread_id"), "holds", ["thread_id"])
    op.create_index("ix_message_revisions_replaced_at", "message_revisions", ["replaced_at"])
    # ADD and DROP COLUMN as they are: in batch mode SQLite would copy the whole table of messages.
    op.add_column("messages", sa.Column("removed_by", sa.String(10), nullable=True))
    op.add_column("preferences", sa.Column("discreet_mails", sa.Boolean(), nullable=True))


def downgrade():
    op.drop_column("preferences", "discreet_mails")
    op.drop_column("messages", "removed_by")
    op.drop_index("ix_message_revisions_replaced_at", "message_revisions")
    op.drop_table("holds")
    op.drop_table("erasures")
    op.drop_table("exports")
