"""Serve what the rows are compared with: a bare Flask application on our own server and its settings.

/bare      a small JSON
/update    the rows of an update as raw SQL, through orjson
/insert    one row of the JSON that is sent
"""

from __future__ import annotations

import os
import threading
from typing import Any

import click
import orjson
import psycopg
from flask import Flask, Response, jsonify, request
from psycopg.rows import dict_row

from wellchat.config import read_settings
from wellchat.longpoll import server

UPDATE = (
    "SELECT kind, thread_id, message_seq FROM changes WHERE user_id = %(user)s AND seq > %(seq)s"
    " ORDER BY seq LIMIT 101",
    "SELECT m.thread_id, m.seq, sender_id, body, client_key, reply_to, m.created_at, edited_at, deleted_at,"
    " s.id, s.kind, s.title FROM messages m LEFT JOIN subjects s ON s.id = m.subject_id"
    " WHERE (m.thread_id, m.seq) IN"
    " (SELECT thread_id, message_seq FROM changes WHERE user_id = %(user)s AND seq > %(seq)s LIMIT 101)",
    "SELECT t.*, mine.*, theirs.last_read_seq, theirs.delivered_seq, c.name, p.name FROM threads t"
    " JOIN memberships mine ON mine.thread_id = t.id AND mine.user_id = %(user)s"
    " JOIN memberships theirs ON theirs.thread_id = t.id AND theirs.user_id <> %(user)s"
    " JOIN users c ON c.id = t.client_id JOIN users p ON p.id = t.professional_id WHERE t.id = %(thread)s",
    "SELECT count(*) FROM memberships s JOIN messages m ON m.thread_id = s.thread_id"
    " AND m.seq > s.last_read_seq"
    " WHERE s.user_id = %(user)s AND s.last_seq > s.last_read_seq AND m.sender_id <> %(user)s"
    " AND deleted_at IS NULL",
    "SELECT count(*) FROM notifications WHERE user_id = %(user)s AND read_at IS NULL",
)

INSERT = "INSERT INTO bare_people (name, role) VALUES (%(name)s, %(role)s) RETURNING id"

local = threading.local()
app = Flask("bare")


@app.get("/bare")
def bare() -> Response:
    return jsonify(status="ok")


@app.get("/update")
def update() -> Response:
    names = ("changes", "messages", "threads", "unread", "notifications")
    given = {"user": request.args["user"], "seq": int(request.args["seq"]), "thread": request.args["thread"]}
    rows = {name: _rows(statement, given) for name, statement in zip(names, UPDATE, strict=True)}
    return Response(orjson.dumps(rows), mimetype="application/json")


@app.post("/insert")
def insert() -> tuple[Response, int]:
    given = request.get_json()
    connection = _connection()
    made = connection.execute(INSERT, given).fetchone()
    return jsonify(id=made["id"]), 201


def _connection() -> psycopg.Connection[dict[str, Any]]:
    if not hasattr(local, "connection"):
        url = os.environ["WELLCHAT_DATABASE_URL"].replace("+psycopg", "")
        local.connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    found: psycopg.Connection[dict[str, Any]] = local.connection
    return found


def _rows(statement: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return _connection().execute(statement, given).fetchall()


class BareServer(server.Server):
    def load(self) -> Flask:
        return app


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    settings = read_settings()
    options = server.options(
        host="127.0.0.1",
        port=port,
        workers=server.default_workers(settings),
        threads=settings.THREADS,
        waiting=settings.THREADS,
        grace=1,
    )
    options["post_worker_init"] = lambda _: print(f"bare answers on {port}", flush=True)
    BareServer(options).run()


if __name__ == "__main__":
    main()
