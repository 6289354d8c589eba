"""Other systems know people by ids of theirs: one person has one id there, and an id is one person's."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.cast import Cast
from wellchat.accounts.actions import insert_user
from wellchat.accounts.models import User
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.db import db
from wellchat.identities import actions
from wellchat.identities.actions import Taken, link, person_for, rename, tidy
from wellchat.identities.models import HOST, KEPT_FOR, Identity, Moved
from wellchat.identities.queries import external_ids, find_person

ISSUER = "https://login.example.com"


def stranger(now: datetime) -> User:
    values: dict[str, Any] = {"email": None, "name": "Nils New", "role": "client"}
    made = insert_user(**values, time_zone="UTC", created_at=now)
    assert made is not None
    return made


@pytest.mark.each_database
def test_a_person_is_found_by_the_id_of_each_system(app: Flask, cast: Cast, now: datetime) -> None:
    assert link(user_id=cast.cara.id, source=HOST, external_id="c-1", now=now)
    assert link(user_id=cast.cara.id, source=ISSUER, external_id="c-1", now=now)
    assert not link(user_id=cast.cara.id, source=HOST, external_id="c-1", now=now), "the same again"
    for source in (HOST, ISSUER):
        found = find_person(source, "c-1", now=now)
        assert found is not None
        assert found.id == cast.cara.id
    for unknown in ("c-2", "C-1", "", "c-1\0"):
        assert find_person(HOST, unknown, now=now) is None
    with pytest.raises(Taken) as other:
        link(user_id=cast.paul.id, source=HOST, external_id="c-1", now=now)
    assert other.value.user_id == cast.cara.id
    with pytest.raises(Taken, match="c-1 already"):
        link(user_id=cast.cara.id, source=HOST, external_id="c-2", now=now)


@pytest.mark.each_database
def test_a_renamed_id_says_for_90_days_who_has_which_id(app: Flask, cast: Cast, now: datetime) -> None:
    link(user_id=cast.cara.id, source=HOST, external_id="old", now=now)
    assert rename(user_id=cast.cara.id, source=HOST, external_id="new", now=now)
    assert not rename(user_id=cast.cara.id, source=HOST, external_id="new", now=now)
    found = find_person(HOST, "new", now=now)
    assert found is not None
    assert found.id == cast.cara.id
    with pytest.raises(Moved) as gone:
        find_person(HOST, "old", now=now)
    assert (gone.value.user_id, gone.value.external_id, gone.value.status) == (cast.cara.id, "new", 410)
    with pytest.raises(Moved):
        link(user_id=cast.paul.id, source=HOST, external_id="old", now=now)
    later = now + KEPT_FOR
    assert find_person(HOST, "old", now=later) is None
    assert link(user_id=cast.paul.id, source=HOST, external_id="old", now=later)
    assert tidy(later) == {"identities_trimmed": 0}
    assert external_ids([cast.cara.id, cast.paul.id]) == {cast.cara.id: "new", cast.paul.id: "old"}


@pytest.mark.each_database
def test_going_back_to_ones_own_id_works_at_once(app: Flask, cast: Cast, now: datetime) -> None:
    link(user_id=cast.cara.id, source=HOST, external_id="a", now=now)
    rename(user_id=cast.cara.id, source=HOST, external_id="b", now=now)
    rename(user_id=cast.cara.id, source=HOST, external_id="a", now=now)
    assert external_ids([cast.cara.id]) == {cast.cara.id: "a"}
    with pytest.raises(Moved):
        find_person(HOST, "b", now=now)
    assert tidy(now + KEPT_FOR) == {"identities_trimmed": 1}


@pytest.mark.each_database
def test_eight_at_once_make_one_person(
    app: Flask, now: datetime, at_once: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    barrier = Barrier(8)
    look = actions.find_person

    def look_together(source: str, external_id: str, *, now: datetime) -> User | None:
        found = look(source, external_id, now=now)
        # All of them have seen that nobody has the id, before any of them makes a person.
        if found is None:
            db.session.rollback()
            barrier.wait(20)
        return found

    monkeypatch.setattr(actions, "find_person", look_together)

    def make(_number: int) -> tuple[str, bool]:
        person, is_new = person_for(source=HOST, external_id="n-1", make=lambda: stranger(now), now=now)
        return person.id, is_new

    made = at_once(8, make)
    assert len({user_id for user_id, _ in made}) == 1
    assert [is_new for _, is_new in made].count(True) == 1
    count = select(func.count()).select_from(User).where(User.name == "Nils New")
    assert db.session.execute(count).scalar_one() == 1


@pytest.mark.each_database
def test_an_erased_person_has_no_id_in_any_system(app: Flask, cast: Cast, now: datetime) -> None:
    link(user_id=cast.cara.id, source=HOST, external_id="c-1", now=now)
    rename(user_id=cast.cara.id, source=HOST, external_id="c-2", now=now)
    assert [row["external_id"] for row in export_person(cast.cara.id)["identities"]] == ["c-1", "c-2"]
    erase_person(user_id=cast.cara.id, now=now + timedelta(days=1))
    assert db.session.execute(select(Identity)).all() == []
    assert find_person(HOST, "c-1", now=now) is None
