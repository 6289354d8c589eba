"""Every page of administrators asks who is there, and what shows many people is on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.cast import Cast, Talk
from wellchat.accounts.actions import create_user
from wellchat.accounts.session_models import UserSession
from wellchat.audit.models import AuditEvent
from wellchat.db import db, transaction
from wellchat.errors import NotFound
from wellchat.mail.actions import queue_mail
from wellchat.messaging.threads import open_thread
from wellchat.oversight import queries
from wellchat.oversight.actions import approve, grant_access, search
from wellchat.oversight.models import ASKED_FOR, AccessGrant
from wellchat.safety.people import change_role

# A look is open for half an hour, and was opened with a proof.
UNDER_A_GRANT = "/oversight/looks/"
REASON = "Case 4711, a complaint"


def test_every_page_under_oversight_needs_a_fresh_proof(app: Flask) -> None:
    bare = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/oversight")
        and not rule.rule.startswith(UNDER_A_GRANT)
        and getattr(app.view_functions[rule.endpoint], "proof", None) != "fresh"
    }
    assert bare == set()


def test_who_is_no_administrator_is_not_asked_for_a_proof_of_nothing(browse: Any, cast: Cast) -> None:
    browsers = {person: browse(person) for person in (cast.cara, cast.paul, cast.ada)}
    with transaction() as session:
        session.execute(update(UserSession).values(proved_at=None))
    for path in ("/oversight", "/oversight/people", "/oversight/emails"):
        answers = [browser.get(path) for browser in browsers.values()]
        assert [answer.status_code for answer in answers] == [404, 404, 303], path
        assert answers[2].location.startswith("/prove?next=%2Foversight")


def test_lists_of_people_and_mails_are_on_record_or_not_shown(
    app: Flask, browse: Any, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = queue_mail(user_id=cast.cara.id, address="cara@example.com", name="welcome", context={}, now=now)
    mail_id = mail.id
    with transaction() as session:
        session.get_one(type(mail), mail_id).state = "failed"
    ada = browse(cast.ada)
    ada.get("/oversight/factors")
    ada.get("/oversight/emails?person=cara")
    ada.post(f"/oversight/emails/{mail_id}/resend")
    db.session.rollback()
    rows = db.session.execute(select(AuditEvent.kind, AuditEvent.detail).order_by(AuditEvent.at)).all()
    assert [row.kind for row in rows] == ["factors.listed", "mails.listed", "mails.resent"]
    assert rows[1].detail == {"of_person": True}

    def broken(*_args: Any, **_more: Any) -> None:
        raise OSError("the log takes no row")

    app.config["PROPAGATE_EXCEPTIONS"] = app.testing = False
    for module in ("wellchat.mail_ledger.pages", "wellchat.factors.pages.oversight"):
        monkeypatch.setattr(f"{module}.record", broken)
    for path in ("/oversight/factors", "/oversight/emails"):
        refused = ada.get(path)
        assert refused.status_code == 500
        assert "Cara" not in refused.text


def test_a_refused_reason_stays_on_a_later_page_of_a_list(
    app: Flask, browse: Any, cast: Cast, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_user(email="carl@example.com", name="Carl Client", role="client", now=now)
    open_thread(viewer=other, with_id=cast.paul.id, now=now + timedelta(days=366))
    monkeypatch.setattr(queries.results, "__kwdefaults__", {"before": None, "limit": 1})
    ada = browse(cast.ada)
    entry = search(admin=cast.ada, term="paul", reason=REASON, now=now)
    page = ada.get(f"/oversight/searches/{entry.id}").text
    later = ada.get(_href(page, "Earlier ones")).text
    assert talk.id in later
    answer = ada.post(_action(later, "/looks"), data={"search": entry.id, "reason": "x"})
    assert (answer.status_code, 'value="x"' in answer.text) == (422, True)
    assert "Say why in 5 to 500 characters." in answer.text


def _href(page: str, words: str) -> str:
    before = page[: page.index(words)]
    return before[before.rindex('href="') + 6 :].split('"')[0].replace("&amp;", "&")


def _action(page: str, part: str) -> str:
    found = page[page.index('action="/oversight/threads/') + 8 :].split('"')[0].replace("&amp;", "&")
    assert part in found
    return found


def test_a_thread_with_many_looks_shows_the_latest(app: Flask, cast: Cast, talk: Talk, now: datetime) -> None:
    with transaction() as session:
        for _ in range(60):
            session.add(AccessGrant(admin_id=cast.ada.id, thread_id=talk.id, reason=REASON, created_at=now))
    grant_access(
        admin=cast.ada, thread_id=talk.id, reason="The latest of all", now=now + timedelta(days=9999)
    )
    found = queries.grants_for(cast.ada, talk.id)
    assert (len(found), found[0].reason) == (50, "The latest of all")


@pytest.mark.each_database
def test_nobody_agrees_to_a_look_that_was_asked_for_a_week_ago(
    app: Flask, browse: Any, cast: Cast, talk: Talk, now: datetime
) -> None:
    app.config["FOUR_EYES"] = ("looks",)
    other = create_user(email="otto@example.com", name="Otto Owner", role="admin", now=now)
    old = grant_access(admin=cast.ada, thread_id=talk.id, reason="An old complaint", now=now - ASKED_FOR)
    later = now + timedelta(seconds=1)
    with pytest.raises(NotFound):
        approve(admin=other, grant_id=old.id, now=later)
    fresh = grant_access(admin=cast.ada, thread_id=talk.id, reason=REASON, now=now)
    assert [each.id for each in queries.grants_to_approve(other, later)] == [fresh.id]
    assert "An old complaint" not in browse(other).get("/oversight").text
    approve(admin=other, grant_id=fresh.id, now=later)
    assert [each.id for each in queries.open_grants(cast.ada, later)] == [fresh.id]


@pytest.mark.each_database
def test_who_becomes_something_else_signs_in_again(
    app: Flask, browse: Any, cast: Cast, now: datetime
) -> None:
    browser = browse(cast.olga)
    assert browser.get("/settings").status_code == 200
    change_role(by=None, user_id=cast.olga.id, role="admin", admin_roles=["support"], reason="Hired", now=now)
    assert browser.get("/settings").status_code == 302
    again = browse(cast.olga)
    change_role(by=None, user_id=cast.olga.id, role="admin", admin_roles=["auditor"], reason="Moved", now=now)
    assert again.get("/settings").status_code == 200
