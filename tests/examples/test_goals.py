"""The example of docs/adding-a-feature.md, on and off, and what happens when a part of it is forgotten."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from sqlalchemy import func, select

from tests.cast import Cast, Talk
from tests.examples.conftest import migrate
from tests.outsiders import samples_of, without_sample
from tests.test_outsiders import (  # noqa: F401 - with the routes of the example
    test_every_address_with_a_variable_is_accounted_for,
    test_nobody_gets_further_than_the_door,
    test_outsiders_changed_nothing,
    test_what_is_not_yours_is_not_there,
)
from wellchat import sweeps
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.changes.actions import record_change
from wellchat.db import Base, db, transaction
from wellchat.feature import Feature, FeatureError, NavItem, Registry, registry
from wellchat.feature_checks import check
from wellchat.features import all_features
from wellchat.notifications.actions import notify
from wellchat.notifications.models import Notification
from wellchat.places import ThreadPanel

ROUTES = {
    "/api/threads/<thread_id>/goals",
    "/api/goals/<goal_id>",
    "/goals",
    "/goals/<goal_id>",
    "/threads/<thread_id>/goals",
}


def told(user_id: str) -> list[str]:
    query = select(Notification.preview).where(Notification.user_id == user_id, Notification.kind == "goal")
    previews = list(db.session.execute(query).scalars())
    db.session.rollback()
    return previews


def feature() -> Feature:
    found: Feature = import_module("examples.goals").feature
    return found


# On


@pytest.mark.each_database
def test_a_goal_is_set_seen_by_both_and_done(app: Flask, api: Any, talk: Talk, now: datetime) -> None:
    cara, paul = api(talk.cara), api(talk.paul)
    since = cara.get("/api/me").json["cursor"]
    due = (now + timedelta(days=3)).date().isoformat()
    answer = paul.post(f"/api/threads/{talk.id}/goals", json={"title": " Run 5 km ", "due_on": due})
    goal = answer.json["goal"]
    assert answer.status_code == 201
    assert goal == {
        "id": goal["id"],
        "author_id": talk.paul.id,
        "title": "Run 5 km",
        "due_on": due,
        "done": False,
    }
    update = cara.get("/api/updates", query_string={"since": since}).json
    assert update["goals"] == [goal]
    assert cara.patch(f"/api/goals/{goal['id']}", json={"done": True}).json["goal"]["done"] is True
    assert paul.get(f"/api/threads/{talk.id}/goals").json == {"goals": [goal | {"done": True}]}
    update = cara.get("/api/updates", query_string={"since": update["cursor"]}).json
    assert update["goals"] == [goal | {"done": True}]


@pytest.mark.each_database
def test_people_are_told_once_when_it_is_set_and_once_when_it_is_due(
    app: Flask, api: Any, talk: Talk, now: datetime
) -> None:
    cara, paul = talk.cara.id, talk.paul.id
    due = (now + timedelta(days=3)).date()
    body = {"title": "Run 5 km", "due_on": due.isoformat()}
    assert api(talk.paul).post(f"/api/threads/{talk.id}/goals", json=body).status_code == 201
    assert told(cara) == []
    for _ in range(2):
        sweeps.run(now + timedelta(minutes=1))
    assert (told(cara), told(paul)) == (["Goal: Run 5 km"], [])
    morning = datetime.combine(due, time(8), now.tzinfo)
    assert sweeps.run(morning - timedelta(minutes=1))["goals_notified"] == 0
    assert sweeps.run(morning)["goals_notified"] == 1
    assert sweeps.run(morning)["goals_notified"] == 0
    assert told(paul) == ["Goal: Run 5 km"]


def test_a_goal_that_fails_is_tried_later_and_holds_up_no_other(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = import_module("examples.goals.actions")
    bad, good = (
        actions.set_goal(viewer=talk.cara, thread_id=talk.id, title=title, due_on=None, now=now).id
        for title in ("bad", "good")
    )
    true_notify = actions.notify

    def fail_for_bad(**values: Any) -> Any:
        if "bad" in values["preview"]:
            raise RuntimeError("no")
        return true_notify(**values)

    monkeypatch.setattr(actions, "notify", fail_for_bad)
    assert actions.sweep(now) == {"goals_notified": 1}
    db.session.rollback()
    assert db.session.get_one(actions.Goal, bad).notify_at == now + actions.RETRY_AFTER
    assert db.session.get_one(actions.Goal, good).notify_at is None
    assert actions.sweep(now) == {"goals_notified": 0}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "x" * 201},
        {"title": 1},
        {"title": "x", "due_on": "soon"},
        {"title": "x", "due_on": 7},
        {"title": "x", "done": True},
    ],
)
def test_bad_input_is_refused_by_call_and_page(
    app: Flask, api: Any, browse: Any, talk: Talk, body: dict[str, Any]
) -> None:
    answer = api(talk.cara).post(f"/api/threads/{talk.id}/goals", json=body)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    if "done" not in body and body.get("title") != 1 and body.get("due_on") != 7:
        assert browse(talk.cara).post(f"/threads/{talk.id}/goals", data=body).status_code == 422
    assert db.session.execute(select(func.count()).select_from(goals_table())).scalar_one() == 0


def goals_table() -> Any:
    return import_module("examples.goals.models").Goal.__table__


def test_it_stands_on_the_pages_that_have_a_place_for_it(
    app: Flask, browse: Any, talk: Talk, cast: Cast
) -> None:
    talk.exchange("c")
    paul = browse(talk.paul)
    assert paul.post(f"/threads/{talk.id}/goals", data={"title": "Run 5 km", "due_on": ""}).status_code == 303
    thread = paul.get(f"/threads/{talk.id}").text
    assert f'data-changes="goals" data-source="/threads/{talk.id}/goals"' in thread
    assert "Run 5 km" in thread
    assert f'href="/threads/{talk.id}/goals"' in thread  # in the menu of the composer
    assert '"liveSection":"live_section"' in thread
    assert '<circle cx="10" cy="10" r="2.75"/>' in thread
    assert "Run 5 km" in paul.get(f"/people/{talk.cara.id}").text
    page = paul.get("/goals").text
    assert re.search(r'href="/goals" aria-label="Goals" aria-current="page"', page)
    goal_id = re.findall(r'action="/goals/(\w+)"', page)[0]
    assert browse(talk.cara).post(f"/goals/{goal_id}", data={"done": "1"}).status_code == 303
    assert "<s>Run 5 km</s>" in paul.get("/goals").text
    assert 'aria-label="Goals"' not in browse(cast.ada).get("/").text


def test_search_finds_it_for_its_two_people(
    app: Flask, api: Any, browse: Any, talk: Talk, cast: Cast
) -> None:
    assert api(talk.cara).post(f"/api/threads/{talk.id}/goals", json={"title": "Run 5 km"}).status_code == 201
    hit = {"title": "Run 5 km", "path": "/goals", "excerpt": ""}
    ask = {"q": "run", "names": "true"}
    assert api(talk.paul).get("/api/search", query_string=ask).json["others"] == [
        {"label": "Goals", "hits": [hit]}
    ]
    assert api(cast.rita).get("/api/search", query_string=ask).json["others"] == []
    assert "Run 5 km" in browse(talk.paul).get("/search?q=run").text


def test_the_device_keeps_its_page_and_its_script(app: Flask, client: Any) -> None:
    worker = client.get("/sw.js").text
    assert '"paths":["/","/threads/\\\\w+","/goals"]' in worker
    assert "js/features/live_section.js" in worker


def test_the_document_describes_it(app: Flask, client: Any) -> None:
    document = client.get("/api/openapi.json").json
    assert document["paths"]["/api/goals/{goal_id}"]["patch"]["summary"] == "Mark a goal done, or open again."
    schemas = document["components"]["schemas"]
    assert {"goals"} <= set(schemas["Update"]["properties"]) - set(schemas["Update"]["required"])
    assert {"others"} <= set(schemas["SearchAnswer"]["properties"]) - set(schemas["SearchAnswer"]["required"])


def test_a_person_takes_it_along_and_is_erased(app: Flask, api: Any, talk: Talk, now: datetime) -> None:
    api(talk.cara).post(f"/api/threads/{talk.id}/goals", json={"title": "Run 5 km"})
    assert [row["title"] for row in export_person(talk.cara.id)["goals"]] == ["Run 5 km"]
    erase_person(user_id=talk.cara.id, now=now)
    goals = api(talk.paul).get(f"/api/threads/{talk.id}/goals").json["goals"]
    assert [goal["title"] for goal in goals] == ["Gone"]
    (declared,) = [each.personal_data for each in all_features() if each.name == "goals"]
    assert declared is not None
    assert set(declared.columns) == {
        f"goals.{key.parent.name}" for key in goals_table().foreign_keys if key.column.table.name == "users"
    }


@pytest.mark.each_database
def test_its_migration_makes_the_model_and_goes_down(
    app: Flask, engine: str, request: pytest.FixtureRequest
) -> None:
    with db.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [each for each in found if "goals" in str(each)] == []
    db.session.remove()
    migrate(app, "downgrade")
    try:
        assert "goals" not in db.inspect(db.engine).get_table_names()
    finally:
        migrate(app, "upgrade")


# Off


@pytest.fixture
def without(make_app: Callable[..., Flask]) -> Flask:
    """The application as it is delivered."""
    return make_app()


def test_off_it_leaves_no_trace(app: Flask, without: Flask) -> None:
    on, off = ({str(rule) for rule in each.url_map.iter_rules()} for each in (app, without))
    assert on - off == ROUTES
    worker = without.test_client().get("/sw.js").text
    assert '"paths":["/","/threads/\\\\w+"]' in worker
    assert "goals" not in worker
    document = without.test_client().get("/api/openapi.json").json
    assert "goals" not in document["components"]["schemas"]["Update"]["properties"]
    assert "/api/goals/{goal_id}" not in document["paths"]


def test_off_no_page_takes_another_statement(
    app: Flask, browse: Any, api: Any, talk: Talk, queries: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A feature that declares no places costs no page a statement; each place that goals has costs a few."""
    talk.exchange("cp")
    paths = (
        "/",
        f"/threads/{talk.id}",
        f"/people/{talk.cara.id}",
        "/search?q=message",
        "/api/search?q=message&names=1",
    )

    def counts() -> list[int]:
        found = []
        for path in paths:
            paul = browse(talk.paul)
            paul.get(path)
            with queries() as counted:
                assert paul.get(path).status_code == 200
            found.append(counted.count)
        return found

    on = counts()
    off = [each for each in registry().features if each.name != "goals"]
    monkeypatch.setitem(app.extensions, "features", Registry(off))
    monkeypatch.setitem(app.jinja_env.globals, "slot", registry().slot)
    without = counts()
    bare = Feature("goals", blueprints=feature().blueprints, changes=feature().changes)
    monkeypatch.setitem(app.extensions, "features", Registry([*off, bare]))
    assert counts() == without
    extra = [more - less for more, less in zip(on, without, strict=True)]
    assert extra[0] == 0, "the inbox has no place for goals"
    assert all(0 < each <= 2 for each in extra[1:]), extra


# Forgotten


@pytest.mark.parametrize(
    ("forgotten", "error"),
    [
        ({"tasks": "examples.goals.none"}, "goals: there is no module examples.goals.none for its tasks"),
        ({"icons": {}}, "goals: there is no icon 'goal' for /goals"),
        (
            {"thread_panels": (ThreadPanel("X", "goals/none.html", lambda *_: None),)},
            "goals: there is no template goals/none.html",
        ),
        ({"scripts": {"liveSection": "none"}}, "goals: there is no script static/js/features/none.js"),
        (
            {"navigation": (NavItem("/goals", "X", "no-goal"),)},
            "goals: there is no icon 'no-goal' for /goals",
        ),
    ],
)
def test_what_is_forgotten_is_an_error_at_start(app: Flask, forgotten: dict[str, Any], error: str) -> None:
    others = [each for each in registry().features if each.name != "goals"]
    with pytest.raises(FeatureError, match=re.escape(error)):
        check(Registry([*others, replace(feature(), **forgotten)]), app)


def declare(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    others = [each for each in registry().features if each.name != "goals"]
    monkeypatch.setitem(app.extensions, "features", Registry([*others, replace(feature(), **changed)]))


def test_an_undeclared_kind_of_notification_is_named(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(app, monkeypatch, notification_kinds=())
    with pytest.raises(FeatureError, match="no kind of notification 'goal'"):
        notify(user_id=talk.cara.id, kind="goal", preview="x", now=now)


def test_an_undeclared_kind_of_change_is_named(
    app: Flask, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(app, monkeypatch, changes={})
    with pytest.raises(FeatureError, match="no kind of change 'goal'"), transaction():
        record_change(user_id=talk.cara.id, kind="goal", ref_id="a")


def test_a_missing_sample_is_named(
    app: Flask, talk: Talk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(app, monkeypatch, samples=None)
    assert without_sample(app, samples_of(app, talk, now)) == [
        "goals: /api/goals/<goal_id> has the argument goal_id; give it a value in Feature.samples",
        "goals: /goals/<goal_id> has the argument goal_id; give it a value in Feature.samples",
    ]


# The guide


def test_the_guide_shows_the_code_as_it_is() -> None:
    root = Path(__file__).parent.parent.parent
    guide = (root / "docs" / "adding-a-feature.md").read_text("utf-8")
    blocks = re.findall(r"^`(examples/goals/[\w./]+)`:\n\n```\w+\n(.*?)^```", guide, re.M | re.S)
    assert len(blocks) >= 6
    for name, block in blocks:
        text = (root / name).read_text("utf-8")
        for piece in block.split("# ...\n"):
            assert piece.strip("\n") in text, f"the guide shows other code than {name}:\n{piece}"
