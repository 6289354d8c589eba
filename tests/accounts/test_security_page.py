"""People see where they are signed in, and end what they do not know, at once and everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.accounts.test_sessions import FIREFOX, rows
from tests.cast import Cast
from wellchat.audit.models import AuditEvent
from wellchat.db import db

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1"}


def kinds() -> list[str]:
    db.session.rollback()
    query = db.select(AuditEvent.kind).order_by(AuditEvent.at, AuditEvent.id)
    return [kind for kind in db.session.execute(query).scalars() if kind.startswith("session.")]


@pytest.fixture
def two(visitor: Any, cast: Cast) -> tuple[Any, Any]:
    """Cara's laptop, and her phone."""
    laptop, phone = visitor(), visitor()
    for browser, headers in ((laptop, FIREFOX), (phone, PHONE)):
        form = {"email": "cara@example.com", "password": "correct horse", "remember": "1"}
        browser.post("/sign-in", data=form, headers=headers)
    return laptop, phone


@pytest.mark.each_database
def test_one_session_is_ended_from_another(two: tuple[Any, Any]) -> None:
    laptop, phone = two
    page = laptop.get("/settings/security").get_data(as_text=True)
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page
    assert page.count("This one") == 1
    theirs = next(row for row in rows() if "iPhone" in row.device)
    assert laptop.post(f"/settings/security/sessions/{theirs.id}/end").location == "/settings/security"
    assert "That browser is signed out." in laptop.get("/settings/security").get_data(as_text=True)
    assert (laptop.is_signed_in(), phone.is_signed_in()) == (True, False)
    # The remembered cookie of that browser is dead as well.
    phone.delete_cookie("wellchat")
    assert not phone.is_signed_in()
    assert laptop.post(f"/settings/security/sessions/{theirs.id}/end").status_code == 404
    assert kinds() == ["session.started", "session.started", "session.ended"]


@pytest.mark.each_database
def test_all_others_are_ended_at_once(two: tuple[Any, Any], visitor: Any) -> None:
    laptop, phone = two
    tablet = visitor()
    tablet.sign_in("cara@example.com")
    laptop.post("/settings/security/sessions/end-others")
    assert "2 other browsers are signed out." in laptop.get("/settings/security").get_data(as_text=True)
    assert [each.is_signed_in() for each in (laptop, phone, tablet)] == [True, False, False]
    laptop.post("/settings/security/sessions/end-others")
    assert "You were signed in nowhere else." in laptop.get("/settings/security").get_data(as_text=True)


@pytest.mark.each_database
def test_cookies_without_a_row_end_with_all_others(visitor: Any, cast: Cast) -> None:
    old, own = visitor(), visitor()
    for browser in (old, own):
        cast.cara.session_id = ""
        with browser.session_transaction() as session:
            session["_user_id"] = cast.cara.get_id()
    own.post("/prove", data={"method": "password", "password": "correct horse"})
    own.post("/settings/security/sessions/end-others")
    assert [each.is_signed_in() for each in (own, old)] == [True, False]
    # Another person's go on, and so does whoever signs in now.
    olga = visitor()
    cast.olga.session_id = ""
    with olga.session_transaction() as session:
        session["_user_id"] = cast.olga.get_id()
    old.sign_in("cara@example.com")
    assert [each.is_signed_in() for each in (own, old, olga)] == [True, True, True]


def test_ending_other_sessions_needs_a_fresh_proof(two: tuple[Any, Any], change: Any) -> None:
    laptop, phone = two
    own, theirs = sorted(rows(), key=lambda row: "iPhone" in row.device)
    change(own, proved_at=own.proved_at - timedelta(minutes=11))
    for path in (f"/settings/security/sessions/{theirs.id}/end", "/settings/security/sessions/end-others"):
        answer = laptop.post(path)
        assert (answer.status_code, answer.location) == (303, "/prove?next=%2F")
    assert phone.is_signed_in()
    laptop.post("/prove", data={"method": "password", "password": "correct horse"})
    laptop.post(f"/settings/security/sessions/{theirs.id}/end")
    assert (laptop.is_signed_in(), phone.is_signed_in()) == (True, False)
    # Signing out asks nothing.
    change(own, proved_at=own.proved_at - timedelta(minutes=11))
    assert laptop.post(f"/settings/security/sessions/{own.id}/end").location == "/sign-in"


def test_ending_this_session_is_signing_out(two: tuple[Any, Any]) -> None:
    laptop, phone = two
    own = next(row for row in rows() if "Firefox" in row.device)
    assert laptop.post(f"/settings/security/sessions/{own.id}/end").location == "/sign-in"
    assert (laptop.is_signed_in(), phone.is_signed_in()) == (False, True)


def test_nobody_ends_a_session_of_somebody_else(two: tuple[Any, Any], browse: Any, cast: Cast) -> None:
    rival = browse(cast.rita)
    for row in rows():
        if row.user_id == cast.cara.id:
            assert rival.post(f"/settings/security/sessions/{row.id}/end").status_code == 404
    assert all(each.is_signed_in() for each in two)


def test_an_idle_session_is_not_listed(two: tuple[Any, Any], change: Any) -> None:
    laptop, _ = two
    theirs = next(row for row in rows() if "iPhone" in row.device)
    change(theirs, seen_at=theirs.seen_at - timedelta(days=31))
    assert "iPhone" not in laptop.get("/settings/security").get_data(as_text=True)


def test_a_new_password_ends_the_other_sessions(two: tuple[Any, Any]) -> None:
    laptop, phone = two
    form = {"current_password": "correct horse", "new_password": "another fine horse"}
    assert laptop.post("/settings/password", data=form).status_code == 303
    assert (laptop.is_signed_in(), phone.is_signed_in()) == (True, False)
    (row,) = rows()
    assert row.proved_at is not None


def test_a_refused_sign_in_is_recorded(visitor: Any, cast: Cast) -> None:
    visitor().sign_in("cara@example.com", "wrong")
    visitor().sign_in("nobody@example.com", "wrong")
    db.session.rollback()
    known, unknown = db.session.execute(db.select(AuditEvent).order_by(AuditEvent.at)).scalars()
    assert (known.kind, known.actor_kind, known.outcome) == ("session.refused", "stranger", "refused")
    assert known.person is not None
    assert unknown.person is None
