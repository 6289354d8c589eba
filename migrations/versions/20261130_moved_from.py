"""When a booking that was moved would have begun, so that the news comes before."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("announcements", sa.Column("before_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    with op.batch_alter_table("announcements") as batch_op:
        batch_op.drop_column("before_at")
