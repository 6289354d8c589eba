"""A professional's link: its readable name, the public page behind it, and the way into the conversation."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from tests.accounts.conftest import link_in
from tests.accounts.test_signing_up import NEW
from tests.browsing import Browser
from wellchat.accounts.queries import user_by_email
from wellchat.db import db
from wellchat.errors import Invalid
from wellchat.invites.actions import MAX_NAMES, save_page
from wellchat.invites.models import PublicName
from wellchat.invites.names import slug
from wellchat.mail.models import Mail
from wellchat.messaging.models import Message

NAME = "paul-professional"
SHOWN = {"name": NAME, "is_shown": "1"}


@pytest.fixture
def shown(cast, browse):
    """Paul's browser, after he has shown his page to everybody."""
    paul = browse(cast.paul)
    assert paul.post("/invite", data=SHOWN).headers["Location"] == "/invite"
    return paul


def test_the_link_leads_to_the_profile_until_the_page_is_public(app, cast, browse):
    paul = browse(cast.paul)
    before = paul.get("/invite").text
    assert f'value="http://127.0.0.1:8000/people/{cast.paul.id}"' in before
    assert f'name="name" type="text" value="{NAME}"' in before
    assert "<svg" in before
    paul.post("/invite", data=SHOWN)
    assert f'data-link="http://127.0.0.1:8000/with/{NAME}"' in paul.get("/invite").text
    assert browse(cast.cara).get("/invite").status_code == 404


def test_the_public_page_shows_its_preview_and_nothing_that_is_not_public(app, cast, change, shown):
    change(cast.paul, bio='Thursdays & "Fridays"', role_label="Stylist")
    page = app.test_client().get(f"/with/{NAME}")
    assert page.status_code == 200
    assert '<meta property="og:title" content="Paul Professional · Stylist">' in page.text
    assert 'og:description" content="Thursdays &amp; &#34;Fridays&#34;"' in page.text
    assert f'og:url" content="http://127.0.0.1:8000/with/{NAME}"' in page.text
    assert f"/sign-up?next=/with/{NAME}/write" in page.text
    assert f"/sign-in?next=/with/{NAME}/write" in page.text
    for secret in (cast.paul.id, cast.paul.email, "og:image"):
        assert secret not in page.text
    assert app.test_client().get(f"/with/{NAME}/picture").status_code == 404


@pytest.mark.parametrize(
    "why",
    [
        {"open_to_clients": False},
        {"confirmed_at": None},
        {"verified_at": None},
        {"role": "client"},
        {"disabled_at": "now"},
        "hidden",
    ],
)
def test_the_page_is_not_there_for_strangers(app, cast, browse, change, shown, now, why):
    app.config["CONFIRM_PROFESSIONALS"] = True
    if why == "hidden":
        shown.post("/invite", data={"name": NAME})
    else:
        change(cast.paul, **{key: now if value == "now" else value for key, value in why.items()})
    stranger = app.test_client()
    for path in ("", "/picture"):
        assert stranger.get(f"/with/{NAME}{path}").status_code == 404
        assert browse(cast.rita).get(f"/with/{NAME}{path}").status_code == 404
    # Whom the page shows to everybody or not: a client of his finds him by the name.
    if why in ("hidden", {"open_to_clients": False}):
        assert browse(cast.cara).get(f"/with/{NAME}").headers["Location"] == f"/people/{cast.paul.id}"


def test_an_old_name_leads_to_the_present_one_and_stays_its_owners(app, cast, browse, shown):
    shown.post("/invite", data={"name": "paul", "is_shown": "1"})
    assert app.test_client().get(f"/with/{NAME}").headers["Location"] == "/with/paul"
    assert app.test_client().get("/with/Paul").headers["Location"] == "/with/paul"
    rita = browse(cast.rita)
    for name in (NAME, "paul"):
        refused = rita.post("/invite", data={"name": name, "is_shown": "1"})
        assert (refused.status_code, "Somebody else has this name already" in refused.text) == (422, True)
        assert f'value="{name}"' in refused.text
    shown.post("/invite", data=SHOWN)
    assert app.test_client().get(f"/with/{NAME}").status_code == 200


def test_a_person_has_only_so_many_names(app, cast, now):
    for number in range(MAX_NAMES):
        save_page(user_id=cast.paul.id, name=f"paul-{number}", is_shown=True, now=now)
    with pytest.raises(Invalid):
        save_page(user_id=cast.paul.id, name="paul-more", is_shown=True, now=now)
    assert db.session.get(PublicName, "paul-more") is None
    save_page(user_id=cast.paul.id, name="paul-0", is_shown=True, now=now)


@pytest.mark.each_database
def test_of_many_who_take_a_name_at_once_one_gets_it(app, cast, now, at_once):
    owners = [cast.paul.id, cast.rita.id] * 4

    def take(number: int) -> str | None:
        try:
            save_page(user_id=owners[number], name="the-name", is_shown=True, now=now)
        except Invalid:
            return None
        return owners[number]

    got = {owner for owner in at_once(len(owners), take) if owner}
    db.session.rollback()
    assert got == {db.session.execute(select(PublicName.user_id)).scalar_one()}


@pytest.mark.parametrize(
    "name", ["", "ab", "x" * 41, "-rosa", "rosa-", "ro--sa", "röschen", "a/b", "support", "the-admin"]
)
def test_a_name_that_cannot_be_read_or_poses_is_refused_at_its_field(app, cast, browse, name):
    refused = browse(cast.paul).post("/invite", data={"name": name, "is_shown": "1"})
    assert refused.status_code == 422
    assert 'id="name-error"' in refused.text
    assert db.session.execute(select(PublicName)).first() is None


@pytest.mark.parametrize(
    ("person", "made"),
    [
        ("Rosa Delgado", "rosa-delgado"),
        ("Zoë Størm-Weiß", "zoe-storm-weiss"),
        ("Łukasz  O'Neil", "lukasz-o-neil"),
        ("山田", ""),
    ],
)
def test_a_readable_name_is_made_from_a_persons(person, made):
    assert slug(person) == made


def test_who_signs_up_by_the_link_ends_in_the_conversation(app, cast, shown):
    app.test_client_class = Browser
    nora = app.test_client()
    way_in = re.search(r'href="(/sign-up\?[^"]+)"', nora.get(f"/with/{NAME}").text)[1]
    page = nora.get(way_in).text
    target = re.search('name="next" value="([^"]+)"', page)[1]
    assert "Then you can write to Paul Professional." in page
    assert re.search(r'value="client" required checked', page)
    assert "Then you can write" not in nora.get("/sign-up?next=/with/nobody/write").text
    nora.post("/sign-up", data={**NEW, "next": target})
    mail = db.session.execute(select(Mail).where(Mail.address == "nora@example.com")).scalar_one()
    write = nora.post(link_in(mail)).headers["Location"]
    assert write == f"/with/{NAME}/write"
    form = nora.get(write).text
    key = re.search('name="client_key" value="([^"]+)"', form)[1]
    # Nobody sees a conversation without a word.
    refused = nora.post(write, data={"client_key": key, "body": " "})
    assert (refused.status_code, key in refused.text) == (422, True)
    assert db.session.execute(select(Message)).first() is None
    sent = [
        nora.post(write, data={"client_key": key, "body": "Hello Paul"}).headers["Location"] for _ in "ab"
    ]
    assert sent[0] == sent[1]
    message = db.session.execute(select(Message)).scalar_one()
    assert (message.body, sent[0]) == ("Hello Paul", f"/threads/{message.thread_id}")
    assert message.sender_id == user_by_email("nora@example.com").id
    assert nora.get(write).headers["Location"] == sent[0]
    assert "Hello Paul" in shown.get(sent[0]).text


def test_only_who_may_begin_a_conversation_is_offered_to(app, cast, browse, shown):
    rita = browse(cast.rita)
    assert "You cannot write to Paul Professional from this account." in rita.get(f"/with/{NAME}").text
    assert rita.get(f"/with/{NAME}/write").headers["Location"] == f"/with/{NAME}"
    refused = rita.post(f"/with/{NAME}/write", data={"client_key": "k", "body": "Hello"})
    assert refused.status_code == 403
    assert "Back to your link" in shown.get(f"/with/{NAME}").text
    assert f'href="/with/{NAME}/write"' in browse(cast.olga).get(f"/with/{NAME}").text
