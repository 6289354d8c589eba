"""Send each sealed row out as one line of JSON, so that the log stands outside of the database too.

At least once: a crash between sending and marking sends a batch again, and each line has its number. While
the target does not answer, the rows wait; nothing else waits for them.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from wellchat.audit import chain
from wellchat.audit.models import AuditEvent, AuditState
from wellchat.config import setting
from wellchat.db import db, release_connection, table, transaction

log = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(minutes=2)  # a claim older than this was left by a crash
PAUSE = timedelta(seconds=30)  # after a failure
TIMEOUT = 5  # seconds for each step of the network
FACILITY = 13  # "log audit" (RFC 5424, 6.2.1)
SYSLOG_SEVERITY = {"info": 6, "notice": 5, "high": 4}
AUDIT = table(AuditEvent)

Row = Mapping[Any, Any]


def ship(now: datetime) -> dict[str, int]:
    """Send what was sealed and has not gone out. One small statement if there is none."""
    shipped = 0
    if setting("AUDIT_TO") == "off":
        return {"audit_shipped": 0}
    while (after := _claim(now)) is not None:
        query = select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(BATCH)
        rows = db.session.execute(query).mappings().all()
        # The target may take seconds, and no database connection should wait for it.
        release_connection()
        try:
            send(setting("AUDIT_TO"), rows)
        except OSError as error:
            log.warning("the security log waits: %s does not take it: %s", setting("AUDIT_TO"), error)
            _settle({"ship_at": now + PAUSE})
            break
        # No rows: they were trimmed while the log went nowhere, and nothing is left of them to send.
        _settle({"ship_at": None, "shipped": rows[-1]["seq"] if rows else AuditState.seq})
        shipped += len(rows)
    return {"audit_shipped": shipped}


def _claim(now: datetime) -> int | None:
    """Return the number of the last row that went out. None: nothing is due, or another worker sends."""
    of = AuditState
    due = (of.shipped < of.seq, or_(of.ship_at.is_(None), of.ship_at <= now))
    # A look before the write: an UPDATE that finds nothing takes SQLite's one writer as well.
    if db.session.execute(select(of.id).where(*due)).first() is None:
        return None
    with transaction() as session:
        # One UPDATE decides: it moves `ship_at` ahead, and the second worker finds nothing due.
        claimed = update(of).where(*due).values(ship_at=now + LEASE).returning(of.shipped)
        return session.execute(claimed.execution_options(synchronize_session=False)).scalar()


def _settle(values: Mapping[Any, Any]) -> None:
    with transaction() as session:
        session.execute(update(AuditState).values(values).execution_options(synchronize_session=False))


def send(target: str, rows: Sequence[Row]) -> None:
    """Send rows to a value of WELLCHAT_AUDIT_TO. Raises OSError."""
    kind, _, place = target.partition(":")
    if kind == "stdout":
        # Celery catches sys.stdout and would dress each line up.
        print("".join(f"{chain.line(row)}\n" for row in rows), end="", flush=True, file=sys.__stdout__)
    elif kind == "file":
        _append(place, "".join(f"{chain.line(row)}\n" for row in rows).encode())
    else:
        host, _, port = place.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), TIMEOUT) as connection:
            connection.sendall(b"".join(map(syslog_message, rows)))
            # Wait for the other side to read to the end: what it refuses is an error here, not a loss.
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)


def _append(path: str, lines: bytes) -> None:
    # Opened for each batch, so that the file may be rotated.
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(file).st_size
        # A disk that was full may have left half a line.
        torn = bool(size) and os.pread(file, 1, size - 1) != b"\n"
        data = (b"\n" if torn else b"") + lines
        # A disk that is nearly full takes a part, and refuses at the next write.
        while data:
            data = data[os.write(file, data) :]
        # The rows are marked as sent next, so the lines must outlast a crash of the host.
        os.fsync(file)
    finally:
        os.close(file)


def syslog_message(row: Row) -> bytes:
    """Return a row as a message of RFC 5424, with its length before it (RFC 6587, 3.4.1)."""
    priority = FACILITY * 8 + SYSLOG_SEVERITY[row["severity"]]
    at = chain.plain({"at": row["at"]})["at"].replace("+00:00", "Z")
    message = (
        f"<{priority}>1 {at} {socket.gethostname()} wellchat - {row['kind']} - {chain.line(row)}".encode()
    )
    return f"{len(message)} ".encode() + message
