"""the inbox: pins, the subject of a conversation, and who waits for a reply"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PLACE = ["archived", "pinned", "updated_at", "thread_id"]
UNREAD = sa.text("last_seq > last_read_seq")
SOME_UNREAD = sa.text("last_seq > last_read_seq OR unread_from IS NOT NULL")

# The kind of a thread: that of its subject, or of the last subject in the pair's own thread.
KIND = """
UPDATE memberships SET kind = COALESCE(
  (SELECT s.kind FROM threads t JOIN subjects s ON s.id = t.subject_id WHERE t.id = memberships.thread_id),
  (SELECT s.kind FROM messages m JOIN subjects s ON s.id = m.subject_id
   WHERE m.thread_id = memberships.thread_id ORDER BY m.seq DESC LIMIT 1))
"""
# Old threads do not know since when the other side waits; the time of their last message is close.
WAITING = """
UPDATE memberships SET waiting_since = (
  SELECT m.created_at FROM messages m
  WHERE m.thread_id = memberships.thread_id AND m.seq = memberships.last_seq
  AND m.sender_id <> memberships.user_id AND m.deleted_at IS NULL)
"""


def partial(batch_op, name, columns, where):
    batch_op.create_index(name, columns, unique=False, sqlite_where=where, postgresql_where=where)


def upgrade():
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pinned", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("kind", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index("ix_memberships_inbox")
        batch_op.drop_index("ix_memberships_unread", sqlite_where=UNREAD, postgresql_where=UNREAD)
        batch_op.create_index("ix_memberships_inbox", ["user_id", *PLACE], unique=False)
        partial(batch_op, "ix_memberships_unread", ["user_id", *PLACE], SOME_UNREAD)
        partial(batch_op, "ix_memberships_waiting", ["user_id", *PLACE], sa.text("waiting_since IS NOT NULL"))
        partial(batch_op, "ix_memberships_kind", ["user_id", "kind", *PLACE], sa.text("kind IS NOT NULL"))
        partial(batch_op, "ix_memberships_snoozed", ["user_id", *PLACE], sa.text("snoozed_until IS NOT NULL"))
        partial(batch_op, "ix_memberships_due", ["snoozed_until"], sa.text("snoozed_until IS NOT NULL"))
    op.execute(KIND)
    op.execute(WAITING)


def downgrade():
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        for name in ("due", "snoozed", "kind", "waiting", "unread", "inbox"):
            batch_op.drop_index(f"ix_memberships_{name}")
        batch_op.create_index("ix_memberships_inbox", ["user_id", "archived", "updated_at", "thread_id"], unique=False)
        partial(batch_op, "ix_memberships_unread", ["user_id"], UNREAD)
        for name in ("waiting_since", "kind", "pinned"):
            batch_op.drop_column(name)
