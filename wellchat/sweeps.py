"""Run all due worker work. Beat, cron and tests run the same list, which the features declare."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from wellchat import aside, clock
from wellchat.db import db
from wellchat.feature import registry

log = logging.getLogger(__name__)


def run(now: datetime) -> dict[str, int]:
    """Do what is due. Return how much was done, by name. A sweep that fails does not stop the others.

    Deliveries come last, so that what a sweep has put down goes out in the same run. In a worker, those that
    wait for machines of others only begin here, and are not counted (aside.py).
    """
    features = registry().features
    sweeps = [sweep for feature in features for sweep in feature.sweeps]
    deliveries = [delivery for feature in features for delivery in feature.deliveries]
    done: dict[str, int] = {}
    for sweep in (*sweeps, *deliveries):
        if aside.is_worker() and getattr(sweep, "waits_for_others", False):
            aside.do(f"{sweep.__module__}.{sweep.__name__}", partial(_run, sweep))
        else:
            done |= _run(sweep, now)
    return done


def _run(sweep: Callable[[datetime], dict[str, int]], now: datetime | None = None) -> dict[str, int]:
    try:
        return sweep(now or clock.now())
    except Exception:
        log.exception("%s.%s failed", sweep.__module__, sweep.__name__)
        return {}
    finally:
        # The next sweep starts without the rows, and without the failed transaction, of this one.
        db.session.remove()


def tidy(now: datetime) -> dict[str, int]:
    """Delete what may be forgotten. Return how much was deleted, by name."""
    done: dict[str, int] = {}
    for feature in registry().features:
        for tidy in feature.tidies:
            done |= tidy(now)
    return done
