"""The pages of what comes later, without script: what a person typed is kept when it is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from tests.cast import Cast, Talk
from wellchat.accounts.models import User
from wellchat.check_ins.models import CheckInRule
from wellchat.db import db, transaction
from wellchat.follow_ups.models import FollowUp
from wellchat.scheduled.models import ScheduledMessage

Browse = Callable[[User], Any]


def only(model: Any) -> Any:
    return db.session.execute(select(model).execution_options(populate_existing=True)).scalar_one()


def after(client: Any, path: str, **data: str) -> str:
    """Post a form, and return the page that it leads to."""
    answer = client.post(path, data=data)
    assert answer.status_code == 303
    return str(client.get(answer.location).text)


def zones(talk: Talk) -> None:
    with transaction() as session:
        session.execute(update(User).where(User.id == talk.cara.id).values(time_zone="Europe/Berlin"))
        session.execute(update(User).where(User.id == talk.paul.id).values(time_zone="Pacific/Auckland"))


def test_the_composer_s_menu_posts_the_form(talk: Talk, browse: Browse) -> None:
    zones(talk)
    cara, path = browse(talk.cara), f"/threads/{talk.id}/scheduled"
    assert f'formaction="{path}"' in cara.get(f"/threads/{talk.id}").text
    form = {"body": "Good morning", "client_key": "k", "when": "tomorrow", "seen": "0"}
    page = after(cara, path, **form)
    assert "It will be sent on" in page
    assert "Good morning" in page
    assert "For Paul Professional:" in page  # both clocks
    one = only(ScheduledMessage)
    # Files, and a time that is over: the words come back with the reason.
    refused = cara.post(path, data=form | {"client_key": "f", "file": (io.BytesIO(b"x"), "a.txt")})
    assert (refused.status_code, "Files cannot be sent later." in refused.text) == (422, True)
    assert ">Good morning</textarea>" in refused.text
    chosen = cara.post(f"{path}/choose", data={"body": "Typed", "file": (io.BytesIO(b"x"), "a.txt")}).text
    assert ">Typed</textarea>" in chosen
    assert "Files cannot be sent later." in chosen
    over = {"body": "Late", "client_key": "o", "local_at": "2020-01-01T09:00", "zone": "theirs"}
    refused = cara.post(path, data=over)
    assert "This time is over. Choose a later one." in refused.text
    assert 'value="2020-01-01T09:00"' in refused.text
    # Change, send, and what was sent leads to its message.
    at = (talk.now + timedelta(days=9)).strftime("%Y-%m-%dT10:00")
    assert 'value="' in cara.get(f"/scheduled/{one.id}").text
    saved = cara.post(f"/scheduled/{one.id}", data={"body": "Later", "local_at": at, "zone": "theirs"})
    assert saved.status_code == 303
    assert (only(ScheduledMessage).body, only(ScheduledMessage).zone_of) == ("Later", "theirs")
    assert cara.post(f"/scheduled/{one.id}", data={"body": "Kept", "local_at": "x"}).status_code == 422
    assert cara.post(f"/scheduled/{one.id}/send").location.endswith("#1")
    assert cara.get(f"/scheduled/{one.id}").location.endswith("#1")
    assert cara.post(f"/scheduled/{one.id}/send").location.endswith(f"/scheduled/{one.id}")
    assert "This message was sent already." in after(cara, f"/scheduled/{one.id}/cancel")


def test_a_time_that_comes_twice_is_asked_about(talk: Talk, browse: Browse) -> None:
    zones(talk)
    # The last Sunday of October that is to come.
    twice = next(
        f"{day:%Y-%m-%d}T02:30"
        for day in (talk.now + timedelta(days=ahead) for ahead in range(1, 400))
        if day.month == 10 and day.day > 24 and day.weekday() == 6
    )
    form = {"body": "Twice", "client_key": "k", "local_at": twice}
    page = browse(talk.cara).post(f"/threads/{talk.id}/scheduled", data=form).text
    assert "The clocks show this time twice on that day." in page
    assert 'name="which"' in page


def test_reminders_are_set_moved_and_ended(talk: Talk, browse: Browse) -> None:
    cara, path = browse(talk.cara), f"/threads/{talk.id}/reminders"
    refused = cara.post(path, data={"note": "Typed", "local_at": "never"})
    assert (refused.status_code, ">Typed</textarea>" in refused.text) == (422, True)
    # The button for a morning counts, whatever stands in the field.
    page = after(cara, path, note="Ask her", local_at="", when="monday")
    assert "You will be reminded on Monday" in page
    one = only(FollowUp)
    assert "Ask her" in cara.get("/reminders").text
    assert (
        cara.post(f"/reminders/{one.id}", data={"note": "x", "local_at": "2020-01-01T09:00"}).status_code
        == 422
    )
    assert cara.post(f"/reminders/{one.id}", data={"note": "Ask", "when": "tomorrow"}).status_code == 303
    assert cara.post(f"/reminders/{one.id}/done").status_code == 303
    assert only(FollowUp).state == "done"
    assert "Ask" not in cara.get("/reminders").text


def test_rules_birthdays_and_the_no_of_a_client(talk: Talk, cast: Cast, browse: Browse) -> None:
    paul, cara = browse(talk.paul), browse(talk.cara)
    form = {"name": "Birthday", "occasion": "birthday", "days": "0", "hour": "9", "body": "Dear {nam}"}
    refused = paul.post("/check-ins/rules", data=form)
    assert "There is no placeholder {nam}." in refused.text
    assert "Dear {nam}</textarea>" in refused.text
    paul.post("/check-ins/rules", data=form | {"body": "Dear {first_name}"})
    rule = only(CheckInRule)
    soon = talk.now + timedelta(days=20)
    bad = paul.post(f"/threads/{talk.id}/birthday", data={"day": "31", "month": "4"})
    assert (bad.status_code, "There is no such day." in bad.text) == (422, True)
    cara.post(f"/threads/{talk.id}/birthday", data={"day": str(soon.day), "month": str(soon.month)})
    page = paul.get("/check-ins").text
    assert "Dear Cara" in page
    connection = page.split('name="connection" value="')[1].split('"')[0]
    occasion = page.split('name="occasion" value="')[1].split('"')[0]
    out = {"connection": connection, "occasion": occasion, "on": "1"}
    assert "You left it out." in after(paul, f"/check-ins/rules/{rule.id}/leave-out", **out)
    paul.post(f"/check-ins/rules/{rule.id}/leave-out", data=out | {"on": "0"})
    assert "You get none: you said no." in after(cara, f"/threads/{talk.id}/check-ins", refused="1")
    assert "They want no check-ins." in paul.get("/check-ins").text
    assert "wants no check-ins." in paul.get(f"/threads/{talk.id}/check-ins").text
    assert paul.post(f"/check-ins/rules/{rule.id}/pause", data={"paused": "1"}).status_code == 303
    assert "Paused" in paul.get("/check-ins").text
    assert paul.post("/check-ins/limit", data={"per_month": "many"}).status_code == 422
    assert paul.post("/check-ins/limit", data={"per_month": "3"}).status_code == 303
    changed = form | {"body": "Hi", "occasion": "visit", "days": "0"}
    assert (
        "Choose at least one day after the booking."
        in paul.post(f"/check-ins/rules/{rule.id}", data=changed).text
    )
    assert paul.post(f"/check-ins/rules/{rule.id}", data=changed | {"days": "3"}).status_code == 303
    assert paul.post(f"/check-ins/rules/{rule.id}/delete").status_code == 303
    # For a client, and for another professional, there is nothing.
    assert cara.get("/check-ins").status_code == 404
    assert cara.get("/check-ins/rules/new").status_code == 404
