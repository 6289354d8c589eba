"""Serve monitoring: /healthz (alive), /readyz (ready) and /metrics."""

from __future__ import annotations

from datetime import datetime
from hmac import compare_digest

import redis
from flask import Blueprint, Flask, Response, current_app, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from wellchat import clock, metrics
from wellchat.db import db
from wellchat.errors import NotFound
from wellchat.feature import registry
from wellchat.longpoll.wakeups import REDIS_TIMEOUT, connect
from wellchat.networks import is_peer_of
from wellchat.web import limiter

health = Blueprint("health", __name__)
limiter.exempt(health)


@health.get("/healthz")
def healthz() -> Response:
    """Return 200: the process is alive."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Return 200 if the database answers, and Redis if one is set; else 503.

    What failed is told to those who may read the metrics.
    """
    failed = {}
    try:
        # A real statement: an open connection in the pool may lead to a server that is gone.
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        failed["database"] = "does not answer"
    if url := current_app.config["REDIS_URL"]:
        try:
            connect(url, timeout=REDIS_TIMEOUT).ping()
        except redis.RedisError:
            failed["redis"] = "does not answer"
    if not failed:
        return jsonify(status="ok"), 200
    return jsonify(status="failed", **(failed if _may_see_details() else {})), 503


@health.get("/metrics", endpoint="metrics")
def prometheus() -> Response:
    """Return the metrics in Prometheus' text form: names and numbers, nothing about people.

    Without a database, it returns what the process itself knows. Raises NotFound for strangers.
    """
    if not _may_see_details():
        raise NotFound
    try:
        _measure(clock.now())
        metrics.DATABASE.set(1)
    except SQLAlchemyError:
        metrics.DATABASE.set(0)
        # Or the last values would go on as if they were of now.
        _measure(None)
    body, content_type = metrics.exposition()
    return Response(body, content_type=content_type)


def _may_see_details() -> bool:
    """Return whether the asker has METRICS_TOKEN, or is this host or in METRICS_NETWORKS."""
    token: str | None = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token is not None and compare_digest(given.encode(), token.encode()):
        return True
    return is_peer_of(current_app.config["METRICS_NETWORKS"])


def _measure(now: datetime | None) -> None:
    for feature in registry().features:
        for measure in feature.metrics:
            measure(now)


def init_app(app: Flask) -> None:
    """Register the blueprint."""
    app.register_blueprint(health)
