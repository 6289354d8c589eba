"""Run the rules of retention that the features declare: once a day, a few hundred rows a transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from wellchat.audit.actions import record
from wellchat.audit.models import SYSTEM
from wellchat.config import setting
from wellchat.db import db
from wellchat.features import all_features
from wellchat.privacy.holds import held
from wellchat.retention import BATCH, Rule

log = logging.getLogger(__name__)

RUN_EVERY = timedelta(days=1)
MAX_BATCHES = 200  # of one rule and run: 100,000 rows; the rest follows the next time


def rules() -> Iterator[Rule]:
    """Yield the rules of all features, also of those that are off: their tables are still there."""
    for feature in all_features():
        yield from feature.retention


def count_expired(now: datetime) -> dict[str, int]:
    """Return rule -> how much `run` would remove now, and change nothing."""
    covered = held(now)
    return {
        rule.name: rule.count(now - timedelta(days=days), covered)
        for rule in rules()
        if (days := rule.days()) is not None
    }


def run(now: datetime, *, actor_kind: str | None = None) -> dict[str, int]:
    """Remove what has been kept for its period. Return rule -> how much. A rule that fails stops no other."""
    removed: dict[str, int] = {}
    for rule in rules():
        if (days := rule.days()) is None:
            continue
        try:
            removed[rule.name] = _run(rule, now - timedelta(days=days), now)
        except Exception:
            log.exception("the rule of retention %s failed", rule.name)
            db.session.rollback()
    if counts := {name: count for name, count in removed.items() if count}:
        record("retention.ran", now=now, actor_kind=actor_kind, detail=counts)
    return removed


def _run(rule: Rule, before: datetime, now: datetime) -> int:
    total = 0
    for _ in range(MAX_BATCHES):
        # Asked anew for each batch: a hold that is made meanwhile counts at once.
        count = rule.remove(before, held(now), BATCH, now)
        if not count:
            break
        total += count
    return total


def tidy(now: datetime) -> dict[str, int]:
    """Run the rules once a day on this host. Return {"expired": how much was removed}."""
    note = Path(setting("INSTANCE")) / "retention-ran"
    last = _last_run(note)
    # A note from the future was written by a clock that was wrong, and counts for nothing.
    if last and timedelta() <= now - last < RUN_EVERY:
        return {"expired": 0}
    # Before the run: one that fails comes again tomorrow, not at every call.
    note.write_text(now.isoformat())
    return {"expired": sum(run(now, actor_kind=SYSTEM).values())}


def _last_run(note: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(note.read_text())
    except (OSError, ValueError):
        return None
