"""How far the search index has come with its version."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "search_versions",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_search_versions")),
    )


def downgrade():
    op.drop_table("search_versions")
