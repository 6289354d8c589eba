"""languages: the one a person chose, and the last one of their browser"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("locale", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("browser_locale", sa.String(length=12), nullable=True))


def downgrade():
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("browser_locale")
        batch_op.drop_column("locale")
