"""sessions: a row for each browser in which somebody signed in; tokens that end; known devices; addresses"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    # Cookies from before have no row. Each gets one at its next act.
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("network", sa.String(43), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_made_at", "sessions", ["made_at"])
    op.create_table(
        "known_devices",
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("network", sa.String(43), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_known_devices_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_known_devices")),
    )
    op.create_index("ix_known_devices_seen_at", "known_devices", ["seen_at"])
    op.create_table(
        "address_changes",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("old_email", sa.String(254), nullable=False),
        sa.Column("new_email", sa.String(254), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_address_changes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_changes")),
    )
    op.create_index("ix_address_changes_user_id", "address_changes", ["user_id"])
    op.create_index("ix_address_changes_old_email", "address_changes", ["old_email"])
    with op.batch_alter_table("tokens") as batch_op:
        batch_op.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("scopes", sa.String(40), nullable=False, server_default="read send"))
        batch_op.add_column(sa.Column("made_by", sa.String(8), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("network", sa.String(43), nullable=False, server_default=""))


def downgrade():
    op.drop_table("address_changes")
    op.drop_table("known_devices")
    with op.batch_alter_table("tokens") as batch_op:
        for column in ("network", "used_at", "made_by", "scopes", "ends_at"):
            batch_op.drop_column(column)
    # Old processes know ended sessions only among the used links, where each is written too.
    op.drop_table("sessions")
