"""A small salon in Django, in one file: people log in, book, and write to each other.

Lines that bring wellchat into it end with `wellchat`; lines that hear of events, with `wellchat events`.
"""

import os
import threading
from pathlib import Path
from typing import Any

import django
import wellchat_host as wellchat  # wellchat
from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

HERE = Path(__file__).parent
PEOPLE = {
    "c-1": {"name": "Hannah Whitcombe", "role": "client"},
    "p-1": {"name": "Rosa Delgado", "role": "professional"},
}
settings.configure(
    DEBUG=True,
    SECRET_KEY=os.environ.get("SALON_SECRET", os.urandom(16).hex()),
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "salon.db"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [HERE / "templates"]}],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
)


def sql(statement: str, *values: object) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else [cursor.lastrowid]


def page(request: HttpRequest, **more: Any) -> HttpResponse:
    me = request.session.get("person")
    known = {"people": PEOPLE, "id": me, "me": PEOPLE.get(me), "url": wellchat.URL}
    return render(request, "page.html", {**known, **more})


def home(request: HttpRequest) -> HttpResponse:
    news = sql("SELECT person FROM news WHERE person = %s", request.session.get("person"))
    return page(request, bookings=sql("SELECT id, title FROM bookings"), written=len(news))


def log_in(request: HttpRequest) -> HttpResponse:
    request.session["person"] = request.POST["person"]
    return redirect("/")


def log_out(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return redirect("/")


def book(request: HttpRequest) -> HttpResponse:
    title, pair = request.POST["title"], {"client": request.session["person"], "professional": "p-1"}
    booking = sql("INSERT INTO bookings (title) VALUES (%s)", title)[0]
    for person in pair.values():  # wellchat
        wellchat.call("PUT", f"/users/{person}", PEOPLE[person])  # wellchat
    wellchat.call("PUT", "/connections", pair)  # wellchat
    wellchat.call("PUT", f"/subjects/booking/B-{booking}", {"title": title, **pair})  # wellchat
    return redirect("/")


def messages(request: HttpRequest) -> HttpResponse:
    return page(request, messages=True)


@csrf_exempt  # it changes nothing, and no other site can read its answer
def hand_out_token(request: HttpRequest) -> HttpResponse:  # wellchat
    me = request.session.get("person")
    if request.method != "POST" or me not in PEOPLE:
        return HttpResponse(status=401)
    return JsonResponse({"token": wellchat.token(me, **PEOPLE[me])})  # wellchat


def hear(events: list[dict[str, Any]], cursor: str) -> None:  # wellchat events
    with transaction.atomic():  # so each message is counted once, whatever crashes # wellchat events
        sql("UPDATE follow SET cursor = %s", cursor)  # wellchat events
        for event in events:  # wellchat events
            if event["type"] == "message.sent":  # wellchat events
                sql(
                    "INSERT INTO news VALUES (%s)", event["data"]["external_ids"]["recipient"]
                )  # wellchat events


urlpatterns = [
    path("", home),
    path("log-in", log_in),
    path("log-out", log_out),
    path("book", book),
    path("messages", messages),
    path("wellchat-token", hand_out_token),  # wellchat
]

if __name__ == "__main__":
    django.setup()
    sql("CREATE TABLE IF NOT EXISTS bookings (id INTEGER PRIMARY KEY, title TEXT)")
    sql("CREATE TABLE IF NOT EXISTS news (person TEXT)")
    sql("CREATE TABLE IF NOT EXISTS follow (cursor TEXT)")
    rows = sql("SELECT cursor FROM follow") or sql("INSERT INTO follow VALUES (NULL) RETURNING cursor")
    threading.Thread(target=wellchat.follow, args=[rows[0][0], hear], daemon=True).start()  # wellchat events
    port = os.environ.get("PORT", "5002")
    execute_from_command_line(["app.py", "runserver", "--noreload", f"127.0.0.1:{port}"])
