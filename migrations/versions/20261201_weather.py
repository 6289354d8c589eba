"""changes: a random mark, which tells a change from another one with its number"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("changes") as batch_op:
        batch_op.add_column(sa.Column("mark", sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table("changes") as batch_op:
        batch_op.drop_column("mark")
