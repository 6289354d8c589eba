"""Define the metrics, counted where things happen.

With PROMETHEUS_MULTIPROC_DIR the processes' values are added.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from sqlalchemy import Engine, event

MULTIPROCESS_DIR = "PROMETHEUS_MULTIPROC_DIR"
if MULTIPROCESS_DIR in os.environ:
    # prometheus_client keeps its values in files there
    Path(os.environ[MULTIPROCESS_DIR]).mkdir(parents=True, exist_ok=True)

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)

POLLS = Counter("wellchat_polls", "Polls answered, by status", ["status"])
WAITING = Gauge("wellchat_polls_waiting", "Polls that hang at this moment", multiprocess_mode="livesum")
POLICY_REPORTS = Counter("wellchat_policy_reports", "Reports of browsers: content blocked", ["directive"])
WAKES = Counter("wellchat_wakes", "Hanging polls woken by a change")
READING = Gauge(
    "wellchat_requests_incoming",
    "Requests that have come in part, by the part that is awaited",
    ["part"],
    multiprocess_mode="livesum",
)
REFUSED = Counter(
    "wellchat_requests_refused", "Requests that the web server refused by itself, by reason", ["reason"]
)
ERRORS = Counter("wellchat_errors", "Answers of the application that refuse or fail, by status", ["status"])
UPDATE_SECONDS = Histogram(
    "wellchat_update_seconds", "Time the application took to answer a poll with news", buckets=BUCKETS
)
UPDATE_AGE = Histogram(
    "wellchat_update_age_seconds",
    "How old the newest message of an update was when it was answered",
    buckets=BUCKETS,
)
CONNECTIONS = Gauge("wellchat_database_connections_in_use", "Of the pool", multiprocess_mode="livesum")
DATABASE = Gauge(
    "wellchat_database_answers",
    "1, or 0: then what is counted in it is not known",
    multiprocess_mode="mostrecent",
)


def process_ended(pid: int) -> None:
    """Remove the gauges of a process that has ended."""
    if MULTIPROCESS_DIR in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def follow_pool(engine: Engine) -> None:
    """Count the connections that are checked out of the pool."""

    @event.listens_for(engine, "checkout")
    def on_checkout(*_: Any) -> None:
        CONNECTIONS.inc()

    @event.listens_for(engine, "checkin")
    def on_checkin(*_: Any) -> None:
        CONNECTIONS.dec()


def exposition() -> tuple[bytes, str]:
    """Return (body, content type) of all metrics in Prometheus' text format."""
    registry: CollectorRegistry = REGISTRY
    if MULTIPROCESS_DIR in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
