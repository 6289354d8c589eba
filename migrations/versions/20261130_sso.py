"""sso: keys that sign the host's tokens, sessions of providers, the way by which a session began"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "sso_keys",
        sa.Column("kid", sa.String(60), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("alg", sa.String(8), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("jwk", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("jwks_url", sa.String(500), nullable=True),
        sa.Column("joins_by_email", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("alg IN ('HS256', 'EdDSA', 'ES256', 'RS256')", name=op.f("ck_sso_keys_alg")),
        sa.CheckConstraint(
            "(secret_sealed IS NOT NULL AND jwk IS NULL AND jwks_url IS NULL)"
            " OR (secret_sealed IS NULL AND jwk IS NOT NULL AND jwks_url IS NULL)"
            " OR (secret_sealed IS NULL AND jwk IS NULL AND jwks_url IS NOT NULL)",
            name=op.f("ck_sso_keys_one_source"),
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_sso_keys")),
    )
    op.create_table(
        "oidc_sessions",
        sa.Column("session_key", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("sid", sa.String(255), nullable=True),
        sa.Column("id_token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_oidc_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_key", name=op.f("pk_oidc_sessions")),
    )
    op.create_index("ix_oidc_sessions_user_id", "oidc_sessions", ["user_id"])
    op.create_index("ix_oidc_sessions_made_at", "oidc_sessions", ["made_at"])
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.add_column(sa.Column("way", sa.String(8), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.drop_column("way")
    op.drop_table("oidc_sessions")
    op.drop_table("sso_keys")
