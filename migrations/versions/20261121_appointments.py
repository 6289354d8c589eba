"""booking notices: announcements and reminders that are due"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "announcements",
        sa.Column("subject_id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "what IN ('booked', 'moved', 'cancelled', 'day', 'hour')", name=op.f("ck_announcements_what")
        ),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_announcements_subject_id_subjects"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_announcements_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("subject_id", "user_id", "what", name=op.f("pk_announcements")),
    )
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.create_index("ix_announcements_due_at", ["due_at"], unique=False)


def downgrade():
    op.drop_table("announcements")
