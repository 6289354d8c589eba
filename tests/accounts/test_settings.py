"""What people say of themselves, and the programs that act for them."""

from __future__ import annotations

import re
import threading

import pytest

from tests.accounts.conftest import again
from wellchat.accounts import actions
from wellchat.accounts.actions import create_token
from wellchat.accounts.hooks import profile_changed_in_transaction
from wellchat.accounts.queries import person_json, tokens_of
from wellchat.changes.actions import record_change
from wellchat.db import transaction
from wellchat.feature import registry

PROFILE = {
    "name": " Cara  de Vries ",
    "time_zone": "Asia/Kathmandu",
    "bio": "One\r\ntwo",
    "role_label": "Customer",
}


def test_the_profile_is_saved(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    assert cara.post("/settings", data=PROFILE).headers["Location"] == "/settings#profile"
    page = cara.get("/settings").text
    assert "Saved." in page
    assert 'value="Cara de Vries"' in page
    assert '<option value="Asia/Kathmandu" selected>Asia/Kathmandu</option>' in page
    user = again(cast.cara)
    assert (user.bio, user.role_label, user.label) == ("One\ntwo", "Customer", "Customer")


def test_an_unknown_time_zone_is_refused_with_the_reason(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    answer = cara.post("/settings", data={**PROFILE, "time_zone": "Mars/Olympus"})
    assert answer.status_code == 422
    assert "no such time zone" in answer.text
    assert 'value=" Cara  de Vries "' in answer.text
    assert again(cast.cara).name == "Cara Client"


def test_an_empty_name_is_refused_with_the_reason(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    answer = cara.post("/settings", data={**PROFILE, "name": ""})
    assert answer.status_code == 422
    assert "This field is required." in answer.text
    for blank in ("\u3164", "\u2800 \u2800", "\U0001d159"):
        assert cara.post("/settings", data={**PROFILE, "name": blank}).status_code == 422


def test_an_old_time_zone_name_is_kept(app, cast, change, visitor):
    change(cast.cara, time_zone="Japan")
    page = visitor().signed_in_as(cast.cara).get("/settings").text
    assert '<option value="Japan" selected>' in page


def test_only_professionals_choose_whether_new_clients_may_write(app, cast, visitor):
    assert "open_to_clients" not in visitor().signed_in_as(cast.cara).get("/settings").text
    paul = visitor().signed_in_as(cast.paul)
    assert 'name="open_to_clients"' in paul.get("/settings").text
    paul.post("/settings", data=PROFILE)
    assert again(cast.paul).open_to_clients is False
    paul.post("/settings", data={**PROFILE, "open_to_clients": "1"})
    assert again(cast.paul).open_to_clients is True


def test_the_json_of_a_person_has_no_email_address(app, cast):
    assert set(person_json(cast.cara)) == {"id", "name", "avatar_url", "role", "role_label", "staff"}


def test_settings_need_a_signed_in_user(app, cast, visitor):
    guest = visitor()
    assert guest.get("/settings").headers["Location"] == "/sign-in?next=/settings"
    for path in ("/settings", "/settings/avatar", "/settings/avatar/remove", "/settings/password"):
        assert guest.post(path, data={}).headers["Location"] == "/sign-in", path


def test_only_the_owner_lists_and_revokes_tokens(app, cast, now, visitor):
    secret = create_token(user_id=cast.cara.id, name="Script <b>", now=now)
    (token,) = tokens_of(cast.cara)
    token_id, bearer = token.id, {"Authorization": f"Bearer {secret}"}
    cara, paul = visitor().signed_in_as(cast.cara), visitor().signed_in_as(cast.paul)
    page = cara.get("/settings").text
    assert "Script &lt;b&gt;" in page
    assert secret not in page
    assert paul.post(f"/settings/tokens/{token_id}/revoke").status_code == 404
    assert visitor().get("/api/me", headers=bearer).status_code == 200
    assert cara.post(f"/settings/tokens/{token_id}/revoke").status_code == 303
    assert cara.post(f"/settings/tokens/{token_id}/revoke").status_code == 404
    assert visitor().get("/api/me", headers=bearer).status_code == 401


def test_names_and_bios_are_escaped_in_the_page(app, cast, change, visitor):
    change(cast.cara, name='"><script>alert(1)</script>', bio="</textarea><script>", role_label="<i>")
    page = visitor().signed_in_as(cast.cara).get("/settings").text
    assert "<script>alert" not in page
    assert "</textarea><script>" not in page


def test_a_new_token_is_shown_once(app, cast, visitor):
    cara = visitor().signed_in_as(cast.cara)
    answer = cara.post("/settings/tokens", data={"token_name": "Calendar"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    secret = re.search(r'id="new-token" value="([^"]+)"', answer.text).group(1)
    assert app.test_client().get("/api/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    page = cara.get("/settings").text
    assert "Calendar" in page
    assert secret not in page


def test_a_token_with_an_invalid_name_is_refused(app, cast, visitor):
    answer = visitor().signed_in_as(cast.cara).post("/settings/tokens", data={"token_name": "x" * 81})
    assert answer.status_code == 422
    assert "At most 80 characters." in answer.text
    assert list(tokens_of(cast.cara)) == []


@pytest.mark.each_database
def test_a_profile_change_and_a_change_record_do_not_deadlock(app, cast, talk, background, monkeypatch):
    """One holds the account and wants the log's counter, the other the counter and refers to the account."""
    held, noted = threading.Event(), threading.Event()
    name, handlers = profile_changed_in_transaction.name, registry().handlers
    last = lambda _: (held.set(), noted.wait(1))  # noqa: E731
    monkeypatch.setitem(handlers, name, (*handlers[name], last))

    def note():
        with transaction():
            record_change(user_id=cast.paul.id, kind="thread", thread_id="a")
        noted.set()

    name = background(
        lambda: actions.update_profile(user_id=cast.paul.id, name="Paul Newman", time_zone="UTC")
    )
    assert held.wait(10)
    news = background(note)
    name.result(20), news.result(20)
