"""Own the database session, and be the only module that commits.

Writes happen inside `transaction()`, and only there. It is re-entrant: an action that calls another action
joins its transaction, and the outermost block commits. `before_commit` registers a hook that runs last inside
the transaction; `after_commit` registers one that runs when the data is durable, so that a doorbell is only
sent for a row that exists.
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

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import CursorResult, DateTime, Executable, MetaData, Table, TypeDecorator, event
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from wellchat import engines, metrics, migrating, slow_statements
from wellchat.errors import Busy

log = logging.getLogger(__name__)

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
WRITE_LOCK_WAIT = 10.0  # seconds that a write waits for SQLite's one writer before Busy


class Base(DeclarativeBase):
    """Give every model the same naming scheme of constraints, so that migrations can name them."""

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

# SQLite lets one writer in at a time and makes the others sleep and retry, which starves some of them for
# seconds. A lock of our own in front of it wakes the next writer at once.
_sqlite_writers = threading.Lock()


# SQLite has no time with an offset, so both databases get the same treatment here.
class UTCDateTime(TypeDecorator[datetime]):
    """Store aware datetimes: UTC in the database, UTC when read, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return `value` in UTC. Raises ValueError for a naive datetime."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime does not say when; pass an aware one")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return `value` marked as UTC: SQLite stores no offset."""
        return value.replace(tzinfo=UTC) if value is not None else None

    def result_processor(self, dialect: Any, coltype: object) -> Callable[[Any], Any] | None:
        """Return the converter of read values; None on PostgreSQL.

        There `postgresql.tune` sets the session to UTC, so no row needs the conversion.
        """
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


def new_id() -> str:
    """Return a new opaque id: 13 characters of ID_ALPHABET, 65 random bits."""
    # 65 bits are 13 letters of 5 bits each; two of a billion ids collide with a chance of 1 in 70.
    bits = secrets.randbits(65)
    return "".join(ID_ALPHABET[(bits >> shift) & 31] for shift in range(0, 65, 5))


def insert(table: Any) -> Any:
    """Return an INSERT of the dialect in use, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql_insert(table) if is_postgresql() else sqlite_insert(table)


def is_postgresql() -> bool:
    """Return whether the database is PostgreSQL; else it is SQLite."""
    return db.engine.dialect.name == "postgresql"


@dataclass
class TransactionState:
    """The state of one outermost transaction."""

    before_commit: list[Callable[[], None]] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    # values that features collect until the end of the transaction
    notes: dict[str, Any] = field(default_factory=dict)
    must_roll_back: bool = False


def current_transaction() -> TransactionState | None:
    """Return the state of the transaction in progress, or None."""
    found: TransactionState | None = db.session().info.get("transaction")
    return found


@contextmanager
def transaction() -> Iterator[Session]:
    """Write inside this block. The outermost block commits; an exception anywhere rolls everything back.

    Yields the session. Raises Busy if SQLite's one writer is not free within WRITE_LOCK_WAIT.
    """
    session = db.session()
    # Join the outer block: one commit for everything, or none.
    if outer := current_transaction():
        try:
            yield session
        except BaseException:
            # A caller that swallows this must not commit the half that was done.
            outer.must_roll_back = True
            raise
        return
    # A snapshot from before the lock could be older than the last commit of another writer.
    _end_snapshot(session)
    state = session.info["transaction"] = TransactionState()
    try:
        with _writer(session):
            try:
                yield session
                # Last, so that the lock on a change log's counter is held only for an instant before the
                # commit.
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
    # Outside the try: the commit stands whatever a hook does.
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
        # `engines.tune_sqlite` begins with IMMEDIATE if this option is set.
        session.connection(execution_options={"writes": True})
        yield
    finally:
        _sqlite_writers.release()


def _end_snapshot(session: Session) -> None:
    """End the read snapshot, so that no write is based on stale reads.

    PostgreSQL reads afresh at each statement, except after `snapshot()`.
    """
    if not is_postgresql() or session.info.pop("snapshot", False):
        session.commit()


def snapshot() -> None:
    """Make all reads from here to the end of the request see the database at one moment."""
    session = db.session()
    # The isolation level can be set only before the first statement of a transaction.
    session.commit()
    if is_postgresql():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        session.info["snapshot"] = True


def table(model: type[Base]) -> Table:
    """Return the table of a model, for statements that bypass the ORM."""
    return cast(Table, model.__table__)


def execute(
    statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> CursorResult[*tuple[Any, ...]]:
    """Execute a prepared Core statement on the session's connection and return its result.

    It bypasses the ORM, which is most of the cost of the hot paths. Objects in the session are not refreshed.
    """
    session = db.session()
    # Core does not flush by itself: rows added before must be there first.
    session.flush()
    return session.connection().execute(statement, values)


def release_connection() -> None:
    """Return the connection to the pool before slow work that reads no more."""
    if current_transaction() is None:
        # Not ROLLBACK: it makes psycopg discard its prepared statements.
        db.session.commit()


def before_commit(hook: Callable[[], None]) -> None:
    """Run `hook` last inside the outermost transaction. Raises RuntimeError outside a transaction."""
    if (current := current_transaction()) is None:
        raise RuntimeError("before_commit outside transaction()")
    current.before_commit.append(hook)


def after_commit(hook: Callable[[], None]) -> None:
    """Run `hook` when the outermost transaction is durable; at once if there is none.

    A hook that fails is logged, and the commit stands: the sweep finds the work later.
    """
    if (current := current_transaction()) is None:
        # Without a transaction nothing can be rolled back any more, so the hook need not wait.
        _run_hook(hook)
    else:
        current.after_commit.append(hook)


def _run_hook(hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception:
        log.warning("an after-commit hook failed; the sweep will find the work", exc_info=True)


# These two guards turn a write outside transaction() into an error at once. Without them it would be lost
# silently at the end of the request, or be part of the next commit.
@event.listens_for(Session, "before_flush")
def _no_stray_writes(session: Session, *_: object) -> None:
    if "transaction" not in session.info:
        raise RuntimeError("write outside transaction()")


@event.listens_for(Session, "do_orm_execute")
def _no_stray_statements(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and "transaction" not in state.session.info:
        raise RuntimeError("write outside transaction()")


def _end_reads(error: BaseException | None) -> None:
    """End a request that only read with COMMIT: ROLLBACK makes psycopg discard its prepared statements."""
    if error is None and db.session().is_active:
        # The response of a lost connection was sent already.
        with suppress(SQLAlchemyError):
            db.session.commit()


def init_app(app: Flask, *, migrations: str) -> None:
    """Configure the engine from DATABASE_URL and register Flask-SQLAlchemy and Flask-Migrate."""
    url = app.config["DATABASE_URL"]
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    options = app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", {})
    options.setdefault("pool_size", 20)
    options.setdefault("max_overflow", 10)
    options.setdefault("pool_timeout", 5)
    # Parameters contain texts of people, and errors go into logs.
    options.setdefault("hide_parameters", True)
    if url.startswith("postgresql"):
        options.setdefault("connect_args", {"connect_timeout": 3})
    # Few warm connections rather than many cold ones.
    options.setdefault("pool_use_lifo", True)
    db.init_app(app)
    # runs before Flask-SQLAlchemy's own teardown: they run in reverse order
    app.teardown_appcontext(_end_reads)
    migrating.init_app(app, db, directory=migrations)
    with app.app_context():
        metrics.follow_pool(db.engine)
        app.extensions["slow_statements"] = slow_statements.watch(db.engine, app.config["SLOW_STATEMENT"])
        engines.redact_row_values(db.engine)
        if is_postgresql():
            # Here, because a process on SQLite needs no driver of PostgreSQL.
            from wellchat import postgresql

            postgresql.tune(db.engine)
        else:
            engines.tune_sqlite(db.engine)
