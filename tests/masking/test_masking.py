"""Contact data is hidden from the other person until the two have booked, at every door."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy import select

from wellchat import masking
from wellchat.changes.queries import cursor_now
from wellchat.config import SettingsError
from wellchat.connections.actions import connect
from wellchat.db import db, transaction
from wellchat.digests.runs import sweep as send_digests
from wellchat.events.bodies import bodies
from wellchat.events.models import HostEvent
from wellchat.events.numbering import number
from wellchat.host.merge import merge_people
from wellchat.masking import showing, writing
from wellchat.masking.models import BOOKED, DISPUTED, MessageMask
from wellchat.messaging import dispatch
from wellchat.messaging.messages import delete_message, edit_message, pin, send_message
from wellchat.messaging.shown import something_hides
from wellchat.messaging.threads import open_thread
from wellchat.notifications.models import Notification
from wellchat.privacy.exports import make, request_export
from wellchat.safety.models import Report
from wellchat.search.actions import index
from wellchat.subjects.actions import put_subject

NUMBER = "020 7946 0958"
WORDS = f"Call me, {NUMBER}, after six."
SHOWN = "Call me, •••, after six."


@pytest.fixture
def book(cast, now):
    """book(status): the host platform says so about a booking of Cara and Paul."""

    def book(status="confirmed", client=None):
        return put_subject(
            kind="booking",
            external_id="B-1",
            title="Balayage",
            professional_id=cast.paul.id,
            client_id=(client or cast.cara).id,
            status=status,
            now=now,
        )

    return book


@pytest.fixture
def body(api, talk):
    """body(user, seq): the text of a message as the JSON calls give it to them."""

    def body(user, seq=1):
        messages = api(user).get(f"/api/threads/{talk.id}/messages").get_json()["messages"]
        return next(message["body"] for message in messages if message["seq"] == seq)

    return body


def kept():
    db.session.rollback()
    query = select(MessageMask).order_by(MessageMask.thread_id, MessageMask.seq, MessageMask.start)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def mails(app):
    found = (app.config["INSTANCE"] / "mail").glob("*.eml")
    parsed = [BytesParser(policy=policy.default).parsebytes(each.read_bytes()) for each in found]
    return "\n".join(
        part.get_content()
        for mail in parsed
        for part in mail.walk()
        if part.get_content_type()[:5] == "text/"
    )


def copy_of(browse, user, now):
    export_id = request_export(user=user, now=now).id
    make(export_id=export_id, now=now)
    answer = browse(user).get(f"/settings/privacy/exports/{export_id}")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def every_door(app, api, browse, talk, user, cursor, now):
    """What comes out of each door for one person, by its name."""
    program, browser = api(user), browse(user)
    thread = f"/threads/{talk.id}"
    calls = [
        *("/threads", thread, f"{thread}/messages", f"{thread}/pins", f"/updates?since={cursor}"),
        *("/search?q=call", "/search?q=020", "/search?q=0958", f"/search?q=7946&thread={talk.id}"),
        "/notifications",
    ]
    pages = [
        *("/", thread, f"{thread}/messages/1", f"{thread}/messages/2", f"{thread}?reply_to=1"),
        *(f"{thread}/report?seq=1", "/search?q=call", "/notifications", f"{thread}/download"),
        *(f"{thread}/download?format=text", f"{thread}/download?format=json"),
    ]
    doors = {f"api {path}": program.get(f"/api{path}").text for path in calls}
    doors |= {f"page {path}": browser.get(path).text for path in pages}
    doors["copy"] = copy_of(browse, user, now)
    return doors


@pytest.mark.each_database
def test_a_hidden_number_comes_out_of_no_door(app, api, browse, talk, cast, now) -> None:
    cursor, own_cursor = cursor_now(cast.paul.id), cursor_now(cast.cara.id)
    talk.says(cast.cara, WORDS)
    send_message(
        sender=cast.paul, thread_id=talk.id, body="What do you mean?", client_key="r", reply_to=1, now=now
    )
    talk.says(cast.cara, WORDS)
    pin(viewer=cast.cara, thread_id=talk.id, seq=1, on=True, now=now)
    edit_message(viewer=cast.cara, thread_id=talk.id, seq=1, body=f"{WORDS} Really.", now=now)
    while index():
        pass
    dispatch.sweep(now)
    send_digests(now + timedelta(hours=2))
    number(now)
    doors = every_door(app, api, browse, talk, cast.paul, cursor, now)
    doors["mail"] = mails(app)
    doors["bell and push"] = "\n".join(db.session.execute(select(Notification.preview)).scalars())
    sent = list(db.session.execute(select(HostEvent)).scalars())
    doors["webhook"] = b"\n".join(bodies(sent, include_body=True)).decode()
    for name, text in doors.items():
        assert "7946" not in text, name
        assert "0958" not in text, name
        assert "•••" in text or "\\u2022" in text or not _shows_words(name), name
    # The same doors are open to its writer, so what was looked at does show messages.
    own = every_door(app, api, browse, talk, cast.cara, own_cursor, now)
    assert [name for name, text in own.items() if "7946" not in text and _shows_words(name)] == []


def _shows_words(door):
    return not any(
        each in door for each in ("notifications", "archived", "q=020", "q=0958", "q=7946", "messages/2")
    )


@pytest.mark.each_database
def test_a_booking_shows_what_was_hidden_and_a_cancelled_one_hides_nothing_again(
    api, talk, cast, now, book, body, queries
) -> None:
    talk.says(cast.cara, WORDS)
    talk.says(cast.paul, "And mine is rosa@example.com, instagram: @rosa.hair")
    dispatch.sweep(now)
    assert (body(cast.paul), body(cast.cara)) == (SHOWN, WORDS)
    assert body(cast.cara, 2) == "And mine is •••, instagram: •••"
    assert [(each.kind, each.seq) for each in kept()] == [("phone", 1), ("email", 2), ("handle", 2)]
    book("open")
    assert body(cast.paul) == SHOWN
    cursor, revision = cursor_now(cast.paul.id), 0
    book("Confirmed")
    update = api(cast.paul).get("/api/updates", query_string={"since": str(cursor)}).get_json()
    assert [(m["seq"], m["body"], m["masked"], m["revision"]) for m in update["messages"]] == [
        (1, WORDS, False, revision + 1),
        (2, "And mine is rosa@example.com, instagram: @rosa.hair", False, revision + 1),
    ]
    assert (
        NUMBER
        in db.session.execute(select(Notification.preview).filter_by(user_id=cast.paul.id)).scalar_one()
    )
    book("cancelled")
    assert body(cast.paul) == WORDS
    talk.says(cast.cara, WORDS)
    assert body(cast.paul, 3) == SHOWN
    assert {each.shown_because for each in kept() if each.shown_at} == {BOOKED}


def test_between_two_who_have_booked_nothing_is_hidden(talk, cast, book, body) -> None:
    book()
    talk.says(cast.cara, WORDS)
    assert body(cast.paul) == WORDS
    assert kept() == []


def test_the_booking_of_others_shows_nothing(talk, cast, book, body) -> None:
    book(client=cast.olga)
    talk.says(cast.cara, WORDS)
    assert body(cast.paul) == SHOWN


def test_a_new_text_is_judged_anew(talk, cast, now, body) -> None:
    talk.says(cast.cara, WORDS)
    edit_message(viewer=cast.cara, thread_id=talk.id, seq=1, body="Call me.", now=now)
    assert body(cast.paul) == "Call me."
    edit_message(viewer=cast.cara, thread_id=talk.id, seq=1, body=f"or {NUMBER}", now=now)
    assert body(cast.paul) == "or •••"
    delete_message(viewer=cast.cara, thread_id=talk.id, seq=1, now=now)
    assert body(cast.paul) is None


def test_a_reply_by_email_is_judged_as_every_other_text(talk, cast, now, body) -> None:
    send_message(sender=cast.cara, thread_id=talk.id, body=WORDS, client_key="m", by_email=True, now=now)
    assert body(cast.paul) == SHOWN


@pytest.mark.each_database
def test_a_text_sent_while_a_booking_comes_is_not_left_hidden(
    app, talk, cast, book, body, monkeypatch, engine
) -> None:
    """The send has found no booking, and holds its thread; the booking is written, and about to show all."""
    both, is_booked, show_pair = Barrier(2), writing.is_booked, showing.show_pair

    def meet() -> None:
        # SQLite has one lock for all that is written: there the booking waits for the send from its start.
        with suppress(BrokenBarrierError):
            both.wait(timeout=20 if engine == "postgresql" else 0.1)

    def found_none(*people):
        booked = is_booked(*people)
        meet()
        return booked

    def about_to_show(*people):
        meet()
        return show_pair(*people)

    monkeypatch.setattr(writing, "is_booked", found_none)
    monkeypatch.setattr(showing, "show_pair", about_to_show)

    def in_app(work):
        with app.app_context():
            work()

    db.session.rollback()
    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(in_app, lambda: talk.says(cast.cara, WORDS)), pool.submit(in_app, book)]
        assert [each.exception(timeout=60) for each in works] == [None, None]
    assert both.broken == (engine == "sqlite")
    assert body(cast.paul) == WORDS
    assert [each for each in kept() if each.shown_at is None] == []


@pytest.mark.each_database
def test_statements_do_not_grow_with_what_is_hidden(api, talk, cast, now, book, queries) -> None:
    program, path = api(cast.paul), f"/api/threads/{talk.id}/messages"
    counts = {}
    for size in (2, 9):
        for _ in range(size):
            talk.says(cast.cara, WORDS)
        program.get(path)
        with queries() as reading:
            program.get(path)
        with queries() as listing:
            program.get("/api/threads")
        book("open")
        with queries() as booking:
            book("confirmed")
        counts[size] = reading.count, listing.count, booking.count
        book("cancelled")
    assert counts[2] == counts[9]


# The writer


def test_the_writer_is_told_by_the_same_rules_before_sending(api, talk, cast, book) -> None:
    def check(body):
        return api(cast.cara).post(f"/api/threads/{talk.id}/mask-check", json={"body": body}).get_json()

    assert check("See you at 10:30.") == {"applies": True, "kinds": [], "sentence": None}
    assert check(WORDS) == {
        "applies": True,
        "kinds": ["phone"],
        "sentence": "Phone numbers are hidden until you have booked. Send anyway?",
    }
    assert check(f"{NUMBER} rosa@example.com")["sentence"].startswith("Contact data is hidden")
    book()
    assert check(WORDS) == {"applies": False, "kinds": [], "sentence": None}
    assert kept() == []


def test_pages_say_what_is_hidden_and_to_whom(browse, talk, cast, book) -> None:
    talk.says(cast.paul, WORDS)
    seen = browse(cast.cara).get(f"/threads/{talk.id}").text
    assert "••• is shown once you have booked" in seen
    assert "addresses and links are hidden until you have booked" in seen
    own = browse(cast.paul).get(f"/threads/{talk.id}/messages/1").text
    assert "Partly hidden until you have booked" in own
    assert "This is not contact data" in own
    book()
    assert 'data-controller="maskCheck"' not in browse(cast.cara).get(f"/threads/{talk.id}").text


@pytest.mark.each_database
def test_a_professional_lifts_it_and_a_client_cannot(app, api, browse, talk, cast, now, body) -> None:
    talk.says(cast.paul, f"Article {NUMBER}")
    talk.says(cast.cara, WORDS)
    answer = api(cast.cara).put(f"/api/threads/{talk.id}/messages/2/mask-dispute")
    assert (answer.status_code, body(cast.paul, 2)) == (403, SHOWN)
    assert api(cast.cara).put(f"/api/threads/{talk.id}/messages/1/mask-dispute").status_code == 404
    assert browse(cast.paul).post(f"/threads/{talk.id}/messages/1/not-contact").status_code == 303
    assert body(cast.cara) == f"Article {NUMBER}"
    again = api(cast.paul).put(f"/api/threads/{talk.id}/messages/1/mask-dispute").get_json()["message"]
    assert (again["masked"], again["revision"]) == (False, 1)
    assert [each.shown_because for each in kept()] == [DISPUTED, None]
    printed = app.test_cli_runner().invoke(args=["mask", "figures"]).output
    assert printed.splitlines()[0].split("\t") == ["phone", "found 2", "hidden 1", "booked 0", "disputed 1"]
    assert printed.splitlines()[1].split("\t") == ["email", "found 0", "hidden 0", "booked 0", "disputed 0"]


@pytest.mark.each_database
def test_three_in_a_day_wait_for_moderators_once_and_nothing_happens_to_the_person(
    app, browse, talk, cast, now
) -> None:
    for hours in (0, 30, 31, 40):
        talk.says(cast.cara, WORDS, now=now + timedelta(hours=hours))
        reports = list(db.session.execute(select(Report)).scalars())
        assert len(reports) == (hours == 40)
    talk.says(cast.cara, WORDS, now=now + timedelta(hours=41))
    (report,) = db.session.execute(select(Report)).scalars()
    assert (report.by_id, report.about_id, report.kind) == (None, cast.cara.id, "contact")
    assert (report.seq, report.shown_from, report.shown_to) == (4, 4, 4)
    browser = browse(cast.ada)
    browser.post(f"/oversight/reports/{report.id}/take")
    page = browser.get(f"/oversight/reports/{report.id}").text
    assert NUMBER in page
    assert "You see the whole text" in page
    assert "Contact data before a booking" in browser.get("/oversight/reports").text
    settled = browser.post(
        f"/oversight/reports/{report.id}/settle", data={"outcome": "nothing", "reason": ""}
    )
    assert settled.status_code == 303
    assert db.session.get(type(cast.cara), cast.cara.id, populate_existing=True).is_active


def test_what_stayed_hidden_though_they_have_booked_is_shown_by_the_hour(
    talk, cast, book, body, change, now
) -> None:
    talk.says(cast.cara, WORDS)
    change(book("open"), status="done")
    assert body(cast.paul) == SHOWN
    assert showing.show_missed(now) == {"unmasked": 1}
    assert body(cast.paul) == WORDS
    assert showing.show_missed(now) == {"unmasked": 0}


@pytest.mark.parametrize("who", ["olga", "rita", "ada", None])
def test_nobody_else_learns_that_there_is_something(api, browse, talk, cast, client, who) -> None:
    talk.says(cast.paul, WORDS)
    path = f"/threads/{talk.id}"
    user = getattr(cast, who) if who else None
    program, browser = (api(user), browse(user)) if user else (client, client)
    assert program.post(f"/api{path}/mask-check", json={"body": WORDS}).status_code == (404 if user else 401)
    assert program.put(f"/api{path}/messages/1/mask-dispute").status_code == (404 if user else 401)
    refused = browser.post(f"{path}/messages/1/not-contact")
    assert (refused.status_code, "/sign-in" in refused.headers.get("Location", "")) in (
        (404, False),
        (302, True),
    )
    assert [each.shown_at for each in kept()] == [None]


@pytest.mark.parametrize(
    "given", [{}, {"body": 7}, {"body": "a" * 10_001}, {"body": WORDS, "more": 1}, [], "x"]
)
def test_bad_input_is_refused_with_a_sentence(api, talk, cast, given) -> None:
    answer = api(cast.cara).post(f"/api/threads/{talk.id}/mask-check", json=given)
    assert answer.status_code in (400, 422)
    assert answer.get_json()["detail"]
    assert api(cast.paul).put(f"/api/threads/{talk.id}/messages/{2**40}/mask-dispute").status_code == 404


# Off, and settings


def test_off_nothing_of_it_is_there(make_app) -> None:
    off = make_app()
    assert not [
        rule for rule in off.url_map.iter_rules() if "mask" in str(rule) or "not-contact" in str(rule)
    ]
    with off.app_context():
        assert not something_hides()
        assert "maskCheck" not in off.jinja_env.globals["feature_scripts"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"FEATURES": ("masking",)}, "masking is switched on by WELLCHAT_MASK=before_booking"),
        ({"MASK": "before_booking", "REGIONS": ("DE", "XX")}, "WELLCHAT_REGIONS: there is no region XX"),
    ],
)
def test_settings_that_cannot_be_stop_the_start_with_one_line(make_app, settings, reason) -> None:
    with pytest.raises(SettingsError, match=reason):
        make_app(**settings)


def test_without_its_package_the_start_says_what_is_missing(make_app, monkeypatch) -> None:
    monkeypatch.setattr(masking, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match="before_booking needs phonenumbers"):
        make_app(MASK="before_booking")


@pytest.mark.each_database
def test_of_two_people_who_are_made_one_nothing_is_shown_by_that(talk, cast, now, api) -> None:
    early = now - timedelta(days=3)
    connect(client_id=cast.olga.id, professional_id=cast.paul.id, now=early)
    old, _ = open_thread(viewer=cast.olga, with_id=cast.paul.id, now=early)
    send_message(sender=cast.olga, thread_id=old, body=WORDS, client_key="o", now=early)
    talk.says(cast.cara, "Hello again")
    talk.says(cast.cara, f"Still {NUMBER}")
    with transaction():
        merge_people(cast.olga, cast.cara, now=now)
    (thread,) = api(cast.paul).get("/api/threads").get_json()["threads"]
    messages = api(cast.paul).get(f"/api/threads/{thread['id']}/messages").get_json()["messages"]
    assert [message["body"] for message in messages] == [SHOWN, "Hello again", "Still •••"]
