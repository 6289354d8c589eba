"""Define the tables of imports: what came, what it became, and what is still closed for writing.

The lines of a file lie in `import_lines` until their import has run, and no longer than a week. What stays is
`imported_chats` and `imported_messages`: which message of the old system is which one here. With them a
second run makes nothing twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wellchat.db import Base, UTCDateTime, new_id

STATES = COLLECTING, CHECKING, CHECKED, RUNNING, DONE, UNDOING, UNDONE, OPENING, OPEN = (
    *("collecting", "checking", "checked", "running", "done"),
    *("undoing", "undone", "opening", "open"),
)
WORKING = (CHECKING, RUNNING, UNDOING, OPENING)

KINDS = USER, CONNECTION, SUBJECT, CHAT, MESSAGE, READ = (
    *("user", "connection", "subject", "chat", "message", "read"),
)
REFUSED, NOTE, MERGE = ("refused", "note", "merge")
MAX_SOURCE, MAX_ID, MAX_PATH = 40, 200, 500  # characters


class Import(Base):
    """One file, and how far it is. `step` and `place` say where the work goes on after a crash.

    `run` tells one worker's claim from a later one; the counts are of the present state.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_imports_due_at", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(13), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), default=COLLECTING)
    digest: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of the file of a command
    zone: Mapped[str | None] = mapped_column(String(64))  # of times without an offset
    waiting: Mapped[bool] = mapped_column(Boolean, default=False)  # set who waits for an answer
    append: Mapped[bool] = mapped_column(Boolean, default=False)  # also behind live messages
    step: Mapped[str] = mapped_column(String(12), default="")
    place: Mapped[str] = mapped_column(String(40), default="")
    lines: Mapped[int] = mapped_column(Integer, default=0)
    worked: Mapped[int] = mapped_column(Integer, default=0)  # lines that the present state has done
    made: Mapped[int] = mapped_column(Integer, default=0)  # messages
    same: Mapped[int] = mapped_column(Integer, default=0)  # messages that were here
    changed: Mapped[int] = mapped_column(Integer, default=0)  # messages that the file has in a later state
    refused: Mapped[int] = mapped_column(Integer, default=0)  # lines
    threads: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # when the worker goes on; None: a command does
    busy_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    run: Mapped[str | None] = mapped_column(String(13))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    began_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the present state
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportLine(Base):
    """One accepted line of a file, read and checked by itself. `content` is the rest of it as JSON.

    `item` is the id of a message, the person of a user or read mark, the id of a subject.
    """

    __tablename__ = "import_lines"
    __table_args__ = (
        Index("ix_import_lines_chat", "import_id", "source", "chat"),
        Index(
            "ix_import_lines_few",
            "import_id",
            "kind",
            "no",
            sqlite_where=text("kind <> 'message'"),
            postgresql_where=text("kind <> 'message'"),
        ),
    )

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    no: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(MAX_SOURCE), default="")
    chat: Mapped[str] = mapped_column(String(MAX_ID), default="")
    item: Mapped[str] = mapped_column(String(MAX_ID), default="")
    sender: Mapped[str] = mapped_column(String(MAX_ID), default="")  # the platform's id of the person
    at: Mapped[int | None] = mapped_column(BigInteger)  # microseconds since 1970, UTC
    content: Mapped[str] = mapped_column(Text)


class ImportNote(Base):
    """One line of the report. `step` is that of the work which found it."""

    __tablename__ = "import_notes"
    __table_args__ = (Index("ix_import_notes_import_id", "import_id", "id"),)

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    step: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(8))
    line: Mapped[int | None] = mapped_column(Integer)  # from 1
    text: Mapped[str] = mapped_column(Text)


class ImportFile(Base):
    """A file that came for an import by the host API. Its bytes are in the store, unchecked."""

    __tablename__ = "import_files"

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(MAX_PATH), primary_key=True)
    stored_as: Mapped[str] = mapped_column(String(13), unique=True)
    size: Mapped[int] = mapped_column(Integer)


class ImportThread(Base):
    """A thread that an import writes into, and how it was before: what an undo puts back.

    While any import has `held` it, nobody writes there.
    """

    __tablename__ = "import_threads"
    __table_args__ = (
        Index("ix_import_threads_thread_id", "thread_id"),
        Index(
            "ix_import_threads_held",
            "import_id",
            sqlite_where=text("held"),
            postgresql_where=text("held"),
        ),
    )

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    made: Mapped[bool] = mapped_column(Boolean)  # by this import
    live: Mapped[bool] = mapped_column(Boolean)  # people had written here
    held: Mapped[bool] = mapped_column(Boolean)
    lines: Mapped[int] = mapped_column(Integer)  # messages of the file
    before_seq: Mapped[int] = mapped_column(Integer)
    last_seq: Mapped[int] = mapped_column(Integer)  # where this import ended
    base_at: Mapped[int] = mapped_column(BigInteger)  # the last time of earlier imports, as ImportLine.at
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImportedChat(Base):
    """A chat of the old system, and the thread that its messages are in."""

    __tablename__ = "imported_chats"

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    chat: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    # its messages are marked with it; None where the thread is about it
    subject_id: Mapped[str | None] = mapped_column(ForeignKey("subjects.id"))
    first_at: Mapped[int | None] = mapped_column(BigInteger)
    made_by: Mapped[str] = mapped_column(String(13))  # the import
    import_id: Mapped[str] = mapped_column(String(13))  # the last import that had it


class ImportedMessage(Base):
    """A message of the old system, and what it became. Neither time nor text identify it."""

    __tablename__ = "imported_messages"
    __table_args__ = (
        UniqueConstraint("thread_id", "seq"),
        ForeignKeyConstraint(
            ["thread_id", "seq"], ["messages.thread_id", "messages.seq"], ondelete="CASCADE"
        ),
    )

    source: Mapped[str] = mapped_column(String(MAX_SOURCE), primary_key=True)
    chat: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(MAX_ID), primary_key=True)
    thread_id: Mapped[str] = mapped_column(String(13))
    seq: Mapped[int] = mapped_column(Integer)
    import_id: Mapped[str] = mapped_column(String(13))
    digest: Mapped[str] = mapped_column(String(32))  # of the line: another one has changed it
    late: Mapped[bool] = mapped_column(Boolean)  # it came behind messages that are younger
    # [SHA-256 of the file as it came, id of the attachment or None where it was refused], in order
    files: Mapped[list[list[str | None]] | None] = mapped_column(JSON(none_as_null=True))
