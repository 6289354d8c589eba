"""Kinds of change that features declare: refused where undeclared, loaded at once, absent if unchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Talk
from wellchat.accounts.models import User
from wellchat.changes.actions import record_change
from wellchat.changes.models import Change
from wellchat.db import db, transaction
from wellchat.feature import Feature, FeatureError, Registry, registry

Loaded = list[tuple[str, list[str]]]


@pytest.fixture
def loaded(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """A feature declares the kind `goal`; who asked it for which ids."""
    calls: Loaded = []

    def load(viewer: User, ids: Sequence[str], now: datetime) -> list[dict[str, Any]]:
        calls.append((viewer.id, list(ids)))
        return [{"id": ref_id, "title": f"goal {ref_id}"} for ref_id in ids]

    declared = Feature("goals", changes={"goal": load})
    monkeypatch.setitem(app.extensions, "features", Registry([*registry().features, declared]))
    return calls


def change(user_id: str, *ref_ids: str, kind: str = "goal") -> None:
    for ref_id in ref_ids:
        with transaction():
            record_change(user_id=user_id, kind=kind, ref_id=ref_id)


def test_a_kind_that_nobody_declares_is_refused_at_once(app: Flask, talk: Talk) -> None:
    with pytest.raises(FeatureError, match="no kind of change 'goal'"):
        change(talk.cara.id, "a")
    assert "goal" not in db.session.execute(select(Change.kind)).scalars().all()


@pytest.mark.each_database
def test_an_update_carries_each_thing_once_under_the_plural(
    app: Flask, api: Any, talk: Talk, loaded: Loaded
) -> None:
    program = api(talk.cara)
    since = program.get("/api/me").json["cursor"]
    change(talk.cara.id, "a", "b", "a")
    change(talk.paul.id, "c")
    update = program.get("/api/updates", query_string={"since": since}).json
    assert update["goals"] == [{"id": "a", "title": "goal a"}, {"id": "b", "title": "goal b"}]
    assert loaded == [(talk.cara.id, ["a", "b"])]
    assert program.get("/api/updates", query_string={"since": update["cursor"]}).status_code == 204


def test_an_update_without_such_a_change_has_no_key_and_no_more_statements(
    app: Flask, api: Any, talk: Talk, queries: Callable[[], Any], request: pytest.FixtureRequest
) -> None:
    program = api(talk.paul)
    since = program.get("/api/me").json["cursor"]
    talk.exchange("c")

    def ask() -> tuple[set[str], int]:
        with queries() as counted:
            update = program.get("/api/updates", query_string={"since": since}).json
        return set(update), counted.count

    ask()  # the first one also confirms what came before
    before = ask()
    loaded: Loaded = request.getfixturevalue("loaded")
    assert ask() == before
    assert loaded == []


def test_what_a_feature_left_behind_when_it_was_switched_off_is_passed_over(
    app: Flask, api: Any, talk: Talk, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = api(talk.cara)
    since = program.get("/api/me").json["cursor"]
    change(talk.cara.id, "a")
    off = [feature for feature in registry().features if feature.name != "goals"]
    monkeypatch.setitem(app.extensions, "features", Registry(off))
    update = program.get("/api/updates", query_string={"since": since}).json
    assert "goals" not in update
    assert program.get("/api/updates", query_string={"since": update["cursor"]}).status_code == 204


def test_the_document_describes_the_key(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    declared = Feature("goals", changes={"goal": lambda *_: []})
    app.extensions["features"] = Registry([*app.extensions["features"].features, declared])
    update = app.test_client().get("/api/openapi.json").json["components"]["schemas"]["Update"]
    assert update["properties"]["goals"]["items"] == {"type": "object"}
    assert "goals" not in update["required"]
