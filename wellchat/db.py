"""The database: one session, one owner of commit.

Writes happen inside `transaction()`, and only there. It is re-entrant: an action that calls an action joins it,
and the outermost commits. What must happen last inside it (`before_commit`) and what may only happen once it is
durable (`after_commit`) hangs off it too, so that no doorbell ever rings for a row that is not there.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from psycopg.pq import ExecStatus
from sqlalchemy import CursorResult, DateTime, Engine, Executable, MetaData, Table, TypeDecorator, event
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from wellchat import metrics
from wellchat.errors import Busy

log = logging.getLogger(__name__)

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
WRITE_LOCK_WAIT = 10.0  # seconds a write waits its turn on SQLite before it is told to come back


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})
migrate = Migrate()

# SQLite lets one writer in at a time and makes the others sleep and retry, which starves some of them for
# seconds. A queue of our own in front of it is fair and wakes at once.
_sqlite_writers = threading.Lock()


class UTCDateTime(TypeDecorator[datetime]):
    """An aware datetime, UTC in the database and UTC out of it, on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime does not say when; pass an aware one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any] | None:
        """None for PostgreSQL, whose session tells all times in UTC (`_tune_postgresql`): there is one per message."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


def new_id() -> str:
    """A fresh opaque id: 13 characters, 65 random bits."""
    bits = secrets.randbits(65)
    return "".join(ID_ALPHABET[(bits >> shift) & 31] for shift in range(0, 65, 5))


def insert(table: Any) -> Any:
    """`INSERT` with `on_conflict_do_nothing/update`, in the dialect of the database in use."""
    return postgresql_insert(table) if is_postgresql() else sqlite_insert(table)


def is_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


@dataclass
class TransactionState:
    """One outermost transaction: what hangs off it."""

    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)  # what features gather during it, gone with it
    must_roll_back: bool = False


def current_transaction() -> TransactionState | None:
    """The transaction in progress, if there is one."""
    found: TransactionState | None = db.session().info.get("transaction")
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """Write inside this. The outermost block commits; an exception anywhere inside rolls all of it back.

    Raises Busy where SQLite's one writer cannot be had in time.
    """
    session = db.session()
    if outer := current_transaction():
        try:
            yield session
        except BaseException:
            outer.must_roll_back = True  # whoever swallows this may not commit the half that was done
            raise
        return
    _end_snapshot(session)
    state = session.info["transaction"] = TransactionState()
    try:
        with _writer(session):
            try:
                yield session
                for hook in state.before_commit:
                    hook()
                if state.must_roll_back:
                    raise RuntimeError("an inner transaction() failed and its error was swallowed")
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        del session.info["transaction"]
    for hook in state.after_commit:
        _run_hook(hook)


@contextmanager
def _writer(session: Session) -> Iterator[None]:
    if is_postgresql():
        yield
        return
    if not _sqlite_writers.acquire(timeout=WRITE_LOCK_WAIT):
        raise Busy
    try:
        session.connection(execution_options={"writes": True})
        yield
    finally:
        _sqlite_writers.release()


def _end_snapshot(session: Session) -> None:
    """No write may start from an old look at the data. PostgreSQL looks anew at each statement, unless told not to."""
    if not is_postgresql() or session.info.pop("snapshot", False):
        session.commit()


def snapshot() -> None:
    """Let what is read from here to the end of the request be of one moment, however many statements it takes."""
    session = db.session()
    session.commit()
    if is_postgresql():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.info["snapshot"] = True


def table(model: type[Base]) -> Table:
    """A model's table, for statements that go past the ORM."""
    return cast(Table, model.__table__)


def execute(
    statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement that was built once, past the ORM. For the hot paths, where the ORM is most of the cost.

    Rows that the session holds are not told of what it changes.
    """
    session = db.session()
    session.flush()
    return session.connection().execute(statement, values)


def release_connection() -> None:
    """End reading: what follows takes its time, and must not hold a database connection meanwhile."""
    if current_transaction() is None:
        db.session.commit()  # not a rollback: at one psycopg forgets every statement it has prepared


def before_commit(hook: Callable[[], None]) -> None:
    """Run `hook` as the last thing inside the outermost transaction. Raises RuntimeError outside of one."""
    if (current := current_transaction()) is None:
        raise RuntimeError("before_commit outside transaction()")
    current.before_commit.append(hook)


def after_commit(hook: Callable[[], None]) -> None:
    """Run `hook` once the outermost transaction is durable; at once where there is none.

    A hook that fails is logged and forgotten: the commit stands, and the sweep finds what it would have said.
    """
    if (current := current_transaction()) is None:
        _run_hook(hook)
    else:
        current.after_commit.append(hook)


def _run_hook(hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception:
        log.warning("an after-commit hook failed; the sweep will find the work", exc_info=True)


@event.listens_for(Session, "before_flush")
def _no_stray_writes(session: Session, *_: object) -> None:
    if "transaction" not in session.info:
        raise RuntimeError("write outside transaction()")


@event.listens_for(Session, "do_orm_execute")
def _no_stray_statements(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and "transaction" not in state.session.info:
        raise RuntimeError("write outside transaction()")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        # Its own knows A to Z only, and so would every search that does not mind the case.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        # A read that turns into a write fails at once with SQLITE_BUSY_SNAPSHOT whatever the timeout.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _Cursor(psycopg.Cursor[Any]):
    """Says of each column what SQLAlchemy asks for: its name and type. Objects for them were a tenth of an update."""

    @property
    def description(self) -> Any:
        found = self.pgresult
        if not found or found.status != ExecStatus.TUPLES_OK:
            return None
        unknown = (None,) * 5
        return [(found.fname(n).decode(), found.ftype(n), *unknown) for n in range(found.nfields)]  # type: ignore[union-attr]


def _tune_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # Every statement here is a short one: starting helpers for it, or compiling it, costs more than it
        # is worth.
        # Set, and not asked for while connecting, because poolers refuse that.
        connection.autocommit = True
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("SET jit = off")
        connection.execute("SET TIME ZONE 'UTC'")
        connection.autocommit = False
        connection.cursor_factory = _Cursor


def _redact_row_values(engine: Engine) -> None:
    """Errors go into logs. PostgreSQL puts the row that failed into them, words and all."""

    @event.listens_for(engine, "handle_error")
    def on_error(context: Any) -> None:
        diagnostics = getattr(context.original_exception, "diag", None)
        if diagnostics is not None and diagnostics.message_detail:
            for error in filter(None, (context.original_exception, context.sqlalchemy_exception)):
                error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


def _end_reads(error: BaseException | None) -> None:
    """What only read ends with COMMIT: at a ROLLBACK psycopg forgets every statement it has prepared."""
    if error is None and db.session().is_active:
        with suppress(SQLAlchemyError):  # a lost connection has had its answer
            db.session.commit()


def init_app(app: Flask, *, migrations: str) -> None:
    url = app.config["DATABASE_URL"]
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    options = app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    options.setdefault("pool_size", 20)
    options.setdefault("max_overflow", 10)
    options.setdefault("pool_timeout", 5)
    options.setdefault("hide_parameters", True)  # they are people's words, and errors go into logs
    if url.startswith("postgresql"):
        options.setdefault("connect_args", {"connect_timeout": 3})
    options.setdefault("pool_use_lifo", True)  # few warm connections rather than many cold ones
    db.init_app(app)
    app.teardown_appcontext(_end_reads)  # after Flask-SQLAlchemy's own, for they run in reverse order
    migrate.init_app(app, db, directory=migrations, compare_type=True, render_as_batch=True)
    with app.app_context():
        metrics.follow_pool(db.engine)
        _redact_row_values(db.engine)
        _tune_postgresql(db.engine) if is_postgresql() else _tune_sqlite(db.engine)
