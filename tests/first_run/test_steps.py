"""The list of first steps tells what is, and only owners see it."""

from __future__ import annotations

from datetime import timedelta

from wellchat.db import transaction
from wellchat.demo.models import DemoPerson
from wellchat.demo.stories import STORIES
from wellchat.first_run.queries import steps
from wellchat.mail.models import Mail


def states(owner) -> dict[str, str]:
    return {step.label: step.state for step in steps(owner)}


def mailed(state: str, at) -> None:
    with transaction() as session:
        session.add(Mail(address="a@example.com", name="welcome", state=state, created_at=at))


def test_each_state_is_read_from_what_is(app, cast, change, now):
    change(cast.paul, verified_at=None)
    change(cast.rita, verified_at=None)
    assert states(cast.ada) == {
        "An address with https": "open",
        "Mail": "open",
        "A second factor for your account": "open",
        "A name of your own": "open",
        "A contact for privacy": "open",
        "An address for objections": "open",
        "Backups": "unseen",
        "Who may sign up": "open",
        "The first professional": "open",
    }
    app.config.update(BASE_URL="https://chat.salon.de", NAME="Salon", PRIVACY_CONTACT="us@salon.de")
    app.config["CONFIRM_PROFESSIONALS"] = True
    app.config["SUPPORT_EMAIL"] = "objections@salon.de"
    change(cast.ada, factor_since=now)
    change(cast.paul, verified_at=now)
    mailed("sent", now)
    assert states(cast.ada)["Mail"] == "open", "it was only kept as a file"
    app.config["SMTP_URL"] = "smtp://mail.salon.de"
    assert set(states(cast.ada).values()) == {"done", "unseen"}
    app.config.update(CONFIRM_PROFESSIONALS=False, SIGN_UP="invited")
    assert states(cast.ada)["Who may sign up"] == "done"
    mailed("failed", now + timedelta(minutes=1))
    assert states(cast.ada)["Mail"] == "open"
    with transaction() as session:
        session.add(DemoPerson(user_id=cast.paul.id, story=STORIES[0].key, person=STORIES[0].people[0].key))
    shown = states(cast.ada)
    assert (shown["The demo taken away"], shown["The first professional"]) == ("open", "open")


def test_only_owners_see_the_page(app, cast, browse, change):
    page = browse(cast.ada).get("/oversight/first-steps")
    assert page.status_code == 200
    assert "0 of 8 are done" not in page.text
    assert "1 of 9 are done" in page.text
    assert "wellchat user invite THEIR-ADDRESS --role professional" not in page.text, (
        "there is a professional"
    )
    assert "WELLCHAT_PRIVACY_CONTACT" in page.text
    change(cast.ada, admin_roles="support")
    assert browse(cast.ada).get("/oversight/first-steps").status_code == 404
    assert browse(cast.paul).get("/oversight/first-steps").status_code == 404
