"""trust: the security log, roles of administrators, disabled people"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "audit",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor", sa.String(26), nullable=True),
        sa.Column("person", sa.String(26), nullable=True),
        sa.Column("about_kind", sa.String(20), nullable=True),
        sa.Column("about", sa.String(40), nullable=True),
        sa.Column("network", sa.String(43), nullable=True),
        sa.Column("device", sa.String(80), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("previous", sa.String(64), nullable=True),
        sa.Column("hash", sa.String(64), nullable=True),
        sa.Column("key_id", sa.String(16), nullable=True),
        sa.CheckConstraint(
            "actor_kind IN ('person', 'stranger', 'operator', 'system', 'host')", name=op.f("ck_audit_actor_kind")
        ),
        sa.CheckConstraint("outcome IN ('done', 'refused', 'failed')", name=op.f("ck_audit_outcome")),
        sa.CheckConstraint("severity IN ('info', 'notice', 'high')", name=op.f("ck_audit_severity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("seq", name="uq_audit_seq"),
    )
    for name, columns in (("actor_at", ["actor", "at"]), ("person_at", ["person", "at"]),
                          ("kind_at", ["kind", "at"]), ("at", ["at"])):  # fmt: skip
        op.create_index(f"ix_audit_{name}", "audit", columns)
    op.create_table(
        "audit_people",
        sa.Column("pseudonym", sa.String(26), nullable=False),
        sa.Column("user_id", sa.String(13), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_audit_people")),
    )
    op.create_index("ix_audit_people_user_id", "audit_people", ["user_id"])
    op.create_table(
        "audit_addresses",
        sa.Column("audit_id", sa.String(13), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_addresses")),
    )
    op.create_index("ix_audit_addresses_kept_until", "audit_addresses", ["kept_until"])
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("admin_roles", sa.String(40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE users SET admin_roles = 'owner' WHERE role = 'admin'")


def downgrade():
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("disabled_at")
        batch_op.drop_column("admin_roles")
    op.drop_table("audit_addresses")
    op.drop_table("audit_people")
    op.drop_table("audit")
