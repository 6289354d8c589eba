"""digest schedules with their number of requests, and the weekly summary"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("digest_schedules", schema=None) as batch_op:
        batch_op.add_column(sa.Column("asked", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "week_schedules",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_week_schedules_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_week_schedules")),
    )
    with op.batch_alter_table("week_schedules", schema=None) as batch_op:
        batch_op.create_index("ix_week_schedules_due_at", ["due_at"], unique=False)
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.create_index("ix_mails_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_mails_state_created_at_id", ["state", "created_at", "id"], unique=False)
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zone_known", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(sa.text("UPDATE users SET zone_known = :yes WHERE time_zone <> 'UTC'").bindparams(yes=True))


def downgrade():
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("zone_known")
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.drop_index("ix_mails_state_created_at_id")
        batch_op.drop_index("ix_mails_created_at_id")
    op.drop_table("week_schedules")
    with op.batch_alter_table("digest_schedules", schema=None) as batch_op:
        batch_op.drop_column("asked")
