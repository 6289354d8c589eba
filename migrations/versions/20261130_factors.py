"""factors: authenticator apps, recovery codes, passkeys, and what is under way"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0015"
branch_labels = None
depends_on = None


def _table(name, *columns, key, person=True):
    parts = list(columns)
    if person:
        parts.append(
            sa.ForeignKeyConstraint(
                ["user_id"], ["users.id"], name=op.f(f"fk_{name}_user_id_users"), ondelete="CASCADE"
            )
        )
    op.create_table(name, *parts, sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")))


def _when(name, nullable=False):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade():
    user_id = ("user_id", sa.String(13))
    _table(
        "totp",
        sa.Column(*user_id, nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        _when("confirmed_at"),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        key=["user_id"],
    )
    _table(
        "recovery_codes",
        sa.Column(*user_id, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _when("used_at", nullable=True),
        key=["user_id", "digest"],
    )
    _table(
        "passkeys",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column(*user_id, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("transports", sa.String(80), nullable=False),
        sa.Column("rp_id", sa.String(253), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        _when("made_at"),
        _when("used_at", nullable=True),
        _when("warned_at", nullable=True),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
        key=["id"],
    )
    _table(
        "factor_challenges",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column(*user_id, nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        _when("ends_at"),
        key=["id"],
    )
    _table(
        "half_sign_ins",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column(*user_id, nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        _when("ends_at"),
        key=["digest"],
    )
    _table(
        "factor_tries",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column(*user_id, nullable=False),
        _when("at"),
        key=["id"],
    )
    _table(
        "factor_resets",
        sa.Column(*user_id, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(13), nullable=True),
        _when("asked_at"),
        _when("reminder_at", nullable=True),
        _when("due_at"),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_factor_resets_asked_by_users"), ondelete="SET NULL"
        ),
        key=["user_id"],
    )
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(_when("factor_since", nullable=True))
        batch_op.add_column(_when("factor_due_at", nullable=True))


INDEXES = (
    ("passkeys", "user_id"),
    ("factor_challenges", "user_id"),
    ("factor_challenges", "ends_at"),
    ("half_sign_ins", "user_id"),
    ("half_sign_ins", "ends_at"),
    ("factor_tries", "user_id"),
    ("factor_tries", "at"),
    ("factor_resets", "asked_by"),
    ("factor_resets", "reminder_at"),
    ("factor_resets", "due_at"),
)
TABLES = (
    *("factor_resets", "factor_tries", "half_sign_ins", "factor_challenges"),
    *("passkeys", "recovery_codes", "totp"),
)


def downgrade():
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("factor_due_at")
        batch_op.drop_column("factor_since")
    for table in TABLES:
        op.drop_table(table)
