"""A small salon in Flask: people log in, book, and write to each other.

Lines that bring wellchat into it end with `wellchat`; lines that hear of events, with `wellchat events`.
"""

import os
import sqlite3
import threading
from typing import Any

import wellchat_host as wellchat  # wellchat
from flask import Flask, abort, redirect, render_template, request, session
from werkzeug.wrappers import Response

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ.get("SALON_SECRET", os.urandom(16)), SESSION_COOKIE_SAMESITE="Lax")
PEOPLE = {
    "c-1": {"name": "Hannah Whitcombe", "role": "client"},
    "p-1": {"name": "Rosa Delgado", "role": "professional"},
}


def salon() -> sqlite3.Connection:
    return sqlite3.connect("salon.db")


with salon() as database:
    database.execute("CREATE TABLE IF NOT EXISTS bookings (id INTEGER PRIMARY KEY, title TEXT)")
    database.execute("CREATE TABLE IF NOT EXISTS news (person TEXT)")
    database.execute("CREATE TABLE IF NOT EXISTS follow (cursor TEXT)")


def me() -> str:
    return session.get("person") or abort(401)


def page(**more: Any) -> str:
    return render_template("page.html", people=PEOPLE, me=session.get("person"), url=wellchat.URL, **more)


@app.get("/")
def home() -> str:
    with salon() as database:
        bookings = database.execute("SELECT id, title FROM bookings").fetchall()
        news = database.execute(
            "SELECT person FROM news WHERE person = ?", [session.get("person")]
        ).fetchall()
    return page(bookings=bookings, written=len(news))


@app.post("/log-in")
def log_in() -> Response:
    session["person"] = request.form["person"] if request.form["person"] in PEOPLE else abort(422)
    return redirect("/")


@app.post("/log-out")
def log_out() -> Response:
    session.clear()
    return redirect("/")


@app.post("/book")
def book() -> Response:
    title, pair = request.form["title"], {"client": me(), "professional": "p-1"}
    with salon() as database:
        booking = database.execute("INSERT INTO bookings (title) VALUES (?)", [title]).lastrowid
    for person in pair.values():  # wellchat
        wellchat.call("PUT", f"/users/{person}", PEOPLE[person])  # wellchat
    wellchat.call("PUT", "/connections", pair)  # wellchat
    wellchat.call("PUT", f"/subjects/booking/B-{booking}", {"title": title, **pair})  # wellchat
    return redirect("/")


@app.get("/messages")
def messages() -> str:
    return page(messages=me())


@app.post("/wellchat-token")  # wellchat
def hand_out_token() -> dict[str, str]:  # wellchat
    return {"token": wellchat.token(me(), **PEOPLE[me()])}  # wellchat


@app.after_request
def policy(response: Response) -> Response:
    sources = f"script-src {wellchat.URL}; frame-src {wellchat.URL}"
    response.headers["Content-Security-Policy"] = f"default-src 'self'; {sources}"
    return response


def hear(events: list[dict[str, Any]], cursor: str) -> None:  # wellchat events
    with salon() as database:  # one transaction: each message is counted once # wellchat events
        database.execute("DELETE FROM follow")  # wellchat events
        database.execute("INSERT INTO follow VALUES (?)", [cursor])  # wellchat events
        sent = [event["data"] for event in events if event["type"] == "message.sent"]  # wellchat events
        written_to = [[data["external_ids"]["recipient"]] for data in sent]  # wellchat events
        database.executemany("INSERT INTO news VALUES (?)", written_to)  # wellchat events


if __name__ == "__main__":
    row = salon().execute("SELECT cursor FROM follow").fetchone() or [None]  # wellchat events
    threading.Thread(target=wellchat.follow, args=[row[0], hear], daemon=True).start()  # wellchat events
    app.run(port=int(os.environ.get("PORT", "5001")), load_dotenv=False)
