"""All due worker work, in the order in which one piece makes another. Beat, cron and tests run the same list."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from wellchat.accounts.links import trim_used
from wellchat.appointments import actions as appointments
from wellchat.attachments import work as files
from wellchat.changes.actions import trim_logs
from wellchat.db import db
from wellchat.digests import outbox, week
from wellchat.digests import runs as digests
from wellchat.mail import actions as mail
from wellchat.messaging import snoozing
from wellchat.push import sending as push
from wellchat.replies.actions import forget_received
from wellchat.search import actions as search

log = logging.getLogger(__name__)

Sweep = Callable[[datetime], dict[str, int]]

SWEEPS: tuple[Sweep, ...] = (
    snoozing.sweep,
    outbox.sweep,
    appointments.sweep,
    digests.sweep,
    week.sweep,
    mail.sweep,
    push.sweep,
    files.sweep,
    search.sweep,
)


def run(now: datetime) -> dict[str, int]:
    """Do what is due; answers what was done, by name. One sweep that fails does not keep the others from running."""
    done: dict[str, int] = {}
    for sweep in SWEEPS:
        try:
            done |= sweep(now)
        except Exception:
            log.exception("%s.%s failed", sweep.__module__, sweep.__name__)
        finally:
            db.session.remove()
    return done


def tidy(now: datetime) -> dict[str, int]:
    """What grows and may be forgotten."""
    trimmed = {"changes_trimmed": trim_logs(), "links_trimmed": trim_used(now=now)}
    return trimmed | {"received_forgotten": forget_received(now)} | files.tidy(now)
