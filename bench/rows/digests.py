"""A digest run over many people who are due, against smtplib handing the same bytes to the same server."""

from __future__ import annotations

import contextlib
import smtplib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from unittest.mock import patch

from sqlalchemy import text

from bench.stage import Stage
from bench.table import Row, alternate, rate_row
from wellchat.db import db
from wellchat.digests import actions as digests
from wellchat.mail import transport
from wellchat.mail.compose import flatten

GOAL = 0.5
PEOPLE = 1_000
BEGAN = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
SENDER = "wellchat@localhost"

DUE = """
    INSERT INTO digest_schedules (user_id, due_at)
    SELECT user_id, :now FROM memberships m JOIN users u ON u.id = user_id AND u.role = 'client'
    WHERE last_seq > 1 GROUP BY user_id ORDER BY user_id LIMIT :people
    ON CONFLICT (user_id) DO UPDATE SET due_at = :now
"""
UNREAD = """
    UPDATE memberships SET last_read_seq = greatest(0, last_seq - 4), mailed_seq = 0, muted_until = NULL
    WHERE user_id IN (SELECT user_id FROM digest_schedules)
"""


def measure(stage: Stage) -> list[Row]:
    run = Run(stage, people=50 if stage.quick else PEOPLE)
    ours, reference = alternate(stage.rounds, run.ours, run.by_hand)
    what = f"digests to {run.people:,} people who are due"
    return [rate_row("digests", what, ours, reference, GOAL, "smtplib, one connection")]


class Run:
    def __init__(self, stage: Stage, *, people: int) -> None:
        self.people = people
        self.app = stage.app("crowd")
        self.port = stage.sink()
        self.app.config.update(SMTP_URL=f"smtp://127.0.0.1:{self.port}")
        self.kept: list[tuple[str, bytes]] = []
        self.turns = 0

    def ours(self) -> float:
        """Mails per second, from the first decision to the last line in the ledger."""
        self.turns += 1
        now = BEGAN + timedelta(days=self.turns)
        with self.app.app_context(), self._keeping():
            with db.engine.begin() as connection:
                connection.execute(text(DUE), {"now": now, "people": self.people})
                connection.execute(text(UNREAD))
            began = time.perf_counter()
            sent = sum(outcome.did == "sent" for outcome in digests.send_due(now=now))
            taken = time.perf_counter() - began
            db.session.remove()
        if sent != len(self.kept):
            raise RuntimeError(f"{sent} mails this time, {len(self.kept)} the first time")
        return sent / taken

    @contextlib.contextmanager
    def _keeping(self) -> Iterator[None]:
        """The first turn, which does not count, keeps what it sends."""
        if self.kept:
            yield
            return
        real = transport.SmtpLane.send

        def keep(lane: transport.SmtpLane, message: EmailMessage, *, to: str, sender: str, label: str) -> None:
            self.kept.append((to, flatten(message, international=False)))
            real(lane, message, to=to, sender=sender, label=label)

        with patch.object(transport.SmtpLane, "send", keep):
            yield

    def by_hand(self) -> float:
        began = time.perf_counter()
        with smtplib.SMTP("127.0.0.1", self.port) as server:
            for to, content in self.kept:
                server.sendmail(SENDER, [to], content)
        return len(self.kept) / (time.perf_counter() - began)
