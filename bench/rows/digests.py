"""Measure a digest run against handing the same bytes to the same server with smtplib."""

from __future__ import annotations

import smtplib
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import psycopg

from bench.load import WrongAnswer
from bench.post import Letter, PostOffice
from bench.stage import Stage
from bench.table import Row
from tests.services import plain
from wellchat.digests import runs as digests

GOAL = 0.5
PEOPLE = 10_000
ROUNDS = 3

# One message more in a thread of each of so many clients, unread since an hour ago, and a look at them that
# is due.
DUE = """
    CREATE TEMPORARY TABLE due ON COMMIT DROP AS
        SELECT DISTINCT ON (t.client_id) t.id, t.client_id, t.professional_id, t.last_seq + 1 AS seq
        FROM threads t
        ORDER BY t.client_id, t.id LIMIT %(people)s;
    INSERT INTO messages (thread_id, seq, sender_id, body, client_key, created_at)
        SELECT id, seq, professional_id, 'Shall we say Thursday at nine? Bring your notes.',
            'digest-' || seq, %(at)s
        FROM due;
    UPDATE threads SET last_seq = seq FROM due WHERE threads.id = due.id;
    UPDATE memberships SET last_seq = seq,
        last_read_seq = CASE WHEN user_id = client_id THEN seq - 1 ELSE seq END
        FROM due WHERE thread_id = due.id;
    UPDATE memberships SET last_read_seq = last_seq
        WHERE user_id IN (SELECT client_id FROM due) AND thread_id NOT IN (SELECT id FROM due);
    DELETE FROM mails;
    DELETE FROM digest_schedules;
    INSERT INTO digest_schedules (user_id, due_at) SELECT client_id, %(at)s FROM due;
"""


def measure(stage: Stage) -> list[Row]:
    people = 20 if stage.quick else PEOPLE
    ours, bare = [], []
    app = stage.app("crowd")
    with PostOffice() as office, app.app_context():
        app.config["SMTP_URL"] = office.url
        for turn in range(1 if stage.quick else ROUNDS + 1):
            make_due(stage, min(people, 500) if turn == 0 else people)
            taken, letters = worked_off(office)
            if turn or stage.quick:  # the first warms up
                ours.append(len(letters) / taken)
                bare.append(len(letters) / handed_over(office, letters))
    ratio = median(ours) / median(bare)
    return [
        Row(
            "digests",
            f"digest run over {people:,} due people",
            f"{median(ours):,.0f} mails/s",
            f"smtplib, the same bytes: {median(bare):,.0f} /s",
            ratio,
            f"{GOAL:g}",
            ratio >= GOAL,
        )
    ]


def make_due(stage: Stage, people: int) -> None:
    with psycopg.connect(plain(stage.database("crowd")), cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(DUE, {"people": people, "at": datetime.now(UTC) - timedelta(hours=1)})
    with psycopg.connect(plain(stage.database("crowd")), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE messages, memberships, threads, mails, digest_schedules")


def worked_off(office: PostOffice) -> tuple[float, list[Letter]]:
    """Return the seconds of one run, and what the server received."""
    began = time.perf_counter()
    sent = sum(outcome.did == "sent" for outcome in digests.send_due(now=datetime.now(UTC)))
    taken = time.perf_counter() - began
    letters = office.taken()
    if not sent or sent != len(letters):
        raise WrongAnswer(f"{sent} sent, {len(letters)} came")
    return taken, letters


def handed_over(office: PostOffice, letters: list[Letter]) -> float:
    """Return the seconds in which plain smtplib sends the same on one connection."""
    with smtplib.SMTP("127.0.0.1", office.port) as server:
        began = time.perf_counter()
        for letter in letters:
            server.sendmail(letter.sender, letter.to, letter.content)
        taken = time.perf_counter() - began
    office.taken()
    return taken
