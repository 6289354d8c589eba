"""host: ids of people in other systems, keys of the host, answers to repeat; people without an address"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0024"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade():
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(254), nullable=True)
    with op.batch_alter_table("address_changes") as batch_op:
        batch_op.alter_column("old_email", existing_type=sa.String(254), nullable=True)
    # What the way down put in its place.
    op.execute("UPDATE users SET email = NULL WHERE email LIKE 'none-%@invalid'")
    op.execute("UPDATE address_changes SET old_email = NULL WHERE old_email LIKE 'none-%@invalid'")
    with op.batch_alter_table("connections") as batch_op:
        batch_op.add_column(sa.Column("host_ended_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("trade", sa.String(40), nullable=True))
    with op.batch_alter_table("subjects") as batch_op:
        batch_op.add_column(sa.Column("ends_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("cancelled_at", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("amount_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("currency", sa.String(3), nullable=True))
        batch_op.add_column(sa.Column("hidden_at", MOMENT, nullable=True))
    _create_identities()
    _create_keys()


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


def _create_keys():
    op.create_table(
        "host_keys",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=True),
        sa.Column("made_by", sa.String(13), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("last_used_from", sa.String(43), nullable=False, server_default=""),
        sa.Column("rotated_to", sa.String(13), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("warned_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["made_by"], ["users.id"], name=op.f("fk_host_keys_made_by_users"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_host_keys_digest")),
    )
    op.create_index("ix_host_keys_ends_at", "host_keys", ["ends_at"])
    op.create_table(
        "host_answers",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("people", sa.String(60), nullable=False, server_default=""),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_answers")),
    )
    op.create_index("ix_host_answers_made_at", "host_answers", ["made_at"])
    op.create_table(
        "host_times",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("ref_id", sa.String(13), nullable=False),
        sa.Column("as_of", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "ref_id", name=op.f("pk_host_times")),
    )


def downgrade():
    for table in ("host_times", "host_answers", "host_keys", "identities"):
        op.drop_table(table)
    with op.batch_alter_table("subjects") as batch_op:
        for column in ("hidden_at", "currency", "amount_minor", "cancelled_at", "ends_at"):
            batch_op.drop_column(column)
    with op.batch_alter_table("connections") as batch_op:
        batch_op.drop_column("trade")
        batch_op.drop_column("host_ended_at")
    # Addresses that are none, unique and never deliverable (RFC 2606): the version before needs one of each.
    op.execute("UPDATE users SET email = 'none-' || id || '@invalid' WHERE email IS NULL")
    op.execute("UPDATE address_changes SET old_email = 'none-' || user_id || '@invalid' WHERE old_email IS NULL")
    with op.batch_alter_table("address_changes") as batch_op:
        batch_op.alter_column("old_email", existing_type=sa.String(254), nullable=False)
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(254), nullable=False)
