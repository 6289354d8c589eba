"""files: attachments, and their data in messages"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("owner_id", sa.String(length=13), nullable=False),
        sa.Column("reader_id", sa.String(length=13), nullable=True),
        sa.Column("thread_id", sa.String(length=13), nullable=True),
        sa.Column("message_seq", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('fresh', 'ready', 'withdrawn', 'gone')", name=op.f("ck_attachments_state")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_attachments_owner_id_users")),
        sa.ForeignKeyConstraint(["reader_id"], ["users.id"], name=op.f("fk_attachments_reader_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index("ix_attachments_thread_id_message_seq", ["thread_id", "message_seq"], unique=False)
        batch_op.create_index("ix_attachments_due_at", ["due_at"], unique=False)
        batch_op.create_index(
            "ix_attachments_unsent",
            ["owner_id"],
            unique=False,
            sqlite_where=sa.text("thread_id IS NULL"),
            postgresql_where=sa.text("thread_id IS NULL"),
        )

    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("files", sa.JSON(), nullable=True))


def downgrade():
    # A message of files only has no text; without its files it would look like an error.
    op.execute(sa.text("UPDATE messages SET body = '(files)' WHERE body = '' AND files IS NOT NULL"))
    op.execute(sa.text("ALTER TABLE messages DROP COLUMN files"))
    op.drop_table("attachments")
