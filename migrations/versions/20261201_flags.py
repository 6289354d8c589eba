"""For whom a feature is on."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "flags",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("stopped", sa.Boolean(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_flags_percent")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_flags")),
    )
    op.create_table(
        "flag_people",
        sa.Column("flag", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_flag_people_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("flag", "user_id", name=op.f("pk_flag_people")),
    )
    op.create_index(op.f("ix_flag_people_user_id"), "flag_people", ["user_id"])


def downgrade():
    op.drop_table("flag_people")
    op.drop_table("flags")
