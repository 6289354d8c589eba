"""What is left out of mails: quotes and signatures, for the two people who may want to look."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "left_out_texts",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_left_out_texts_thread_id_seq_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_left_out_texts")),
        sa.UniqueConstraint("thread_id", "seq", name=op.f("uq_left_out_texts_thread_id_seq")),
    )
    op.create_index("ix_left_out_texts_kept_at", "left_out_texts", ["kept_at"])


def downgrade():
    op.drop_table("left_out_texts")
