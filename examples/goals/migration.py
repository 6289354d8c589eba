"""goals: copy this file to migrations/versions, and set down_revision to the head (`wellchat db heads`)"""

import sqlalchemy as sa
from alembic import op

revision = "goals_0001"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goals",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("author_id", sa.String(13), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("notify_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_goals_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_goals_author_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
    )
    op.create_index("ix_goals_connection_id", "goals", ["connection_id"])
    op.create_index("ix_goals_notify_at", "goals", ["notify_at"])


def downgrade() -> None:
    op.drop_table("goals")
