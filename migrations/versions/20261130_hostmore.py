"""Messages of the system and of the platform, and kinds of the platform's own."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BEFORE = "role IN ('client', 'professional', 'admin')"
AFTER = "role IN ('client', 'professional', 'admin', 'system')"


def upgrade():
    _check_roles(AFTER)
    # Not as a batch: that makes the table anew, without the triggers of the search.
    op.add_column("messages", sa.Column("via", sa.String(10), nullable=True))
    op.add_column("messages", sa.Column("told", sa.String(4), nullable=True))
    op.create_table(
        "subject_kinds",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("visit", sa.String(60), nullable=False),
        sa.Column("contact", sa.String(60), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "scope IN ('connection', 'client', 'subject')", name=op.f("ck_subject_kinds_scope")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_subject_kinds")),
    )
    op.create_table(
        "own_notification_kinds",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("mail", sa.String(5), nullable=False),
        sa.Column("push", sa.String(5), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "mail IN ('on', 'off', 'never')", name=op.f("ck_own_notification_kinds_mail")
        ),
        sa.CheckConstraint(
            "push IN ('on', 'off', 'never')", name=op.f("ck_own_notification_kinds_push")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_own_notification_kinds")),
    )


def downgrade():
    op.drop_table("own_notification_kinds")
    op.drop_table("subject_kinds")
    # A message keeps its number: of one of the system, its line stays, as a message that the client deleted.
    op.execute(
        "UPDATE messages SET body = NULL, deleted_at = COALESCE(deleted_at, created_at),"
        " client_key = 'system-' || seq, revision = revision + 1, sender_id ="
        " (SELECT client_id FROM threads WHERE threads.id = messages.thread_id)"
        " WHERE sender_id IN (SELECT id FROM users WHERE role = 'system')"
    )
    op.execute("DELETE FROM users WHERE role = 'system'")
    op.execute("UPDATE messages SET removed_by = NULL WHERE removed_by = 'host'")
    op.drop_column("messages", "told")
    op.drop_column("messages", "via")
    _check_roles(BEFORE)


def _check_roles(condition):
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_constraint(op.f("ck_users_role"), type_="check")
        batch_op.create_check_constraint(op.f("ck_users_role"), condition)
