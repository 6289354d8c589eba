"""attachments: files that wait for the scanner, and those that it refused"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BEFORE = "state IN ('fresh', 'ready', 'withdrawn', 'gone')"
AFTER = "state IN ('scanning', 'fresh', 'ready', 'withdrawn', 'refused', 'gone')"


def upgrade():
    _allow(AFTER)


def downgrade():
    # The bytes of refused files are gone. What was not scanned is taken away, and not shown unchecked: the
    # worker of the old version deletes it.
    op.execute("UPDATE attachments SET state = 'gone', due_at = NULL WHERE state = 'refused'")
    op.execute(
        "UPDATE attachments SET state = 'withdrawn', due_at = created_at WHERE state = 'scanning'"
    )
    _allow(BEFORE)


def _allow(states):
    with op.batch_alter_table("attachments") as batch_op:
        batch_op.drop_constraint(op.f("ck_attachments_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_attachments_state"), states)
