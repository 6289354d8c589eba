"""changes: any declared kind, and the id of what changed"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CORE = "kind IN ('thread', 'message', 'notification', 'typing')"


def upgrade():
    with op.batch_alter_table("changes") as batch_op:
        batch_op.add_column(sa.Column("ref_id", sa.String(length=13), nullable=True))
        batch_op.alter_column("kind", existing_type=sa.String(12), type_=sa.String(20), existing_nullable=False)
        batch_op.drop_constraint(op.f("ck_changes_kind"), type_="check")


def downgrade():
    op.execute(f"DELETE FROM changes WHERE NOT {CORE}")
    with op.batch_alter_table("changes") as batch_op:
        batch_op.create_check_constraint(op.f("ck_changes_kind"), CORE)
        batch_op.alter_column("kind", existing_type=sa.String(20), type_=sa.String(12), existing_nullable=False)
        batch_op.drop_column("ref_id")
