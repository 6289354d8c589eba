"""A token has a life and a scope: it ends, is counted, says where it was used, and may not do everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.accounts.conftest import mails_to
from tests.cast import Cast, Talk
from tests.fixtures import Program
from tests.outsiders import call, fill, samples_of, values_for
from wellchat import clock
from wellchat.accounts.actions import create_token, note_token, trim_tokens
from wellchat.accounts.models import BY_PASSWORD, PAGE, Token
from wellchat.accounts.queries import tokens_of, user_by_token
from wellchat.accounts.scopes import ANY, CLOSED, READ, SCOPES, SEND, needed_scope
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.errors import Conflict

DAY = timedelta(days=1)


def tokens() -> list[Token]:
    db.session.rollback()
    query = db.select(Token).order_by(Token.created_at)
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def recorded() -> list[str]:
    db.session.rollback()
    kinds = db.session.execute(db.select(AuditEvent.kind).order_by(AuditEvent.at)).scalars()
    return [kind for kind in kinds if kind.startswith("token.")]


@pytest.mark.each_database
def test_a_token_ends_by_time(app: Flask, cast: Cast, now: Any) -> None:
    secret = create_token(user_id=cast.cara.id, now=now)
    assert user_by_token(secret, now=now + 90 * DAY - timedelta(seconds=1)) is not None
    assert user_by_token(secret, now=now + 90 * DAY) is None
    assert trim_tokens(now=now + 89 * DAY) == 0
    assert trim_tokens(now=now + 90 * DAY) == 1


def test_a_token_from_before_ends_after_a_year(app: Flask, cast: Cast, change: Any, now: Any) -> None:
    secret = create_token(user_id=cast.cara.id, now=now)
    change(tokens()[0], ends_at=None)
    assert user_by_token(secret, now=now + 364 * DAY) is not None
    assert user_by_token(secret, now=now + 365 * DAY) is None


@pytest.mark.parametrize(
    ("form", "days", "scopes"),
    [
        ({}, 90, "read send"),
        ({"days": "7", "scopes": "read"}, 7, "read"),
        ({"days": "365", "scopes": "read send"}, 365, "read send"),
    ],
)
def test_a_person_chooses_what_a_token_may_and_how_long(
    visitor: Any, cast: Cast, form: dict[str, str], days: int, scopes: str
) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    assert browser.post("/settings/tokens", data={"token_name": "cron", **form}).status_code == 200
    (token,) = tokens()
    assert token.ends_at is not None
    assert (token.ends_at - token.created_at, token.scopes) == (days * DAY, scopes)
    assert (token.made_by, token.network) == (PAGE, "127.0.0.0/24")
    assert [mail.name for mail in mails_to("cara@example.com")] == ["token_made"]
    assert recorded() == ["token.made"]


@pytest.mark.parametrize(
    "form", [{"days": "0"}, {"days": "9999"}, {"days": "x"}, {"scopes": "admin"}, {"scopes": "read admin"}]
)
def test_no_other_life_or_scope_can_be_chosen(visitor: Any, cast: Cast, form: dict[str, str]) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    answer = browser.post("/settings/tokens", data={"token_name": "my cron", **form})
    assert answer.status_code == 422
    assert b"my cron" in answer.data
    assert tokens() == []


def test_a_token_is_made_only_after_a_fresh_proof(visitor: Any, cast: Cast, change: Any) -> None:
    from tests.accounts.test_sessions import rows

    browser = visitor()
    browser.sign_in("cara@example.com")
    change(rows()[0], proved_at=clock.now() - timedelta(minutes=11))
    answer = browser.post("/settings/tokens", data={"token_name": "cron"})
    assert answer.location.startswith("/prove?next=")
    assert b"Show that it is you, to make a token" in browser.get("/settings").data
    assert tokens() == []


def test_no_token_makes_a_token(app: Flask, cast: Cast, now: Any) -> None:
    program = Program(app, create_token(user_id=cast.cara.id, scopes=SCOPES, now=now))
    account = {"email": "cara@example.com", "password": "wrong"}
    assert program.post("/api/tokens", json=account).status_code == 401
    assert program.post("/settings/tokens", data={"token_name": "x"}).status_code == 403
    assert len(tokens()) == 1


@pytest.mark.each_database
def test_a_person_has_at_most_twenty(app: Flask, cast: Cast, now: Any, visitor: Any) -> None:
    account = {"email": "cara@example.com", "password": "correct horse"}
    create_token(user_id=cast.cara.id, now=now)  # the operator's are not counted
    for made_by in (BY_PASSWORD, *[PAGE] * 19):
        create_token(user_id=cast.cara.id, made_by=made_by, now=now)
    with pytest.raises(Conflict, match="20 tokens"):
        create_token(user_id=cast.cara.id, made_by=PAGE, now=now)
    # A program that signs in again and again goes on: its oldest token makes room.
    assert app.test_client().post("/api/tokens", json=account).status_code == 201
    assert [token.made_by for token in tokens()].count(BY_PASSWORD) == 1
    assert len(tokens()) == 21


def test_at_once_no_more_than_twenty_are_made(app: Flask, cast: Cast, now: Any, at_once: Any) -> None:
    for _ in range(18):
        create_token(user_id=cast.cara.id, made_by=PAGE, now=now)
    user_id = cast.cara.id

    def make(_number: int) -> bool:
        try:
            create_token(user_id=user_id, made_by=PAGE, now=now)
        except Conflict:
            return False
        return True

    assert sorted(at_once(4, make)) == [False, False, True, True]


def test_a_program_that_signs_in_from_one_place_is_mailed_about_once(app: Flask, cast: Cast) -> None:
    account = {"email": "cara@example.com", "password": "correct horse"}
    for _ in range(3):
        assert app.test_client().post("/api/tokens", json=account).status_code == 201
    assert [mail.name for mail in mails_to("cara@example.com")] == ["token_made"]
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.9"}}
    assert app.test_client().post("/api/tokens", json=account, **elsewhere).status_code == 201
    assert len(mails_to("cara@example.com")) == 2


def test_the_last_use_is_written_once_an_hour(
    app: Flask, cast: Cast, api: Any, now: Any, queries: Any
) -> None:
    program = api(cast.cara)
    with queries() as first:
        assert program.get("/api/me").status_code == 200
    (token,) = tokens()
    assert token.used_at is not None
    assert token.network == "127.0.0.0/24"
    with queries() as second:
        assert program.get("/api/me").status_code == 200
    assert second.count == first.count - 1
    assert tokens()[0].used_at == token.used_at


@pytest.mark.each_database
def test_the_hour_counts_from_the_last_write(app: Flask, cast: Cast, now: Any) -> None:
    secret = create_token(user_id=cast.cara.id, now=now)
    for minutes, written in ((0, 0), (59, 0), (60, 60), (61, 60)):
        at = now + timedelta(minutes=minutes)
        user, _ = user_by_token(secret, now=at)
        assert user.token is not None
        note_token(user.token, network="192.0.2.0/24", now=at)
        assert tokens()[0].used_at == now + timedelta(minutes=written)


def test_revoking_is_recorded(visitor: Any, cast: Cast) -> None:
    browser = visitor()
    browser.sign_in("cara@example.com")
    browser.post("/settings/tokens", data={"token_name": "cron"})
    browser.post(f"/settings/tokens/{tokens()[0].id}/revoke")
    assert (tokens(), recorded()) == ([], ["token.made", "token.ended"])


# Scopes


@pytest.fixture
def with_scopes(app: Flask, now: Any) -> Callable[..., Program]:
    """with_scopes(user, "read"): a program with a token of these scopes."""
    return lambda user, *scopes: Program(app, create_token(user_id=user.id, scopes=scopes, now=now))


def test_every_route_asks_for_its_scope(
    app: Flask, talk: Talk, cast: Cast, now: Any, with_scopes: Callable[..., Program], everything: Any
) -> None:
    """By construction: every route, every method, with each scope alone. What is refused changes nothing."""
    samples = samples_of(app, talk, now)
    without = {scope: with_scopes(talk.cara, *(each for each in SCOPES if each != scope)) for scope in SCOPES}
    whole = with_scopes(talk.cara, *SCOPES)
    before, refused = everything(), 0
    for rule in app.url_map.iter_rules():
        if not samples.keys() >= rule.arguments - {"seq"}:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            needed = needed_scope(rule.rule, method)
            if needed == ANY:
                continue
            program = whole if needed is CLOSED else without[needed]
            answer = call(program, method, rule, fill(rule, **values_for(rule, samples)), samples)
            if rule.rule in ("/api/host/openapi.json", "/api/host/docs"):
                assert answer.status_code == 200
                continue
            if rule.rule.startswith("/api/host/"):
                # It takes keys of the host: there, a person's token is nobody's.
                assert answer.status_code == 401, (method, rule.rule)
                continue
            assert answer.status_code == 403, (method, rule.rule)
            assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
            refused += 1
    assert refused > 90
    assert everything() == before


def test_what_each_scope_is_for(app: Flask) -> None:
    found = {
        (needed_scope(rule.rule, method), rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    closed = {rule for scope, rule in found if scope is CLOSED}
    assert all(rule in closed for _, rule in found if rule.startswith(("/settings", "/oversight", "/prove")))
    assert not [rule for rule in closed if rule.startswith("/api/") and not rule.startswith("/api/host/")]
    assert (READ, "/api/threads") in found
    assert (SEND, "/api/threads/<thread_id>/messages") in found
    assert (ANY, "/api/tokens/current") in found


def test_a_reading_token_reads_and_ends_itself(talk: Talk, with_scopes: Callable[..., Program]) -> None:
    program = with_scopes(talk.cara, READ)
    assert program.get(f"/api/threads/{talk.id}/messages").status_code == 200
    body = {"body": "hi", "client_key": "k"}
    assert program.post(f"/api/threads/{talk.id}/messages", json=body).status_code == 403
    assert program.delete("/api/tokens/current").status_code == 204
    assert program.get("/api/me").status_code == 401


def test_the_pages_of_administrators_are_closed_to_tokens(
    cast: Cast, with_scopes: Callable[..., Program]
) -> None:
    assert with_scopes(cast.ada, *SCOPES).get("/oversight").status_code == 403


def test_tokens_are_listed_with_their_life(visitor: Any, cast: Cast, now: Any) -> None:
    create_token(user_id=cast.cara.id, name="cron", scopes=[READ], now=now)
    create_token(user_id=cast.cara.id, name="old one", lasts=timedelta(0), now=now)
    browser = visitor()
    browser.sign_in("cara@example.com")
    page = browser.get("/settings").get_data(as_text=True)
    assert "May read ·" in page
    assert "Not used yet" in page
    assert "old one" not in page
    assert len(tokens_of(cast.cara)) == 2


@pytest.mark.parametrize(
    ("words", "lasts", "scopes"),
    [
        ([], timedelta(hours=1), "read send"),
        (["--days", "30", "--scope", "read"], 30 * DAY, "read"),
        (["--scope", "read", "--scope", "host"], timedelta(hours=1), "read host"),
    ],
)
def test_the_operator_makes_a_token_for_an_hour_or_some_days(
    app: Flask, cast: Cast, words: list[str], lasts: timedelta, scopes: str
) -> None:
    made = app.test_cli_runner().invoke(args=["token", "create", "cara@example.com", *words])
    assert made.exit_code == 0
    (token,) = tokens()
    assert token.ends_at is not None
    assert (token.ends_at - token.created_at, token.scopes) == (lasts, scopes)
    assert mails_to("cara@example.com") == []
    for bad in (["--days", "0"], ["--days", "366"], ["--scope", "all"]):
        assert app.test_cli_runner().invoke(args=["token", "create", "cara@example.com", *bad]).exit_code == 2
