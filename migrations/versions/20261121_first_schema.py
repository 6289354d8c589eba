"""first schema"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "epochs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=13), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_epochs")),
    )
    op.create_table(
        "used_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_links")),
    )
    with op.batch_alter_table("used_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_links_used_at"), ["used_at"], unique=False)

    op.create_table(
        "users",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("role_label", sa.String(length=40), nullable=True),
        sa.Column("bio", sa.String(length=280), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("open_to_clients", sa.Boolean(), nullable=False),
        sa.Column("avatar_version", sa.String(length=13), nullable=True),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('client', 'professional', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "avatars",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_avatars_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_avatars")),
    )
    op.create_table(
        "change_logs",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("floor_seq", sa.BigInteger(), nullable=False),
        sa.Column("acked_seq", sa.BigInteger(), nullable=False),
        sa.Column("access_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_change_logs_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_change_logs")),
    )
    op.create_table(
        "changes",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("thread_id", sa.String(length=13), nullable=True),
        sa.Column("message_seq", sa.Integer(), nullable=True),
        sa.Column("notification_id", sa.String(length=13), nullable=True),
        sa.CheckConstraint("kind IN ('thread', 'message', 'notification', 'typing')", name=op.f("ck_changes_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_changes_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "seq", name=op.f("pk_changes")),
    )
    op.create_table(
        "connections",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("client_id", sa.String(length=13), nullable=False),
        sa.Column("professional_id", sa.String(length=13), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("client_id <> professional_id", name=op.f("ck_connections_two_people")),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_connections_client_id_users")),
        sa.ForeignKeyConstraint(["professional_id"], ["users.id"], name=op.f("fk_connections_professional_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("client_id", "professional_id", name=op.f("uq_connections_client_id_professional_id")),
    )
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connections_professional_id"), ["professional_id"], unique=False)

    op.create_table(
        "demo_people",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("story", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_demo_people_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_demo_people")),
        sa.UniqueConstraint("story", "person", name=op.f("uq_demo_people_story_person")),
    )
    op.create_table(
        "digest_schedules",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_digest_schedules_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_digest_schedules")),
    )
    with op.batch_alter_table("digest_schedules", schema=None) as batch_op:
        batch_op.create_index("ix_digest_schedules_due_at", ["due_at"], unique=False)

    op.create_table(
        "mails",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("covers", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'skipped', 'failed', 'unknown')", name=op.f("ck_mails_state")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mails_user_id_users"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mails_message_id")),
    )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.create_index("ix_mails_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_mails_user_id_created_at", ["user_id", "created_at"], unique=False)

    op.create_table(
        "notifications",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("group_key", sa.String(length=80), nullable=False),
        sa.Column("actor_id", sa.String(length=13), nullable=True),
        sa.Column("thread_id", sa.String(length=13), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=240), nullable=False),
        sa.Column("preview", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_notifications_actor_id_users")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.create_index("ix_notifications_user_id_thread_id", ["user_id", "thread_id"], unique=False)
        batch_op.create_index("ix_notifications_user_id_updated_at", ["user_id", "updated_at", "id"], unique=False)
        batch_op.create_index(
            "uq_notifications_unread",
            ["user_id", "group_key"],
            unique=True,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )

    op.create_table(
        "preferences",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("cadence", sa.String(length=10), nullable=False),
        sa.Column("digest_hour", sa.Integer(), nullable=False),
        sa.Column("digest_weekday", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_to", sa.String(length=5), nullable=True),
        sa.Column("channels", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "cadence IN ('soon', 'hourly', 'daily', 'weekly', 'off')", name=op.f("ck_preferences_cadence")
        ),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_preferences_digest_hour")),
        sa.CheckConstraint("digest_weekday BETWEEN 0 AND 6", name=op.f("ck_preferences_digest_weekday")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_preferences_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "presences",
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("thread_id", sa.String(length=13), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_presences_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_presences")),
    )
    op.create_table(
        "subjects",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("professional_id", sa.String(length=13), nullable=False),
        sa.Column("client_id", sa.String(length=13), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_subjects_client_id_users")),
        sa.ForeignKeyConstraint(["professional_id"], ["users.id"], name=op.f("fk_subjects_professional_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sa.UniqueConstraint("kind", "external_id", name=op.f("uq_subjects_kind_external_id")),
    )
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subjects_client_id"), ["client_id"], unique=False)
        batch_op.create_index("ix_subjects_professional_id_starts_at", ["professional_id", "starts_at"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tokens_user_id"), ["user_id"], unique=False)

    op.create_table(
        "threads",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("key_scope", sa.String(length=12), nullable=False),
        sa.Column("connection_id", sa.String(length=13), nullable=False),
        sa.Column("client_id", sa.String(length=13), nullable=False),
        sa.Column("professional_id", sa.String(length=13), nullable=False),
        sa.Column("subject_id", sa.String(length=13), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_threads_client_id_users")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_threads_connection_id_connections")
        ),
        sa.ForeignKeyConstraint(["professional_id"], ["users.id"], name=op.f("fk_threads_professional_id_users")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_threads_subject_id_subjects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("key", name=op.f("uq_threads_key")),
    )
    with op.batch_alter_table("threads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_threads_connection_id"), ["connection_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_threads_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "looks",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("admin_id", sa.String(length=13), nullable=False),
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["admin_id"], ["users.id"], name=op.f("fk_looks_admin_id_users")),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=op.f("fk_looks_thread_id_threads")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    with op.batch_alter_table("looks", schema=None) as batch_op:
        batch_op.create_index("ix_looks_thread_id_created_at", ["thread_id", "created_at"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("user_id", sa.String(length=13), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("last_read_seq", sa.Integer(), nullable=False),
        sa.Column("delivered_seq", sa.Integer(), nullable=False),
        sa.Column("mailed_seq", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("typing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last_read_seq <= last_seq", name=op.f("ck_memberships_read_what_is_there")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_memberships_thread_id_threads"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id_users")),
        sa.PrimaryKeyConstraint("thread_id", "user_id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index("ix_memberships_inbox", ["user_id", "archived", "updated_at", "thread_id"], unique=False)
        batch_op.create_index(
            "ix_memberships_unread",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("last_seq > last_read_seq"),
            postgresql_where=sa.text("last_seq > last_read_seq"),
        )

    op.create_table(
        "messages",
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sender_id", sa.String(length=13), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("subject_id", sa.String(length=13), nullable=True),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name=op.f("fk_messages_sender_id_users")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"], name=op.f("fk_messages_subject_id_subjects")),
        sa.ForeignKeyConstraint(
            ["thread_id", "reply_to"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_messages_thread_id_reply_to_messages"),
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_messages_thread_id_threads"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", "seq", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "thread_id", "sender_id", "client_key", name=op.f("uq_messages_thread_id_sender_id_client_key")
        ),
    )
    op.create_table(
        "outbox",
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.String(length=13), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["recipient_id"], ["users.id"], name=op.f("fk_outbox_recipient_id_users")),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.id"], name=op.f("fk_outbox_thread_id_threads"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", "seq", "recipient_id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due_at", ["due_at"], unique=False)

    op.create_table(
        "message_revisions",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("thread_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_message_revisions_thread_id_seq_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_revisions")),
    )
    with op.batch_alter_table("message_revisions", schema=None) as batch_op:
        batch_op.create_index("ix_message_revisions_thread_id_seq", ["thread_id", "seq"], unique=False)

    epochs = sa.table("epochs", sa.column("id", sa.Integer), sa.column("name", sa.String))
    op.execute(epochs.insert().values(id=1, name=secrets.token_hex(6)))


def downgrade():
    with op.batch_alter_table("message_revisions", schema=None) as batch_op:
        batch_op.drop_index("ix_message_revisions_thread_id_seq")

    op.drop_table("message_revisions")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_due_at")

    op.drop_table("outbox")
    op.drop_table("messages")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_memberships_unread",
            sqlite_where=sa.text("last_seq > last_read_seq"),
            postgresql_where=sa.text("last_seq > last_read_seq"),
        )
        batch_op.drop_index("ix_memberships_inbox")

    op.drop_table("memberships")
    with op.batch_alter_table("looks", schema=None) as batch_op:
        batch_op.drop_index("ix_looks_thread_id_created_at")

    op.drop_table("looks")
    with op.batch_alter_table("threads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_threads_subject_id"))
        batch_op.drop_index(batch_op.f("ix_threads_connection_id"))

    op.drop_table("threads")
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tokens_user_id"))

    op.drop_table("tokens")
    with op.batch_alter_table("subjects", schema=None) as batch_op:
        batch_op.drop_index("ix_subjects_professional_id_starts_at")
        batch_op.drop_index(batch_op.f("ix_subjects_client_id"))

    op.drop_table("subjects")
    op.drop_table("presences")
    op.drop_table("preferences")
    with op.batch_alter_table("notifications", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notifications_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index("ix_notifications_user_id_updated_at")
        batch_op.drop_index("ix_notifications_user_id_thread_id")

    op.drop_table("notifications")
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.drop_index("ix_mails_user_id_created_at")
        batch_op.drop_index("ix_mails_state_due_at")

    op.drop_table("mails")
    with op.batch_alter_table("digest_schedules", schema=None) as batch_op:
        batch_op.drop_index("ix_digest_schedules_due_at")

    op.drop_table("digest_schedules")
    op.drop_table("demo_people")
    with op.batch_alter_table("connections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connections_professional_id"))

    op.drop_table("connections")
    op.drop_table("changes")
    op.drop_table("change_logs")
    op.drop_table("avatars")
    op.drop_table("users")
    with op.batch_alter_table("used_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_used_links_used_at"))

    op.drop_table("used_links")
    op.drop_table("epochs")
