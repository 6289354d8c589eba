"""Send with SQL by hand: what the database and its driver can do with nothing around them."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import cycle

import psycopg

Place = tuple[str, str, str]  # thread, sender, recipient


def send(connection: psycopg.Connection, thread_id: str, sender_id: str, recipient_id: str) -> None:
    """Send one message in one transaction, with the SQL of messaging.statements and changes.actions."""
    do, key, now = connection.execute, secrets.token_hex(8), datetime.now(UTC)
    with connection.transaction():
        taken = do(
            "UPDATE threads SET last_seq = last_seq + 1, updated_at = %s"
            " WHERE id = %s AND (client_id = %s OR professional_id = %s)"
            " AND NOT EXISTS (SELECT 1 FROM messages WHERE thread_id = %s AND sender_id = %s"
            " AND client_key = %s)"
            " RETURNING last_seq, client_id, professional_id, subject_id",
            (now, thread_id, sender_id, sender_id, thread_id, sender_id, key),
        ).fetchone()
        assert taken
        seq = taken[0]
        do(
            "INSERT INTO messages (thread_id, seq, sender_id, body, client_key, created_at)"
            " SELECT %s, %s, %s, %s, %s, %s WHERE NOT EXISTS"
            " (SELECT 1 FROM messages WHERE thread_id = %s AND sender_id = %s"
            " AND client_key = %s) RETURNING seq",
            (thread_id, seq, sender_id, "See you at nine.", key, now, thread_id, sender_id, key),
        )
        do(
            "UPDATE memberships SET last_seq = %(seq)s, updated_at = %(now)s,"
            " last_read_seq = CASE WHEN user_id = %(sender)s AND last_read_seq = last_seq"
            " THEN %(seq)s ELSE last_read_seq END,"
            " delivered_seq = CASE WHEN user_id = %(sender)s AND delivered_seq = last_seq"
            " THEN %(seq)s ELSE delivered_seq END,"
            " typing_at = CASE WHEN user_id = %(sender)s THEN NULL ELSE typing_at END,"
            " archived = CASE WHEN user_id = %(sender)s OR NOT coalesce(muted_until > %(now)s, false)"
            " THEN false ELSE archived END,"
            " snoozed_until = CASE WHEN user_id = %(sender)s THEN NULL ELSE snoozed_until END,"
            " waiting_since = CASE WHEN user_id = %(sender)s THEN NULL"
            " ELSE coalesce(waiting_since, %(now)s) END,"
            " kind = coalesce(%(kind)s, kind) WHERE thread_id = %(thread)s",
            {"seq": seq, "now": now, "sender": sender_id, "thread": thread_id, "kind": None},
        )
        do(
            "INSERT INTO outbox (thread_id, seq, recipient_id, due_at, attempts) VALUES (%s, %s, %s, %s, 0)",
            (thread_id, seq, recipient_id, now),
        )
        numbers = {}
        for user_id in sorted((sender_id, recipient_id)):
            numbered = do(
                "UPDATE change_logs SET last_seq = last_seq + 1 WHERE user_id = %s RETURNING last_seq",
                (user_id,),
            ).fetchone()
            assert numbered
            numbers[user_id] = numbered[0]
        rows = [part for user_id, number in numbers.items() for part in (user_id, number, thread_id, seq)]
        do(
            "INSERT INTO changes (user_id, seq, kind, thread_id, message_seq)"
            " VALUES (%s, %s, 'message', %s, %s), (%s, %s, 'message', %s, %s)",
            rows,
        )


def send_for(url: str, places: list[Place], *, seconds: float, connections: int) -> float:
    """Return sends per second over the connections of one process, each in a thread of its own."""

    def one(share: list[Place]) -> float:
        with psycopg.connect(url) as connection:
            send(connection, *share[0])
            began = time.perf_counter()
            for done, place in enumerate(cycle(share), start=1):
                send(connection, *place)
                if (taken := time.perf_counter() - began) > seconds:
                    return done / taken
        raise AssertionError("a cycle does not end")

    with ThreadPoolExecutor(connections) as pool:
        return sum(pool.map(one, [places[n::connections] for n in range(connections)]))
