"""Serve monitoring: /healthz (alive), /readyz (ready) and /metrics."""

from __future__ import annotations

import math

import redis
from flask import Blueprint, Flask, Response, current_app, jsonify
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from wellchat import clock, metrics
from wellchat.accounts.models import Presence
from wellchat.changes.models import ChangeLog
from wellchat.db import db
from wellchat.longpoll.wakeups import REDIS_TIMEOUT, connect
from wellchat.mail.models import QUEUED, SENDING, UNKNOWN, Mail
from wellchat.messaging.models import PendingDelivery
from wellchat.web import limiter

health = Blueprint("health", __name__)
limiter.exempt(health)


@health.get("/healthz")
def healthz() -> Response:
    """Return 200: the process is alive."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Return 200 if the database answers, and Redis if one is set; else 503 with what failed."""
    failed = {}
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        failed["database"] = "does not answer"
    if url := current_app.config["REDIS_URL"]:
        try:
            connect(url, timeout=REDIS_TIMEOUT).ping()
        except redis.RedisError:
            failed["redis"] = "does not answer"
    return (jsonify(status="failed", **failed), 503) if failed else (jsonify(status="ok"), 200)


@health.get("/metrics", endpoint="metrics")
def prometheus() -> Response:
    """Return all metrics in Prometheus' text format: names and numbers, no personal data.

    Without a database the metrics of this process are still there.
    """
    try:
        _measure_queues()
        metrics.DATABASE.set(1)
    except SQLAlchemyError:
        metrics.DATABASE.set(0)
        _clear_queues()
    body, content_type = metrics.exposition()
    return Response(body, content_type=content_type)


def _measure_queues() -> None:
    now = clock.now()
    due, oldest = db.session.execute(
        select(func.count(), func.min(PendingDelivery.due_at)).where(PendingDelivery.due_at <= now)
    ).one()
    metrics.OUTBOX.set(due)
    metrics.OUTBOX_AGE.set((now - oldest).total_seconds() if oldest else 0)
    lag = select(func.max(ChangeLog.last_seq - ChangeLog.acked_seq)).join(
        Presence, Presence.user_id == ChangeLog.user_id
    )
    metrics.LAG.set(db.session.execute(lag).scalar() or 0)
    waiting = (
        select(Mail.state, func.count())
        .where(Mail.state.in_((QUEUED, SENDING, UNKNOWN)))
        .group_by(Mail.state)
    )
    found = dict(db.session.execute(waiting).all())
    for state in (QUEUED, SENDING, UNKNOWN):
        metrics.MAILS.labels(state).set(found.get(state, 0))


def _clear_queues() -> None:
    """Set the queue metrics to NaN: old values would look like present ones."""
    for gauge in (metrics.OUTBOX, metrics.OUTBOX_AGE, metrics.LAG):
        gauge.set(math.nan)
    for state in (QUEUED, SENDING, UNKNOWN):
        metrics.MAILS.labels(state).set(math.nan)


def init_app(app: Flask) -> None:
    """Register the blueprint."""
    app.register_blueprint(health)
