"""public names: readable names of professionals, and who shows a page to everybody"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "public_names",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_public_names_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_public_names")),
    )
    op.create_index("ix_public_names_user_id", "public_names", ["user_id"])
    op.create_table(
        "public_pages",
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_public_pages_user_id_users"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["name"], ["public_names.name"], name=op.f("fk_public_pages_name_public_names")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_public_pages")),
    )
    op.create_index("ix_public_pages_name", "public_pages", ["name"])


def downgrade():
    op.drop_table("public_pages")
    op.drop_table("public_names")
