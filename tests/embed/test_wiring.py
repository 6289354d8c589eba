"""The routes of the embed: guarded, limited, recorded. The tables of the whole do not have them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.audit.test_routes import unsafe_routes
from tests.outsiders import call, plain, samples_of, values_for
from tests.test_api_docs import (
    test_every_call_is_in_the_document,
    test_every_example_has_the_shape_it_is_an_example_of,
    test_the_document_is_valid,
    told,
)
from tests.test_limits import DOCS, limits_of_the_code, limits_of_the_docs
from wellchat.db import new_id
from wellchat.identities.actions import link
from wellchat.identities.models import HOST

# They run here with the calls of frames, too.
__all__ = [
    "test_every_call_is_in_the_document",
    "test_every_example_has_the_shape_it_is_an_example_of",
    "test_the_document_is_valid",
    "told",
]

EMBED = DOCS.parent / "embed.md"
# What nobody needs an access token for, and why that is right.
PUBLIC = {
    "embed.inbox": "holds nothing",
    "embed.thread": "holds nothing",
    "embed.hub": "holds nothing",
    "embed.view": "holds nothing",
    "embed.download": "the signed address says who, and which file",
    "embed.leave": "the signed link says who",
    "embed_script.v1": "the script of the platform's pages",
    "embed_script.v1_panes": "its second script",
    "embed_api.create_embed_session": "the token, signed by the platform, says who",
}
# Unsafe routes and what they record, or why they need not.
RECORDED = {
    "POST /api/embed/sessions": "embed.started, sso.refused, sso.person_made, sso.joined",
    "DELETE /api/embed/sessions/current": "a session of minutes, which ends by itself",
    "POST /api/embed/threads": "what people say to each other",
    "POST /api/embed/lists": "it only reads; what is looked for is posted, so that it stands in no address",
    "POST /api/embed/links": "its use is: session.started",
    "POST /api/attachments/<attachment_id>/links": "what people say to each other",
}


@pytest.fixture
def off(make_app: Any) -> Flask:
    app: Flask = make_app()
    return app


def test_every_route_is_guarded(app: Flask, off: Flask, client: Any) -> None:
    known = {(rule.rule, rule.endpoint) for rule in off.url_map.iter_rules()}
    own = [rule for rule in app.url_map.iter_rules() if (rule.rule, rule.endpoint) not in known]
    assert len(own) > len(PUBLIC)
    for rule in own:
        if rule.endpoint in PUBLIC:
            continue
        with app.test_request_context():
            path = rule.build(dict.fromkeys(rule.arguments, "0000000000000"), append_unknown=False)[1]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client.open(path, method=method, json={}).status_code == 401, (method, path)


def test_what_a_frame_shows_is_no_outsiders(
    app: Flask, talk: Any, cast: Any, host: Any, frame: Any, now: Any
) -> None:
    link(user_id=cast.olga.id, source=HOST, external_id="o-1", now=now)
    olga, samples = frame(host.token(sub="o-1")), samples_of(app, talk, now)
    tried = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("embed_shown") or not rule.arguments - {"user_id"}:
            continue
        values = values_for(rule, samples)
        missing = {name: new_id() for name in values}
        theirs, nothing = (
            call(olga, "GET", rule, rule.build(each)[1], samples) for each in (values, missing)
        )
        assert theirs.status_code == nothing.status_code == 404
        assert plain(theirs, values) == plain(nothing, missing)
        tried += 1
    assert tried == 3


def test_every_unsafe_route_is_accounted_for(app: Flask, off: Flask) -> None:
    assert unsafe_routes(app) - unsafe_routes(off) == set(RECORDED)


def test_the_docs_have_every_limit(app: Flask, off: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, found = limits_of_the_code(off), limits_of_the_code(app)
    monkeypatch.setattr("tests.test_limits.DOCS", EMBED)
    told = {
        call_: {one.partition(";")[0] for one in limits} for call_, limits in limits_of_the_docs().items()
    }
    assert told == {call_: limits for call_, limits in found.items() if call_ not in usual}


def test_the_calls_of_frames_have_names_that_stay(told: Any) -> None:
    assert {
        *("create_embed_session", "end_embed_session", "find_embed_thread", "find_embed_list"),
        *("create_embed_link", "create_attachment_link"),
    } <= set(told.operations)
    for schema in told.document["components"]["schemas"].values():
        assert not [field for field in schema["properties"].values() if "default" in field]
