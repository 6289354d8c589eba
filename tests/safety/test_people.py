"""Disabled and enabled accounts, roles, and the pages on which administrators find people."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select

from tests.cast import gather
from wellchat.accounts import links
from wellchat.accounts.actions import create_token, create_user
from wellchat.accounts.credentials import authenticate, request_password_reset
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.accounts.queries import user_by_session, user_by_token
from wellchat.audit.models import AuditEvent, pseudonym
from wellchat.db import db
from wellchat.errors import CannotWrite, Conflict, Invalid, NotFound
from wellchat.mail import actions as mail
from wellchat.mail.compose import render
from wellchat.mail.models import Mail
from wellchat.messaging.queries import thread_for
from wellchat.messaging.serializers import thread_json
from wellchat.messaging.threads import open_thread
from wellchat.safety import between, people, queries
from wellchat.safety.models import Measure
from wellchat.safety.reports import make_report

WHY = "The owner asked for it"


@pytest.fixture
def sue(app, now, change):
    """An administrator who is support, and nothing else."""
    sue = create_user(email="sue@example.com", name="Sue Support", role="admin", now=now)
    change(sue, admin_roles="support")
    return sue


def disable(user, now, by=None):
    people.disable(by=by, user_id=user.id, reason=WHY, now=now)


def enable(user, now, by=None):
    people.enable(by=by, user_id=user.id, reason=WHY, now=now)


@pytest.mark.each_database
def test_a_disabled_person_gets_in_by_no_door(app, browse, now, fresh):
    cast = gather(now, password="correct horse")
    paul = cast.paul
    page = browse(paul)
    assert page.get("/settings").status_code == 200
    token = create_token(user_id=paul.id, now=now)
    cookie, reset = paul.get_id(), links.reset_path(paul.id, now).rpartition("/")[2]
    disable(paul, now)
    assert authenticate(email=paul.email, password="correct horse") is None
    assert user_by_session(cookie, now=now) is None
    assert user_by_token(token, now=now) is None
    with pytest.raises(links.DeadLink):
        links.link_owner(reset, links.RESET, now=now)
    assert page.get("/settings").status_code == 302
    answer = browse().post("/sign-in", data={"email": paul.email, "password": "correct horse"})
    assert answer.status_code == 422
    assert "is not right" in answer.text
    enable(paul, now)
    assert user_by_session(cookie, now=now) is None  # its sessions have ended
    assert user_by_token(token, now=now)[0].id == paul.id  # and nothing else is lost
    assert authenticate(email=paul.email, password="correct horse").id == paul.id


@pytest.mark.each_database
def test_others_see_a_closed_account_and_read_on(app, browse, cast, talk, now, fresh):
    talk.exchange("cp")
    disable(cast.paul, now)
    shown = thread_json(thread_for(cast.cara, talk.id), cast.cara, now=now)
    assert (shown["title"], shown["other"]["name"]) == ("Account closed", "Account closed")
    assert (shown["can_write"], shown["closed"]) == (False, "You cannot write here any more.")
    page = browse(cast.cara).get(f"/threads/{talk.id}").text
    assert "message 2" in page
    for path in ("/", "/new", f"/threads/{talk.id}", f"/people/{cast.paul.id}", "/notifications"):
        assert "Paul" not in browse(cast.cara).get(path).text, path
    with pytest.raises(CannotWrite):
        talk.says(cast.cara, "Are you there?")
    with pytest.raises(NotFound):
        open_thread(viewer=cast.olga, with_id=cast.paul.id, now=now)
    enable(cast.paul, now)
    assert thread_json(thread_for(cast.cara, talk.id), cast.cara, now=now)["title"] == "Paul Professional"
    talk.says(cast.cara, "Welcome back")


def test_enabling_opens_nothing_that_a_person_has_closed(app, cast, talk, now):
    between.block(viewer=cast.cara, thread_id=talk.id, now=now)
    disable(cast.paul, now)
    enable(cast.paul, now)
    with pytest.raises(CannotWrite):
        talk.says(cast.paul, "Hello")


def test_a_disabled_person_is_mailed_only_that(app, cast, talk, now):
    disable(cast.paul, now)
    request_password_reset(email=cast.paul.email, now=now)
    mail.sweep(now)
    rows = db.session.execute(select(Mail.name, Mail.state, Mail.reason).order_by(Mail.created_at, Mail.name))
    assert {name: (state, reason) for name, state, reason in rows} == {
        "measure": ("sent", ""),
        "reset": ("skipped", "The account is disabled."),
    }


def test_the_mail_says_where_to_object(app, cast, now):
    disable(cast.paul, now)
    (row,) = db.session.query(Mail)
    for settings, words in (
        ({}, None),
        ({"MAIL_FROM": "Salon <hello@salon.de>"}, "hello@salon.de"),
        ({"SUPPORT_EMAIL": "help@example.com"}, "help@example.com"),
    ):
        app.config.update(settings)
        sent = message_from_bytes(render(row, now=now).content, policy=default)
        for part in ("plain", "html"):
            text = sent.get_body((part,)).get_content()
            assert ("If you disagree" in text) == bool(words), "nobody reads the default sender"
            assert (words or "") in text
            assert WHY not in text


def test_disabling_twice_is_once(app, cast, now, logged):
    disable(cast.paul, now)
    disable(cast.paul, now)
    assert logged() == ["person.disabled"]
    assert db.session.query(Measure).count() == 1
    enable(cast.paul, now)
    enable(cast.paul, now)
    assert logged() == ["person.disabled", "person.enabled"]


def test_an_open_page_hears_of_it(app, api, cast, talk, now):
    program = api(cast.cara)
    cursor = program.get("/api/me").json["cursor"]
    disable(cast.paul, now)
    (thread,) = program.get(f"/api/updates?since={cursor}").json["threads"]
    assert (thread["title"], thread["can_write"]) == ("Account closed", False)


@pytest.mark.each_database
def test_the_last_owner_cannot_go(app, cast, now, sue, at_once, fresh):
    with pytest.raises(Conflict):
        disable(cast.ada, now)
    with pytest.raises(Conflict):
        people.change_role(
            by=None, user_id=cast.ada.id, role="admin", admin_roles=["support"], reason=WHY, now=now
        )
    with pytest.raises(Conflict):
        people.change_role(by=None, user_id=cast.ada.id, role="client", reason=WHY, now=now)
    people.change_role(by=None, user_id=sue.id, role="admin", admin_roles=["owner"], reason=WHY, now=now)

    def go(i):
        try:
            disable([cast.ada, sue][i], now)
        except Conflict:
            return 0
        return 1

    assert sum(at_once(2, go)) == 1  # both at once: one stays


def test_a_role_changes_only_while_nothing_depends_on_it(app, cast, talk, now, fresh):
    for role, admin_roles in (("professional", ()), ("admin", ("support",))):
        with pytest.raises(Conflict):
            people.change_role(
                by=None, user_id=cast.cara.id, role=role, admin_roles=admin_roles, reason=WHY, now=now
            )
    people.change_role(by=None, user_id=cast.olga.id, role="professional", reason=WHY, now=now)
    assert fresh(cast.olga).is_professional
    assert fresh(cast.olga).confirmed_at == now
    with pytest.raises(Invalid):
        people.change_role(by=None, user_id=cast.olga.id, role="admin", reason=WHY, now=now)


def test_support_cannot_act_on_administrators_or_themselves(app, cast, now, sue, fresh):
    with pytest.raises(Conflict):
        disable(cast.ada, now, by=sue)
    with pytest.raises(Conflict):
        people.sign_out(by=sue, user_id=cast.ada.id, reason=WHY, now=now)
    with pytest.raises(Conflict):
        disable(cast.ada, now, by=cast.ada)
    disable(cast.paul, now, by=sue)
    assert not fresh(cast.paul).is_active


def test_a_search_needs_a_case_and_shows_initials(app, browse, cast, now, sue, logged):
    page = browse(sue)
    assert page.get("/oversight/people").status_code == 200
    for data in (
        {"q": "Paul"},
        {"q": "Paul", "case": "x"},
        {"case": "Ticket 4711"},
        {"q": "P", "case": "4711"},
    ):
        refused = page.post("/oversight/people", data=data)
        assert refused.status_code == 422
        assert cast.paul.id not in refused.text
    assert logged() == []
    found = page.post("/oversight/people", data={"q": "paul", "case": "Ticket 4711"}).text
    assert "P. P." in found
    assert cast.paul.email not in found
    assert "Paul Professional" not in found
    (row,) = db.session.query(AuditEvent)
    assert (row.kind, row.actor, row.detail) == (
        "people.searched",
        pseudonym(sue.id),
        {"case": "Ticket 4711"},
    )
    assert cast.paul.id in page.post("/oversight/people", data={"q": cast.paul.email, "case": "4711"}).text
    part = page.post("/oversight/people", data={"q": "aul@example.com", "case": "4711"}).text
    assert cast.paul.id not in part


def test_a_search_is_paged(app, cast, now, sue):
    for number in range(45):
        create_user(
            email=f"many{number}@example.com",
            name="Many Maria",
            role="client",
            now=now + timedelta(seconds=number),
        )
    seen, token = [], None
    for _ in range(5):
        found, token = queries.search_people(sue, q="maria", case_number="4711", before=token, now=now)
        seen += [each.id for each in found]
        if token is None:
            break
    assert (len(seen), len(set(seen))) == (45, 45)


@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_without_the_duty_there_are_no_people(app, browse, cast, now, sue, change, role):
    change(sue, admin_roles=role)
    for who in (sue, cast.cara):
        page = browse(who)
        assert page.get("/oversight/people").status_code == 404
        assert page.post("/oversight/people", data={"q": "paul", "case": "4711"}).status_code == 404
        assert page.get(f"/oversight/people/{cast.paul.id}").status_code == 404
        answer = page.post(f"/oversight/people/{cast.paul.id}", data={"act": "disable", "reason": WHY})
        assert answer.status_code == 404
    assert db.session.query(Measure).count() == 0


def test_the_page_of_a_person_disables_and_keeps_what_was_typed(app, browse, cast, now, sue, fresh, logged):
    page, path = browse(sue), f"/oversight/people/{cast.paul.id}"
    assert cast.paul.email in page.get(path).text
    refused = page.post(path, data={"act": "disable", "reason": "abc"})
    assert refused.status_code == 422
    assert 'value="abc"' in refused.text
    assert page.post(path, data={"act": "fly", "reason": WHY}).status_code == 422
    assert page.post(path, data={"act": "role", "role": "client", "reason": WHY}).status_code == 404
    assert fresh(cast.paul).is_active
    assert page.post(path, data={"act": "disable", "reason": WHY}).status_code == 303
    assert not fresh(cast.paul).is_active
    shown = page.get(path).text
    assert WHY in shown
    assert "Sue Support" in shown
    assert page.post(path, data={"act": "enable", "reason": WHY}).status_code == 303
    assert page.post(path, data={"act": "sign_out", "reason": WHY}).status_code == 303
    assert {"people.opened", "person.disabled", "person.enabled", "person.signed_out"} <= set(logged())
    assert page.post("/oversight/people/nobody", data={"act": "disable", "reason": WHY}).status_code == 404


def test_an_owner_changes_roles_on_the_page(app, browse, cast, now, sue, fresh):
    page, path = browse(cast.ada), f"/oversight/people/{sue.id}"
    data = {"act": "role", "role": "admin", "reason": WHY, "admin_moderator": "1", "admin_support": "1"}
    assert page.post(path, data=data).status_code == 303
    assert fresh(sue).admin_roles == "support moderator"


@pytest.mark.each_database
def test_an_erased_person_is_written_to_by_no_way(app, api, browse, cast, talk, now):
    talk.exchange("cp")
    erase_person(user_id=cast.paul.id, now=now)
    page = browse(cast.cara)
    shown = page.get(f"/threads/{talk.id}").text
    assert "You cannot write here any more." in shown
    assert "Paul" not in shown
    assert ">Gone<" in shown
    assert 'name="with"' not in page.get("/new").text
    program = api(cast.cara)
    sent = program.post(f"/api/threads/{talk.id}/messages", json={"body": "Hi", "client_key": "k"})
    assert sent.status_code == 403
    (thread,) = program.get("/api/threads").json["threads"]
    assert (thread["title"], thread["can_write"]) == ("Gone", False)
    with pytest.raises(Conflict):
        enable(cast.paul, now)


def test_export_and_erasure_of_what_safety_has(app, cast, talk, now):
    talk.exchange("cp")
    make_report(viewer=cast.cara, thread_id=talk.id, seq=2, kind="spam", words="A canary", show=True, now=now)
    between.block(viewer=cast.cara, thread_id=talk.id, now=now)
    people.pause(by=cast.ada, user_id=cast.cara.id, days=1, reason=WHY, now=now)
    mine = export_person(cast.cara.id)
    assert [row["words"] for row in mine["reports"]] == ["A canary"]
    assert [row["other_id"] for row in mine["blocks"]] == [cast.paul.id]
    assert [row["reason"] for row in mine["measures"]] == [WHY]
    theirs = export_person(cast.paul.id)
    assert "A canary" not in str(theirs["reports"])
    assert cast.cara.id not in str(theirs["reports"])
    assert theirs["blocks"] == []
    erase_person(user_id=cast.cara.id, now=now)
    db.session.rollback()
    assert db.session.query(Measure).count() == 0
