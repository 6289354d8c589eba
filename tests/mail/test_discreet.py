"""Who wants it gets emails without names and words: in no header, and in neither part."""

from __future__ import annotations

from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.cast import Talk
from wellchat import sweeps
from wellchat.accounts.models import User
from wellchat.messaging.threads import open_thread
from wellchat.notifications.preferences import save_preferences
from wellchat.subjects.actions import put_subject

WORDS = ("Cara", "Client", "Paul", "Professional", "zebra", "Bathroom", "quagga")


def mails_to(app: Flask, address: str) -> list[EmailMessage]:
    folder = Path(app.config["INSTANCE"]) / "mail"
    found = [message_from_bytes(f.read_bytes(), policy=default) for f in sorted(folder.glob("*.eml"))]
    return [mail for mail in found if address in str(mail["To"])]


def whole(mail: EmailMessage) -> str:
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])


def names_in(mail: EmailMessage) -> list[str]:
    # The address is where it goes; a display name beside it would be a name.
    text = whole(mail).replace("cara@example.com", "").replace("paul@example.com", "")
    return [word for word in WORDS if word.lower() in text.lower()]


@pytest.fixture(autouse=True)
def empty_folder(app: Flask) -> None:
    for file in (Path(app.config["INSTANCE"]) / "mail").glob("*.eml"):
        file.unlink()


def make_all_kinds(talk: Talk, now: datetime) -> None:
    """A digest about two conversations, a weekly summary, a booking that is made, and its reminder."""
    everywhere = {kind: {"email": True} for kind in ("appointment", "reminder", "week", "message")}
    week_ends = now + timedelta(days=6)
    save_preferences(user=talk.cara, now=now, channels=everywhere, digest_hour=week_ends.hour,
                     digest_weekday=week_ends.weekday())  # fmt: skip
    lead = put_subject(kind="lead", external_id="l", title="Bathroom", professional_id=talk.paul.id,
                       client_id=talk.cara.id, status="open", now=now)  # fmt: skip
    talk.says(talk.paul, "A zebra here")
    other, _ = open_thread(viewer=talk.paul, with_id=talk.cara.id, now=now)
    talk.says(talk.paul, "And another zebra")
    starts = now + timedelta(days=2)
    put_subject(kind="booking", external_id="b", title="quagga", professional_id=talk.paul.id,
                client_id=talk.cara.id, starts_at=starts, status="confirmed", now=now)  # fmt: skip
    assert lead.id
    assert other
    for hours in (0, 1, 25, 24 * 6 + 1):
        sweeps.run(now + timedelta(hours=hours))


@pytest.mark.each_database
def test_discreet_mails_hold_no_name_and_no_word(app: Flask, talk: Talk, now: datetime) -> None:
    save_preferences(user=talk.cara, now=now, discreet_mails=True)
    make_all_kinds(talk, now)
    mails = mails_to(app, "cara@example.com")
    subjects = [str(mail["Subject"]) for mail in mails]
    assert subjects
    assert {"You have 2 new messages", "Your week", "News of an appointment"} <= set(subjects)
    for mail in mails:
        assert names_in(mail) == [], mail["Subject"]
        assert mail["List-Unsubscribe"]


@pytest.mark.each_database
def test_without_the_choice_they_hold_both(app: Flask, talk: Talk, now: datetime) -> None:
    make_all_kinds(talk, now)
    text = "\n".join(map(whole, mails_to(app, "cara@example.com")))
    assert [word for word in WORDS if word != "Bathroom" and word not in text] == []


def test_the_setting_is_the_default_and_a_person_may_choose_otherwise(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DISCREET_MAILS", True)
    save_preferences(user=talk.paul, now=now, discreet_mails=False)
    talk.says(talk.paul, "A zebra here")
    talk.says(talk.cara, "Another zebra")
    sweeps.run(now)
    sweeps.run(now + timedelta(hours=1))
    (to_cara,), (to_paul,) = mails_to(app, "cara@example.com"), mails_to(app, "paul@example.com")
    assert to_cara["Subject"] == "You have a new message"
    assert names_in(to_cara) == []
    assert "Another zebra" in whole(to_paul)


def test_it_is_chosen_on_the_page_and_by_the_call(app: Flask, api: Any, client: Any, talk: Talk) -> None:
    def chosen(user: User) -> bool:
        return bool(api(user).get("/api/preferences").json["preferences"]["discreet_mails"])

    assert not chosen(talk.cara)
    assert api(talk.cara).patch("/api/preferences", json={"discreet_mails": True}).status_code == 200
    assert chosen(talk.cara)
    browser = client.signed_in_as(talk.cara)
    form = {"cadence": "soon", "digest_hour": "8", "digest_weekday": "0", "time_zone": "UTC"}
    assert browser.post("/settings/notifications", data=form).status_code == 303
    assert not chosen(talk.cara)
    assert browser.post("/settings/notifications", data={**form, "discreet_mails": "1"}).status_code == 303
    assert chosen(talk.cara)
    assert (
        'name="discreet_mails" id="discreet_mails" value="1" checked'
        in browser.get("/settings/notifications").text
    )
