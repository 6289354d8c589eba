"""push: devices and the pushes to them"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_bell", sa.Boolean(), server_default=sa.true(), nullable=False))

    op.create_table(
        "push_devices",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("session", sa.String(length=80), nullable=True),
        sa.Column("token_id", sa.String(length=13), nullable=True),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("endpoint_digest", sa.String(length=64), nullable=False),
        sa.Column("p256dh", sa.String(length=88), nullable=False),
        sa.Column("auth", sa.String(length=24), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("shows_words", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_push_devices_token_id_tokens"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_push_devices_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_devices")),
        sa.UniqueConstraint("endpoint_digest", name=op.f("uq_push_devices_endpoint_digest")),
    )
    with op.batch_alter_table("push_devices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_devices_user_id"), ["user_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_push_devices_token_id"), ["token_id"], unique=False)

    op.create_table(
        "pushes",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("device_id", sa.String(length=13), nullable=False),
        sa.Column("notification_id", sa.String(length=13), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("claim", sa.String(length=13), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'skipped', 'failed', 'unknown')", name=op.f("ck_pushes_state")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["push_devices.id"], name=op.f("fk_pushes_device_id_push_devices"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name=op.f("fk_pushes_notification_id_notifications"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
        sa.UniqueConstraint("device_id", "notification_id", name=op.f("uq_pushes_device_id_notification_id")),
    )
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.create_index("ix_pushes_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_pushes_notification_id"), ["notification_id"], unique=False)


def downgrade():
    op.drop_table("pushes")
    op.drop_table("push_devices")
    # Rows that only devices showed would appear in every notification centre.
    op.execute(sa.text("DELETE FROM notifications WHERE NOT in_bell"))
    op.execute(sa.text("ALTER TABLE notifications DROP COLUMN in_bell"))  # no batch: it would lose the partial index
