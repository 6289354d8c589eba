"""Threads that the other person opened, and in which nobody has written yet."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("memberships") as batch:
        batch.add_column(sa.Column("awaits_word", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade():
    with op.batch_alter_table("memberships") as batch:
        batch.drop_column("awaits_word")
