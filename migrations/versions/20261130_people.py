"""Who somebody is: what is counted about a pair, and private notes and tags."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "pair_facts",
        sa.Column("connection_id", sa.String(13), nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("last_booking_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_booking_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["connections.id"],
            name=op.f("fk_pair_facts_connection_id_connections"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_pair_facts")),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_pair_facts_due_at", "pair_facts", ["due_at"], sqlite_where=due, postgresql_where=due)
    # The worker counts them all once.
    op.execute(
        "INSERT INTO pair_facts (connection_id, known_since, bookings, due_at) "
        "SELECT id, created_at, 0, created_at FROM connections"
    )
    op.create_table(
        "client_notes",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("author_id", sa.String(13), nullable=False),
        sa.Column("client_id", sa.String(13), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('note', 'preference')", name=op.f("ck_client_notes_kind")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_client_notes_author_id_users")),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_client_notes_client_id_users")),
        sa.UniqueConstraint("author_id", "client_key", name=op.f("uq_client_notes_author_id_client_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_notes")),
    )
    op.create_index("ix_client_notes_author_id_client_id", "client_notes", ["author_id", "client_id"])
    op.create_index("ix_client_notes_client_id", "client_notes", ["client_id"])
    gone = sa.text("deleted_at IS NOT NULL")
    op.create_index(
        "ix_client_notes_deleted_at", "client_notes", ["deleted_at"], sqlite_where=gone, postgresql_where=gone
    )
    op.create_table(
        "client_tags",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("owner_id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("folded", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_client_tags_owner_id_users")),
        sa.UniqueConstraint("owner_id", "folded", name=op.f("uq_client_tags_owner_id_folded")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_tags")),
    )
    op.create_table(
        "tagged_clients",
        sa.Column("tag_id", sa.String(13), nullable=False),
        sa.Column("client_id", sa.String(13), nullable=False),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["client_tags.id"],
            name=op.f("fk_tagged_clients_tag_id_client_tags"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["users.id"], name=op.f("fk_tagged_clients_client_id_users")
        ),
        sa.PrimaryKeyConstraint("tag_id", "client_id", name=op.f("pk_tagged_clients")),
    )
    op.create_index("ix_tagged_clients_client_id", "tagged_clients", ["client_id"])
    about = sa.text("subject_id IS NOT NULL")
    op.create_index(
        "ix_messages_about",
        "messages",
        ["thread_id", "subject_id", "seq"],
        sqlite_where=about,
        postgresql_where=about,
    )


def downgrade():
    op.drop_index("ix_messages_about", "messages")
    op.drop_table("tagged_clients")
    op.drop_table("client_tags")
    op.drop_table("client_notes")
    op.drop_table("pair_facts")
