"""A new name or picture reaches the pages that other people have open."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from wellchat.accounts import actions as accounts
from wellchat.changes.queries import cursor_now
from wellchat.messaging import refresh
from wellchat.messaging.dispatch import notify_recipients


def since(api, user, cursor):
    answer = api(user).get("/api/updates", query_string={"since": str(cursor)})
    return answer.get_json() if answer.status_code == 200 else None


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


@pytest.mark.each_database
def test_a_new_name_reaches_open_pages(talk, api, now):
    talk.says(talk.paul, "Hello")
    notify_recipients(thread_ids=[talk.id], now=now)
    cursor = cursor_now(talk.cara.id)
    accounts.update_profile(user_id=talk.paul.id, name="Paul Newman", time_zone="UTC")
    update = since(api, talk.cara, cursor)
    assert [thread["title"] for thread in update["threads"]] == ["Paul Newman"]
    reload = api(talk.cara)
    assert update["threads"][0] == reload.get(f"/api/threads/{talk.id}").get_json()["thread"]
    assert update["notifications"] == reload.get("/api/notifications").get_json()["notifications"]
    assert update["notifications"][0]["actor"]["name"] == "Paul Newman"


def test_a_new_or_removed_picture_reaches_open_pages(talk, api):
    for change in (
        lambda: accounts.set_avatar(user_id=talk.paul.id, upload=picture()),
        lambda: accounts.remove_avatar(user_id=talk.paul.id),
    ):
        cursor = cursor_now(talk.cara.id)
        url = change().avatar_url
        assert since(api, talk.cara, cursor)["threads"][0]["other"]["avatar_url"] == url


def test_a_change_that_others_do_not_see_is_not_recorded(talk, api):
    cursor = cursor_now(talk.cara.id)
    accounts.update_profile(user_id=talk.paul.id, name=talk.paul.name, time_zone="Asia/Tokyo", bio="Runs.")
    assert since(api, talk.cara, cursor) is None


def test_a_new_name_refreshes_the_latest_threads_only(talk, other_talk, api, now, monkeypatch):
    """`other_talk` is the later one of Paul's two threads."""
    monkeypatch.setattr(refresh, "MAX_REFRESHED", 1)
    other_talk.says(talk.paul, "later", now=now + timedelta(minutes=1))
    cursor = cursor_now(talk.paul.id)
    accounts.update_profile(user_id=talk.paul.id, name="Paul Newman", time_zone="UTC")
    assert [thread["id"] for thread in since(api, talk.paul, cursor)["threads"]] == [other_talk.id]
