"""security log: rows are only added; their chain, what was trimmed, refusals that are counted"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0018"
branch_labels = None
depends_on = None

UNSEALED = sa.text("seq IS NULL")
CONTENT = ("id", "at", "kind", "severity", "outcome", "actor_kind", "actor", "person", "about_kind", "about",
           "network", "device", "request_id", "detail")  # fmt: skip
ADDED_ONLY = {"audit_heads": "seq", "audit_gaps": "first"}
REFUSAL = "the security log is only added to"


def upgrade():
    op.create_index("ix_audit_unsealed", "audit", ["at", "id"], sqlite_where=UNSEALED, postgresql_where=UNSEALED)
    state = op.create_table(
        "audit_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("ship_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("trimmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_state")),
    )
    op.bulk_insert(state, [{"id": 1, "seq": 0, "hash": "", "key_id": "", "shipped": 0, "judged": 0, "checked": 0}])
    # After a downgrade there are sealed rows already.
    last = "(SELECT seq, hash, key_id FROM audit WHERE seq = (SELECT max(seq) FROM audit)) AS last"
    op.execute(
        "UPDATE audit_state SET seq = last.seq, hash = last.hash, key_id = last.key_id, shipped = last.seq,"
        f" judged = last.seq FROM {last}"
    )
    op.create_table(
        "audit_heads",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "audit_gaps",
        sa.Column("first", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("trim_id", sa.String(13), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_audit_gaps")),
    )
    op.create_table(
        "audit_counts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.String(13), nullable=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("network", sa.String(43), nullable=False),
        sa.Column("device", sa.String(80), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_counts")),
    )
    op.create_index("ix_audit_counts_minute", "audit_counts", ["minute"])
    op.create_table(
        "audit_suspicions",
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_audit_suspicions")),
    )
    op.create_index("ix_audit_suspicions_raised_at", "audit_suspicions", ["raised_at"])
    _refuse_on_postgresql() if op.get_bind().dialect.name == "postgresql" else _refuse_on_sqlite()


def _refuse_on_sqlite():
    # A later migration that rebuilds one of these tables has to make its triggers again.
    same = " AND ".join(f"OLD.{name} IS NEW.{name}" for name in CONTENT)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    sealing = f"OLD.seq IS NULL AND NEW.seq IS NOT NULL AND NEW.hash IS NOT NULL AND {same}"
    in_gap = "EXISTS (SELECT 1 FROM audit_gaps WHERE OLD.seq BETWEEN first AND last)"
    # INSERT OR REPLACE would delete the row that is there, past the trigger for deletions.
    there = "EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"
    op.execute(f"CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.seq IS NOT NULL OR {there} {refuse}")
    op.execute(f"CREATE TRIGGER audit_update BEFORE UPDATE ON audit WHEN NOT ({sealing}) {refuse}")
    op.execute(f"CREATE TRIGGER audit_delete BEFORE DELETE ON audit WHEN NOT {in_gap} {refuse}")
    for table, key in ADDED_ONLY.items():
        there = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
        for act, when in (("insert", there), ("update", ""), ("delete", "")):
            op.execute(f"CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} {when} {refuse}")


def _refuse_on_postgresql():
    columns = [f"CAST({{0}}.{name} AS text)" if name == "detail" else f"{{0}}.{name}" for name in CONTENT]
    old, new = (", ".join(columns).format(row) for row in ("OLD", "NEW"))
    refuse = f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
    op.execute(f"""
        CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME = 'audit' AND TG_OP = 'INSERT' THEN
                IF NEW.seq IS NULL THEN RETURN NEW; END IF;
            ELSIF TG_TABLE_NAME = 'audit' AND TG_OP = 'UPDATE' THEN
                IF OLD.seq IS NULL AND NEW.seq IS NOT NULL AND NEW.hash IS NOT NULL
                    AND ROW({old}) IS NOT DISTINCT FROM ROW({new}) THEN RETURN NEW; END IF;
            ELSIF TG_TABLE_NAME = 'audit' AND TG_OP = 'DELETE' THEN
                IF EXISTS (SELECT 1 FROM audit_gaps WHERE OLD.seq BETWEEN first AND last) THEN
                    RETURN OLD;
                END IF;
            END IF;
            {refuse}
        END $$""")
    op.execute("CREATE TRIGGER audit_row BEFORE INSERT OR UPDATE OR DELETE ON audit"
               " FOR EACH ROW EXECUTE FUNCTION audit_refuse()")  # fmt: skip
    for table in ADDED_ONLY:
        op.execute(f"CREATE TRIGGER {table}_row BEFORE UPDATE OR DELETE ON {table}"
                   " FOR EACH ROW EXECUTE FUNCTION audit_refuse()")  # fmt: skip
    for table in ("audit", *ADDED_ONLY):
        op.execute(f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
                   " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()")  # fmt: skip


def downgrade():
    for table in ("audit_suspicions", "audit_counts", "audit_gaps", "audit_heads", "audit_state"):
        op.drop_table(table)  # with its triggers
    if op.get_bind().dialect.name == "postgresql":
        for trigger in ("row", "truncate"):
            op.execute(f"DROP TRIGGER audit_{trigger} ON audit")
        op.execute("DROP FUNCTION audit_refuse()")
    else:
        for act in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER audit_{act}")
    op.drop_index("ix_audit_unsealed", table_name="audit")
