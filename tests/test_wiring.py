"""What must fit together across the whole: routes and guards, tasks and their names, models and migrations.

That every template is rendered by some test is held by tests/rendering.py, at the end of a full run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import MetaData, create_engine, insert
from werkzeug.routing import Rule

from tests.cast import Talk, gather
from tests.databases import migrate
from wellchat import branding, create_app
from wellchat.changes.models import Change
from wellchat.config import read_settings
from wellchat.db import Base, db, transaction

ROOT = Path(__file__).parent.parent

# What nobody needs to be signed in for, and why that is right.
PUBLIC = {
    "static": "the page's own files",
    "asset": "the same, by their content",
    "host_api.openapi": "how to speak to us as the platform",
    "host_api.reference": "the same, to read",
    "host_pages.sign_in_by_link": "the signed link says who",
    "brand.logo": "a part of every page, of the sign-in page too",
    "health.healthz": "balancers ask it",
    "health.readyz": "balancers ask it",
    "health.metrics": "figures without people in them; keep it off the outer network",
    "openapi.spec": "how to speak to us",
    "api_docs": "the same, to read",
    "accounts_api.post_token": "a password for a token",
    "accounts.sign_in": "on the way in",
    "accounts.post_sign_in": "on the way in",
    "accounts.sign_up": "on the way in",
    "accounts.post_sign_up": "on the way in",
    "accounts.sign_out": "harmless to nobody",
    "disclosure.security_txt": "whom to tell of a security problem (RFC 9116)",
    "disclosure.change_password": "leads to the page, which asks who is there",
    "disclosure.take_reports": "browsers send them without a cookie; they are counted",
    "accounts.forgot_password": "on the way in",
    "accounts.post_forgot_password": "on the way in",
    "accounts.reset_password": "the signed link says who",
    "accounts.post_reset_password": "the signed link says who",
    "accounts.verify": "the signed link says who",
    "accounts.post_verify": "the signed link says who",
    "admission.invited": "the signed link says who",
    "admission.post_invited": "the signed link says who",
    "sso.take_token": "the token, signed by the platform, says who",
    "sso.refuse_address": "refuses what comes there",
    "sso.start": "leads to the platform",
    "sso_arrival.arrive": "the sealed note of the door says who",
    "sso_arrival.switch": "the same",
    "oidc.start": "leads to the provider",
    "oidc.callback": "the provider's signed token says who",
    "oidc.backchannel_logout": "the provider's signed token says whose sessions end",
    "oidc.signed_out": "on the way out",
    "oidc.sign_out": "leads to the provider",
    "factors_sign_in.second_step": "on the way in: the password was right",
    "factors_sign_in.post_second_step": "the same",
    "factors_sign_in.post_second_passkey": "the same",
    "factors_sign_in.passkey_options": "on the way in",
    "factors_sign_in.post_passkey": "on the way in: the passkey says who",
    "factors_links.stop_reset": "the signed link says who",
    "factors_links.post_stop_reset": "the signed link says who",
    "mailed_links.not_me": "the signed link says who",
    "mailed_links.post_not_me": "the signed link says who",
    "mailed_links.confirm_address": "the signed link says who",
    "mailed_links.post_confirm_address": "the signed link says who",
    "mailed_links.undo_address": "the signed link says who",
    "mailed_links.post_undo_address": "the signed link says who",
    "check_ins.refuse_by_mail": "the signed link says for which two people",
    "check_ins.confirm_refusal": "the signed link says for which two people",
    "notifications.unsubscribe": "the signed link says who",
    "notifications.confirm_unsubscribe": "the signed link says who (RFC 8058)",
    "privacy.about": "says what is kept, also to people without an account",
    "privacy.confirm_keep": "the signed link says who",
    "privacy.keep_by_link": "the signed link says who",
    "mail.captured_mails": "only where no mail server is set: the mails of the embedded default",
    "mail.captured_mail": "the same",
    "mail.captured_html": "the same",
    "portfolio_public.page": "only of professionals who turned it on",
    "portfolio_public.picture": "only with the client's consent",
    "portfolio_public.thumbnail": "the same",
    "invites.public_page": "only of professionals who show it to everybody",
    "invites.picture": "the same",
    "offline.service_worker": "the page's own file; the browser fetches it without the page",
    "offline.manifest": "the same",
    "offline.app_icon": "the same",
    "offline.offline": "one page for everybody, with nothing of anybody's",
    "demo.switcher": "only where the demo is loaded, for who is close by",
    "demo.become": "only people of the demo, for who is close by",
}


def rules() -> list[Rule]:
    settings = read_settings({}, INSTANCE=ROOT, SECRET_KEY="0123456789abcdef" * 2, VAPID_KEY="A" * 42 + "E")
    return sorted(create_app(settings).url_map.iter_rules(), key=str)


def calls_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


each_call = pytest.mark.parametrize(
    ("rule", "method"), [pytest.param(r, m, id=f"{m} {r}") for r in rules() for m in calls_of(r)]
)


@each_call
def test_every_route_is_guarded(app: Flask, client: Any, rule: Rule, method: str) -> None:
    if rule.endpoint in PUBLIC:
        return
    values = {name: 1 if name == "seq" else "0000000000000" for name in rule.arguments}
    with app.test_request_context():
        path = rule.build(values, append_unknown=False)[1]
    answer = client.open(path, method=method, json={} if path.startswith("/api") else None)
    if path.startswith("/api/"):
        assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    else:
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in")


def test_what_is_public_is_a_route() -> None:
    assert set(PUBLIC) <= {rule.endpoint for rule in rules()}


# Tasks


def enqueued() -> Iterator[str]:
    for path in [*ROOT.glob("wellchat/**/*.py"), *ROOT.glob("worker/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "enqueue":
                name = node.args[0]
                assert isinstance(name, ast.Constant), f"{path}:{node.lineno}: a task's name is written out"
                yield name.value


@pytest.fixture
def worker_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The Celery application as a worker loads it."""
    monkeypatch.setenv("WELLCHAT_INSTANCE", str(tmp_path))
    monkeypatch.setenv("WELLCHAT_FEATURES", "events")  # what is off by default has tasks, too
    import worker

    worker.app.loader.import_default_modules()
    return worker.app


def test_every_enqueued_name_is_a_task(worker_app: Any) -> None:
    names = set(enqueued())
    assert names
    assert names <= set(worker_app.tasks)


def test_every_beat_entry_is_a_task(worker_app: Any) -> None:
    entries = {entry["task"] for entry in worker_app.conf.beat_schedule.values()}
    assert entries
    assert entries <= set(worker_app.tasks)


def test_a_task_has_the_brand_of_now(worker_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import worker

    class Ask(worker.AppContextTask):
        def run(self) -> Any:
            return current_app.config["NAME"]

    app = worker.flask_app
    for key, value in dict(app.config).items():
        # Put back at the end: the module is there for others.
        monkeypatch.setitem(app.config, key, value)
    branding.follow(app, lambda version: branding.Stored(version + 1, {"NAME": "Halo"}, None, {}))
    monkeypatch.setitem(app.config, branding.KNOWN, app.config[branding.KNOWN]._replace(good_until=0.0))
    assert Ask()() == "Halo"


def test_tasks_are_doorbells() -> None:
    for path in ROOT.glob("worker/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                "task" in ast.unparse(d) for d in node.decorator_list
            ):
                assert node.end_lineno is not None
                assert node.end_lineno - node.lineno < 10, f"{path.name}: {node.name} does more than ring"


# Migrations


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_app(request: pytest.FixtureRequest, make_app: Callable[..., Flask], tmp_path: Path) -> Flask:
    """An application on an empty database of its own."""
    if request.param == "postgresql":
        return make_app(DATABASE_URL=request.getfixturevalue("postgresql_url"))
    return make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'fresh.db'}")


def differences(connection: Any) -> list[Any]:
    options = {"compare_type": True, "include_name": is_modelled, "include_object": is_own}
    return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def is_own(thing: Any, _name: str | None, kind: str, reflected: bool, _compared: Any) -> bool:
    """Not the tables of examples, which other tests may have loaded."""
    own = {str(m.local_table) for m in Base.registry.mappers if m.class_.__module__.startswith("wellchat.")}
    return kind != "table" or reflected or thing.name in own


def is_modelled(name: str | None, _kind: str, _parents: Any) -> bool:
    """Return False for the full-text index only: each database has its own, and tests/search checks it."""
    return name != "search_entries_tokens" and not (name or "").startswith("search_entries_fts")


def test_models_equal_migrations(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            assert differences(connection) == []
        db.engine.dispose()


@pytest.mark.slow
def test_migrations_run_up_and_down_with_data(fresh_app: Flask, now: Any) -> None:
    with fresh_app.app_context():
        migrate(fresh_app)
        talk = Talk(gather(now), now)
        talk.exchange("cpc")
        with transaction() as session:  # of a feature that declares the kind
            session.execute(insert(Change).values(user_id=talk.cara.id, seq=999, kind="goal", ref_id="g"))
        db.session.remove()
        script = ScriptDirectory(fresh_app.extensions["migrate"].directory)
        for _ in script.walk_revisions():
            flask_migrate.downgrade()
        assert tables_of(fresh_app) == {"alembic_version"}
        flask_migrate.upgrade()
        with db.engine.connect() as connection:
            assert differences(connection) == []
        Talk(gather(now), now).exchange("cpc")
        db.session.remove()
        db.engine.dispose()


def tables_of(app: Flask) -> set[str]:
    engine = create_engine(app.config["DATABASE_URL"])
    found = MetaData()
    found.reflect(engine)
    engine.dispose()
    return set(found.tables)


def test_there_is_one_head(app: Flask) -> None:
    assert len(ScriptDirectory(app.extensions["migrate"].directory).get_heads()) == 1


def test_migrations_import_no_models() -> None:
    for path in ROOT.glob("migrations/versions/*.py"):
        assert "wellchat" not in path.read_text(), f"{path.name} would change its meaning when the code moves"
