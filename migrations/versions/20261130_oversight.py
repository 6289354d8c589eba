"""oversight: searches on record, looks with a second person, an end and a notice"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "oversight_searches",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("admin_id", sa.String(13), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["admin_id"], ["users.id"], name=op.f("fk_oversight_searches_admin_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oversight_searches")),
    )
    op.create_index(op.f("ix_oversight_searches_admin_id"), "oversight_searches", ["admin_id"])
    with op.batch_alter_table("looks") as batch_op:
        for name in ("approved_at", "ended_at", "notice_due_at", "notice_sent_at"):
            batch_op.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("approved_by_id", sa.String(13), nullable=True))
        batch_op.create_foreign_key(op.f("fk_looks_approved_by_id_users"), "users", ["approved_by_id"], ["id"])
        batch_op.create_index("ix_looks_notice_due_at", ["notice_due_at"])
    # Those from before opened at once, and nobody was promised a notice of them.
    op.execute("UPDATE looks SET approved_at = created_at")


def downgrade():
    with op.batch_alter_table("looks") as batch_op:
        batch_op.drop_index("ix_looks_notice_due_at")
        batch_op.drop_constraint(op.f("fk_looks_approved_by_id_users"), type_="foreignkey")
        for name in ("approved_by_id", "notice_sent_at", "notice_due_at", "ended_at", "approved_at"):
            batch_op.drop_column(name)
    op.drop_table("oversight_searches")
