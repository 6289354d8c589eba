"""messages: which came by email"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("messages", sa.Column("by_email", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    # Not as a batch: that makes the table anew, without the triggers of the search.
    op.execute("ALTER TABLE messages DROP COLUMN by_email")
