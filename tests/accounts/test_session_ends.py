"""Sessions end by themselves, so that the list of those that were signed out need not grow for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from wellchat.accounts import links
from wellchat.accounts.models import SESSION_LASTS, UsedLink, new_session_id
from wellchat.accounts.queries import user_by_session
from wellchat.db import db, transaction

DAY = timedelta(days=1)


def cookie(user, session_id):
    return f"{user.id}.{user.session_epoch}.{session_id}"


def test_a_session_expires(app, cast, now):
    mine = cookie(cast.cara, new_session_id(now))
    assert user_by_session(mine, now=now + SESSION_LASTS - DAY).id == cast.cara.id
    assert user_by_session(mine, now=now + SESSION_LASTS) is None


@pytest.mark.parametrize("session_id", ["", "abc", "~abc", "-1~abc", "99999999~abc", "\u0661~abc"])
def test_a_session_id_without_a_start_day_is_refused(app, cast, now, session_id):
    assert user_by_session(cookie(cast.cara, session_id), now=now) is None


@pytest.mark.each_database
def test_used_links_are_deleted_once_they_have_expired(app, now):
    with transaction():
        links.use_once("old", now=now - SESSION_LASTS - DAY)
        links.use_once("young", now=now - SESSION_LASTS + DAY)
    assert links.trim_used_links(now=now) == 1
    assert links.trim_used_links(now=now) == 0
    assert len(db.session.execute(select(UsedLink)).all()) == 1
