"""For machines that look after this one: alive, ready, and the figures."""

from __future__ import annotations

import redis
from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from wellchat.bell import PATIENCE, connect, the_bell
from wellchat.db import db

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The process can serve: its database answers, and Redis where one is set."""
    failed = {}
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        failed["database"] = "does not answer"
    if url := current_app.config["REDIS_URL"]:
        try:
            connect(url, timeout=PATIENCE).ping()
        except redis.RedisError:
            failed["redis"] = "does not answer"
    return (jsonify(status="failed", **failed), 503) if failed else (jsonify(status="ok"), 200)


@health.get("/metrics")
def metrics() -> Response:
    waiting = GaugeMetricFamily("wellchat_polls_waiting", "Hanging polls held by this process", the_bell().waiting)
    body = generate_latest(_Once(waiting)) + generate_latest(REGISTRY)
    return Response(body, content_type=CONTENT_TYPE_LATEST)


class _Once:
    """One figure in the form the client library collects from."""

    def __init__(self, family: GaugeMetricFamily) -> None:
        self._family = family

    def collect(self) -> list[GaugeMetricFamily]:
        return [self._family]


def init_app(app: Flask) -> None:
    app.register_blueprint(health)
