"""search: an index of messages, kept by triggers and the worker"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Old messages wait behind new ones: the worker or the command `search index` indexes them.
QUEUE_ALL = "INSERT INTO search_queue (old, thread_id, seq) SELECT {yes}, thread_id, seq FROM messages WHERE body IS NOT NULL"

POSTGRESQL = (
    """
    CREATE FUNCTION search_said() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO search_queue (thread_id, seq) VALUES (NEW.thread_id, NEW.seq) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION search_unsaid() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM search_entries WHERE thread_id = NEW.thread_id AND seq = NEW.seq;
        IF NEW.body IS NOT NULL THEN
            INSERT INTO search_queue (thread_id, seq) VALUES (NEW.thread_id, NEW.seq) ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER search_said AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION search_said()",
    "CREATE TRIGGER search_unsaid AFTER UPDATE OF body ON messages FOR EACH ROW"
    " WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION search_unsaid()",
    "CREATE INDEX search_entries_tokens ON search_entries USING gin (tokens)",
)
SQLITE = (
    """
    CREATE VIRTUAL TABLE search_entries_fts USING fts5(
        tokens, content='search_entries', content_rowid='id', detail=none, columnsize=0, tokenize='ascii'
    )
    """,
    """
    CREATE TRIGGER search_kept AFTER INSERT ON search_entries BEGIN
        INSERT INTO search_entries_fts (rowid, tokens) VALUES (NEW.id, NEW.tokens);
    END
    """,
    """
    CREATE TRIGGER search_forgotten AFTER DELETE ON search_entries BEGIN
        INSERT INTO search_entries_fts (search_entries_fts, rowid, tokens) VALUES ('delete', OLD.id, OLD.tokens);
    END
    """,
    """
    CREATE TRIGGER search_changed AFTER UPDATE ON search_entries BEGIN
        INSERT INTO search_entries_fts (search_entries_fts, rowid, tokens) VALUES ('delete', OLD.id, OLD.tokens);
        INSERT INTO search_entries_fts (rowid, tokens) VALUES (NEW.id, NEW.tokens);
    END
    """,
    """
    CREATE TRIGGER search_said AFTER INSERT ON messages BEGIN
        INSERT INTO search_queue (thread_id, seq) VALUES (NEW.thread_id, NEW.seq) ON CONFLICT DO NOTHING;
    END
    """,
    """
    CREATE TRIGGER search_unsaid AFTER UPDATE OF body ON messages WHEN OLD.body IS NOT NEW.body BEGIN
        DELETE FROM search_entries WHERE thread_id = NEW.thread_id AND seq = NEW.seq;
        INSERT INTO search_queue (thread_id, seq) SELECT NEW.thread_id, NEW.seq WHERE NEW.body IS NOT NULL
            ON CONFLICT DO NOTHING;
    END
    """,
)


def is_postgresql():
    return op.get_bind().dialect.name == "postgresql"


def upgrade():
    for name, columns, keys in (
        (
            "search_entries",
            [
                sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
                sa.Column("thread_id", sa.String(length=13), nullable=False),
                sa.Column("seq", sa.Integer(), nullable=False),
                sa.Column("at", sa.DateTime(timezone=True), nullable=False),
                sa.Column("tokens", sa.ARRAY(sa.Integer()) if is_postgresql() else sa.Text(), nullable=False),
            ],
            [
                sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
                sa.UniqueConstraint("thread_id", "seq", name=op.f("uq_search_entries_thread_id_seq")),
            ],
        ),
        (
            "search_queue",
            [
                sa.Column("old", sa.Boolean(), server_default=sa.false(), nullable=False),
                sa.Column("thread_id", sa.String(length=13), nullable=False),
                sa.Column("seq", sa.Integer(), nullable=False),
            ],
            [sa.PrimaryKeyConstraint("old", "thread_id", "seq", name=op.f("pk_search_queue"))],
        ),
    ):
        of_message = sa.ForeignKeyConstraint(
            ["thread_id", "seq"],
            ["messages.thread_id", "messages.seq"],
            name=op.f(f"fk_{name}_thread_id_seq_messages"),
            ondelete="CASCADE",
        )
        op.create_table(name, *columns, *keys, of_message)
    op.execute(sa.text(QUEUE_ALL.format(yes="true" if is_postgresql() else "1")))
    for statement in POSTGRESQL if is_postgresql() else SQLITE:
        op.execute(sa.text(statement))


def downgrade():
    if is_postgresql():
        op.execute(sa.text("DROP TRIGGER search_said ON messages"))
        op.execute(sa.text("DROP TRIGGER search_unsaid ON messages"))
        op.execute(sa.text("DROP FUNCTION search_said"))
        op.execute(sa.text("DROP FUNCTION search_unsaid"))
    else:
        op.execute(sa.text("DROP TRIGGER search_said"))
        op.execute(sa.text("DROP TRIGGER search_unsaid"))
    op.drop_table("search_queue")
    op.drop_table("search_entries")
    if not is_postgresql():
        op.execute(sa.text("DROP TABLE search_entries_fts"))
