"""host: ids of people in other systems, keys of the host, answers to repeat; people without an address"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade():
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(254), nullable=True)
    with op.batch_alter_table("address_changes") as batch_op:
        batch_op.alter_column("old_email", existing_type=sa.String(254), nullable=True)
    _create_identities()


def _create_identities():
    op.create_table(
        "identities",
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("external_id", sa.String(255), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("moved_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identities_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_identities")),
    )
    op.create_index(
        "uq_identities_user_id_source",
        "identities",
        ["user_id", "source"],
        unique=True,
        sqlite_where=sa.text("moved_at IS NULL"),
        postgresql_where=sa.text("moved_at IS NULL"),
    )
    op.create_index("ix_identities_moved_at", "identities", ["moved_at"])


def downgrade():
    op.drop_table("identities")
    # Addresses that are none, unique and never deliverable (RFC 2606): the version before needs one of each.
    op.execute("UPDATE users SET email = 'none-' || id || '@invalid' WHERE email IS NULL")
    op.execute("UPDATE address_changes SET old_email = 'none-' || user_id || '@invalid' WHERE old_email IS NULL")
    with op.batch_alter_table("address_changes") as batch_op:
        batch_op.alter_column("old_email", existing_type=sa.String(254), nullable=False)
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(254), nullable=False)
