"""Pictures that a professional may show with their clients' consent; how long recordings are."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "portfolio_labels",
        sa.Column("attachment_id", sa.String(13), nullable=False),
        sa.Column("professional_id", sa.String(13), nullable=False),
        sa.Column("label", sa.String(10), nullable=False),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("label IN ('reference', 'result')", name=op.f("ck_portfolio_labels_label")),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachments.id"],
            name=op.f("fk_portfolio_labels_attachment_id_attachments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["users.id"], name=op.f("fk_portfolio_labels_professional_id_users")
        ),
        sa.PrimaryKeyConstraint("attachment_id", name=op.f("pk_portfolio_labels")),
    )
    op.create_index(
        op.f("ix_portfolio_labels_professional_id"), "portfolio_labels", ["professional_id"]
    )
    op.create_table(
        "portfolio_asks",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("message_seq", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(13), nullable=False),
        sa.Column("professional_id", sa.String(13), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('clients', 'public')", name=op.f("ck_portfolio_asks_purpose")),
        sa.CheckConstraint(
            "state IN ('asked', 'yes', 'no', 'revoked', 'ended')", name=op.f("ck_portfolio_asks_state")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["threads.id"],
            name=op.f("fk_portfolio_asks_thread_id_threads"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["users.id"], name=op.f("fk_portfolio_asks_client_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["users.id"], name=op.f("fk_portfolio_asks_professional_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_asks")),
    )
    for column in ("thread_id", "client_id", "professional_id"):
        op.create_index(op.f(f"ix_portfolio_asks_{column}"), "portfolio_asks", [column])
    op.create_table(
        "portfolio_pictures",
        sa.Column("ask_id", sa.String(13), nullable=False),
        sa.Column("attachment_id", sa.String(13), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("public_id", sa.String(22), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["ask_id"],
            ["portfolio_asks.id"],
            name=op.f("fk_portfolio_pictures_ask_id_portfolio_asks"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["attachment_id"],
            ["attachments.id"],
            name=op.f("fk_portfolio_pictures_attachment_id_attachments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ask_id", "attachment_id", name=op.f("pk_portfolio_pictures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_portfolio_pictures_public_id")),
    )
    op.create_index(op.f("ix_portfolio_pictures_attachment_id"), "portfolio_pictures", ["attachment_id"])
    op.create_table(
        "portfolio_pages",
        sa.Column("professional_id", sa.String(13), nullable=False),
        sa.Column("address", sa.String(22), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["users.id"], name=op.f("fk_portfolio_pages_professional_id_users")
        ),
        sa.PrimaryKeyConstraint("professional_id", name=op.f("pk_portfolio_pages")),
        sa.UniqueConstraint("address", name=op.f("uq_portfolio_pages_address")),
    )
    op.add_column("messages", sa.Column("card", sa.JSON(), nullable=True))
    op.add_column("attachments", sa.Column("duration_ms", sa.Integer(), nullable=True))
    op.add_column("attachments", sa.Column("peaks", sa.String(64), nullable=True))


def downgrade():
    op.drop_column("attachments", "peaks")
    op.drop_column("attachments", "duration_ms")
    op.drop_column("messages", "card")
    for name in ("portfolio_pages", "portfolio_pictures", "portfolio_asks", "portfolio_labels"):
        op.drop_table(name)
