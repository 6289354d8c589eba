"""What is hidden in messages until a booking, and reports that nobody made."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0026"
branch_labels = None
depends_on = None

HIDDEN = sa.text("shown_at IS NULL")
KINDS = "kind IN ('harassment', 'unsafe', 'spam', 'money', 'other')"
KINDS_NOW = "kind IN ('harassment', 'unsafe', 'spam', 'money', 'other', 'contact')"


def upgrade():
    op.create_table(
        "message_masks",
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_because", sa.String(8), nullable=True),
        sa.CheckConstraint(
            "kind IN ('phone', 'email', 'link', 'handle')", name=op.f("ck_message_masks_kind")
        ),
        sa.CheckConstraint('0 <= start AND start < "end"', name=op.f("ck_message_masks_range")),
        sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_message_masks_thread_id_seq_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("thread_id", "seq", "start", name=op.f("pk_message_masks")),
    )
    op.create_index(
        "ix_message_masks_hidden",
        "message_masks",
        ["thread_id", "seq"],
        sqlite_where=HIDDEN,
        postgresql_where=HIDDEN,
    )
    op.create_index("ix_message_masks_made_at", "message_masks", ["made_at"])
    with op.batch_alter_table("reports") as batch_op:
        batch_op.alter_column("by_id", existing_type=sa.String(13), nullable=True)
        batch_op.drop_constraint(op.f("ck_reports_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_reports_kind"), KINDS_NOW)


def downgrade():
    # Nobody made them, so there is nobody to name.
    op.execute("UPDATE measures SET report_id = NULL WHERE report_id IN (SELECT id FROM reports WHERE by_id IS NULL)")
    op.execute("DELETE FROM reports WHERE by_id IS NULL")
    op.execute("UPDATE reports SET kind = 'other' WHERE kind = 'contact'")
    with op.batch_alter_table("reports") as batch_op:
        batch_op.drop_constraint(op.f("ck_reports_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_reports_kind"), KINDS)
        batch_op.alter_column("by_id", existing_type=sa.String(13), nullable=False)
    op.drop_table("message_masks")
