"""Sessions of frames in pages of the host: what holds a session, and for which site."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("sessions") as table:
        table.add_column(sa.Column("kind", sa.String(8), nullable=False, server_default=""))
        table.add_column(sa.Column("origin", sa.String(300), nullable=True))


def downgrade():
    # The version before would take an access token's row for that of a browser.
    op.execute("DELETE FROM sessions WHERE kind = 'embed'")
    with op.batch_alter_table("sessions") as table:
        table.drop_column("origin")
        table.drop_column("kind")
