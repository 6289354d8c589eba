"""Imports of earlier conversations."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0027"
branch_labels = None
depends_on = None

STATES = "'collecting', 'checking', 'checked', 'running', 'done', 'undoing', 'undone', 'opening', 'open'"
FEW = sa.text("kind <> 'message'")
HELD = sa.text("held")

# What an import brings waits behind new messages, as what was written before there was an index.
OF_IMPORT = "NEW.client_key >= 'import:' AND NEW.client_key < 'import;'"
POSTGRESQL = """
    CREATE OR REPLACE FUNCTION search_said() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO search_queue ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""
SQLITE = """
    CREATE TRIGGER search_said AFTER INSERT ON messages BEGIN
        INSERT INTO search_queue ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING;
    END
"""
PLAIN = {"columns": "thread_id, seq", "values": "NEW.thread_id, NEW.seq"}
WITH_AGE = {"columns": "old, thread_id, seq", "values": f"{OF_IMPORT}, NEW.thread_id, NEW.seq"}


def is_postgresql():
    return op.get_bind().dialect.name == "postgresql"


def set_trigger(parts):
    if is_postgresql():
        op.execute(sa.text(POSTGRESQL.format(**parts).replace(":", "\\:")))
    else:
        op.execute(sa.text("DROP TRIGGER search_said"))
        op.execute(sa.text(SQLITE.format(**parts).replace(":", "\\:")))


def of_import(table):
    return sa.ForeignKeyConstraint(
        ["import_id"], ["imports.id"], name=op.f(f"fk_{table}_import_id_imports"), ondelete="CASCADE"
    )


def of_thread(table):
    return sa.ForeignKeyConstraint(
        ["thread_id"], ["threads.id"], name=op.f(f"fk_{table}_thread_id_threads"), ondelete="CASCADE"
    )


def upgrade():
    op.create_table(
        "imports",
        sa.Column("id", sa.String(13), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("zone", sa.String(64), nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("append", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("place", sa.String(40), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("lines", "worked", "made", "same", "changed", "refused", "threads")
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run", sa.String(13), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_imports_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_due_at", "imports", ["due_at"])
    op.create_table(
        "import_lines",
        sa.Column("import_id", sa.String(13), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("sender", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        of_import("import_lines"),
        sa.PrimaryKeyConstraint("import_id", "no", name=op.f("pk_import_lines")),
    )
    op.create_index("ix_import_lines_chat", "import_lines", ["import_id", "source", "chat"])
    op.create_index(
        "ix_import_lines_few",
        "import_lines",
        ["import_id", "kind", "no"],
        sqlite_where=FEW,
        postgresql_where=FEW,
    )
    op.create_table(
        "import_notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("import_id", sa.String(13), nullable=False),
        sa.Column("step", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        of_import("import_notes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_notes")),
    )
    op.create_index("ix_import_notes_import_id", "import_notes", ["import_id", "id"])
    op.create_table(
        "import_files",
        sa.Column("import_id", sa.String(13), nullable=False),
        sa.Column("path", sa.String(500), nullable=False),
        sa.Column("stored_as", sa.String(13), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        of_import("import_files"),
        sa.PrimaryKeyConstraint("import_id", "path", name=op.f("pk_import_files")),
        sa.UniqueConstraint("stored_as", name=op.f("uq_import_files_stored_as")),
    )
    op.create_table(
        "import_threads",
        sa.Column("import_id", sa.String(13), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("made", sa.Boolean(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("before_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("base_at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        of_import("import_threads"),
        of_thread("import_threads"),
        sa.PrimaryKeyConstraint("import_id", "thread_id", name=op.f("pk_import_threads")),
    )
    op.create_index("ix_import_threads_thread_id", "import_threads", ["thread_id"])
    op.create_index(
        "ix_import_threads_held", "import_threads", ["import_id"], sqlite_where=HELD, postgresql_where=HELD
    )
    op.create_table(
        "imported_chats",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("subject_id", sa.String(13), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.String(13), nullable=False),
        sa.Column("import_id", sa.String(13), nullable=False),
        of_thread("imported_chats"),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name=op.f("fk_imported_chats_subject_id_subjects")
        ),
        sa.PrimaryKeyConstraint("source", "chat", name=op.f("pk_imported_chats")),
    )
    op.create_index("ix_imported_chats_thread_id", "imported_chats", ["thread_id"])
    op.create_table(
        "imported_messages",
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("chat", sa.String(200), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("thread_id", sa.String(13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.String(13), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f("fk_imported_messages_thread_id_seq_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source", "chat", "source_id", name=op.f("pk_imported_messages")),
        sa.UniqueConstraint("thread_id", "seq", name=op.f("uq_imported_messages_thread_id_seq")),
    )
    set_trigger(WITH_AGE)


def downgrade():
    # Nothing would open them again.
    op.execute(
        sa.text(
            "UPDATE threads SET closed_at = NULL WHERE id IN (SELECT thread_id FROM import_threads WHERE held)"
            " AND connection_id IN (SELECT id FROM connections WHERE closed_at IS NULL)"
        )
    )
    op.execute(
        sa.text(
            "UPDATE memberships SET closed_as = NULL, shown_read_seq = NULL, shown_delivered_seq = NULL"
            " WHERE closed_as = 'import' AND thread_id IN (SELECT id FROM threads WHERE closed_at IS NULL)"
        )
    )
    op.execute(sa.text("UPDATE memberships SET closed_as = 'closed' WHERE closed_as = 'import'"))
    set_trigger(PLAIN)
    for table in (
        *("imported_messages", "imported_chats", "import_threads", "import_files"),
        *("import_notes", "import_lines", "imports"),
    ):
        op.drop_table(table)
