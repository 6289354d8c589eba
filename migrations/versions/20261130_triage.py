"""what needs no answer, snoozes that last until one, who waits longest, and saved filters"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0039"
branch_labels = None
depends_on = None

WAITS = sa.text("waiting_since IS NOT NULL AND closed_as IS NULL AND snoozed_until IS NULL")


def upgrade():
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("settled_seq", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("until_answer", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index(
            "ix_memberships_waits",
            ["user_id", "waiting_since", "thread_id"],
            unique=False,
            sqlite_where=WAITS,
            postgresql_where=WAITS,
        )
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_filters_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_filters_user_id_name")),
    )


def downgrade():
    op.drop_table("saved_filters")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index("ix_memberships_waits")
        batch_op.drop_column("until_answer")
        batch_op.drop_column("settled_seq")
