"""Figures: who is measured, what each day gave, how each pair stands; messages and bookings by time."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

NOBODY = sa.text("professional_id IS NULL")


def upgrade():
    op.create_index("ix_messages_created_at", "messages", ["created_at"])
    op.create_index("ix_subjects_starts_at", "subjects", ["starts_at"])
    op.create_table(
        "figure_series",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("professional_id", sa.String(13), nullable=True),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("next_day", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed", sa.String(13), nullable=True),
        sa.Column("standing", sa.JSON(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["professional_id"], ["users.id"], name=op.f("fk_figure_series_professional_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_series")),
        sa.UniqueConstraint("professional_id", name=op.f("uq_figure_series_professional_id")),
    )
    op.create_index(
        "uq_figure_series_everybody",
        "figure_series",
        ["zone"],
        unique=True,
        sqlite_where=NOBODY,
        postgresql_where=NOBODY,
    )
    op.create_index("ix_figure_series_due_at", "figure_series", ["due_at"])
    op.create_table(
        "figures",
        sa.Column("series_id", sa.String(13), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["figure_series.id"],
            name=op.f("fk_figures_series_id_figure_series"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "day", name=op.f("pk_figures")),
    )
    op.create_table(
        "figure_pairs",
        sa.Column("series_id", sa.String(13), nullable=False),
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("professional_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by", sa.String(12), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["figure_series.id"],
            name=op.f("fk_figure_pairs_series_id_figure_series"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_figure_pairs_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("series_id", "connection_id", name=op.f("pk_figure_pairs")),
    )
    op.create_index("ix_figure_pairs_seen", "figure_pairs", ["series_id", "seen_at"])
    op.create_index(op.f("ix_figure_pairs_connection_id"), "figure_pairs", ["connection_id"])


def downgrade():
    op.drop_table("figure_pairs")
    op.drop_table("figures")
    op.drop_table("figure_series")
    op.drop_index("ix_subjects_starts_at", "subjects")
    op.drop_index("ix_messages_created_at", "messages")
