"""A flag is on for the same people each time, off for all at once, and costs pages no statement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Cast, Talk
from tests.services import wait_for
from wellchat import create_app
from wellchat.accounts.models import User
from wellchat.audit.models import AuditEvent
from wellchat.config import read_settings
from wellchat.db import db
from wellchat.errors import NotAllowed
from wellchat.flags import is_on
from wellchat.flags.actions import stop_flag
from wellchat.flags.known import KNOWN, FlagState, place_of
from wellchat.longpoll.heads import KnownHead
from wellchat.longpoll.wakeups import poll_notifier
from wellchat.scheduled.actions import change_scheduled, schedule_message
from wellchat.scheduled.models import MINE, SEND_LATER

PATH = f"/oversight/flags/{SEND_LATER}"


def put(browser: Any, percent: object = 100, people: str = "", path: str = PATH) -> Any:
    return browser.post(path, data={"percent": str(percent), "people": people})


def test_a_percent_takes_the_same_people_each_time_and_more_as_it_grows() -> None:
    people = [f"person{number}" for number in range(2_000)]
    taken = [{each for each in people if FlagState(percent=p).covers("a", each)} for p in (0, 10, 20, 100)]
    assert [len(each) for each in taken][::3] == [0, 2_000]
    assert taken[1] < taken[2]
    assert 150 < len(taken[1]) < 250
    other = {each for each in people if FlagState(percent=10).covers("b", each)}
    assert len(other & taken[1]) < 60, "another flag takes others"
    assert place_of("a", "person1") == place_of("a", "person1")


@pytest.mark.each_database
def test_owners_change_it_and_the_security_log_says_so(
    app: Flask, cast: Cast, browse: Callable[..., Any], now: datetime
) -> None:
    ada = browse(cast.ada)
    first = ada.get("/oversight/flags").text
    assert "Scheduled messages" in first
    assert "On for everybody" in first
    assert put(ada, 0, f" {cast.paul.email}\n\n{cast.paul.email.upper()}").status_code == 303
    assert (is_on(SEND_LATER, cast.paul), is_on(SEND_LATER, cast.cara)) == (True, False)
    page = ada.get(PATH).text
    assert cast.paul.email in page
    assert 'value="0"' in page
    assert "and for one person by name" in ada.get("/oversight/flags").text
    assert ada.post(f"{PATH}/stop").status_code == 303
    assert not is_on(SEND_LATER, cast.paul), "off for everybody, the named ones too"
    assert "Off for everybody" in ada.get("/oversight/flags").text
    put(ada, 100)
    assert is_on(SEND_LATER, cast.cara)
    rows = (
        db.session.execute(select(AuditEvent).where(AuditEvent.kind.like("flag.%")).order_by(AuditEvent.at))
        .scalars()
        .all()
    )
    assert [(row.kind, row.actor_kind) for row in rows] == [
        ("flag.changed", "person"),
        ("flag.stopped", "person"),
        ("flag.changed", "person"),
    ]
    assert cast.paul.email not in str([row.detail for row in rows])


@pytest.mark.parametrize(
    ("percent", "people", "says"),
    [
        ("101", "", "from 0 to 100"),
        ("-1", "", "from 0 to 100"),
        ("half", "", "from 0 to 100"),
        ("0100000", "", "from 0 to 100"),
        ("9" * 5_000, "", "from 0 to 100"),
        ("5", "nobody@example.org", "Nobody has this address: nobody@example.org"),
        ("5", "\n".join(f"a{n}@example.org" for n in range(201)), "At most 200 people"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_kept(
    app: Flask, cast: Cast, browse: Callable[..., Any], percent: str, people: str, says: str
) -> None:
    answer = put(browse(cast.ada), percent, people)
    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{percent}"' in answer.text
    assert is_on(SEND_LATER, cast.paul)
    strange = {"percent": percent, "people": people, "flag": "x", "errors": "x", "typed": "x"}
    assert browse(cast.ada).post(PATH, data=strange).status_code == 422


def test_what_nobody_declares_is_not_found(app: Flask, cast: Cast, browse: Callable[..., Any]) -> None:
    ada = browse(cast.ada)
    other = "/oversight/flags/other"
    assert {
        ada.get(other).status_code,
        put(ada, path=other).status_code,
        ada.post(f"{other}/stop").status_code,
    } == {404}
    for stranger in (browse(cast.paul), browse(cast.cara)):
        asked = (
            stranger.get("/oversight/flags"),
            stranger.get(PATH),
            put(stranger, 0),
            stranger.post(f"{PATH}/stop"),
        )
        assert {each.status_code for each in asked} == {404}
    assert is_on(SEND_LATER, cast.paul), "nothing was changed"
    with pytest.raises(KeyError):
        is_on("other", cast.paul)


def later(talk: Talk, key: str) -> Any:
    wanted = {"author": talk.cara, "thread_id": talk.id, "body": "Later", "zone_of": MINE}
    return schedule_message(**wanted, client_key=key, send_at=talk.now + timedelta(days=1), now=talk.now)


@pytest.mark.each_database
def test_send_later_is_switched_off_for_new_messages_and_those_that_wait_go_on(
    app: Flask, cast: Cast, talk: Talk, browse: Callable[..., Any]
) -> None:
    cara, ada = browse(talk.cara), browse(cast.ada)
    one, _ = later(talk, "first")
    assert 'id="later-menu"' in cara.get(f"/threads/{talk.id}").text
    ada.post(f"{PATH}/stop")
    assert 'id="later-menu"' not in cara.get(f"/threads/{talk.id}").text
    with pytest.raises(NotAllowed, match="switched off"):
        later(talk, "second")
    assert later(talk, "first") == (one, False), "a retry of what stands is answered"
    changed = change_scheduled(viewer=talk.cara, scheduled_id=one.id, body="Other", now=talk.now)
    assert changed.body == "Other"


def test_a_flag_costs_a_page_no_statement(
    app: Flask, cast: Cast, talk: Talk, browse: Callable[..., Any], queries: Callable[[], Any]
) -> None:
    cara, path = browse(talk.cara), f"/threads/{talk.id}"
    cara.get(path)
    with queries() as without:
        cara.get(path)
    put(browse(cast.ada), 100, talk.cara.email)
    cara.get(path)
    with queries() as with_flag:
        cara.get(path)
    assert with_flag.count == without.count


def other_process(app: Flask, **settings: Any) -> Flask:
    """Another application on the same database, as another process has it."""
    given = {"DATABASE_URL": app.config["DATABASE_URL"], "INSTANCE": app.config["INSTANCE"]}
    return create_app(read_settings({}, RATE_LIMITS=False, **given, **settings), BRAND_READ_EVERY=0.0)


@pytest.mark.parametrize("with_redis", [True, False])
def test_another_process_hears_of_it(
    app: Flask, cast: Cast, now: datetime, valkey_url: str, with_redis: bool
) -> None:
    """With Redis by the news of it, without by the clock of the watcher."""
    url = {"REDIS_URL": valkey_url} if with_redis else {}
    other, own = other_process(app, **url), other_process(app, **url)
    notifier = other.extensions["poll_notifier"]
    paul = cast.paul.id

    def seen() -> bool:
        with other.app_context():
            return is_on(SEND_LATER, db.session.get_one(User, paul))

    try:
        assert seen()
        if with_redis:
            wait_for(lambda: notifier.is_subscribed, what="the subscription")
            # The clock is stopped: only the news of it is left.
            notifier.refresh = lambda: None
        with own.app_context():
            stop_flag(name=SEND_LATER, now=now)
            assert not is_on(SEND_LATER, db.session.get_one(User, paul)), "at once where it was changed"
        wait_for(lambda: not seen(), seconds=10, what="the news of the flag")
    finally:
        for each in (other, own):
            each.extensions["poll_notifier"].close()
            with each.app_context():
                db.engine.dispose()


def test_a_database_that_is_away_changes_no_flag(
    app: Flask, cast: Cast, make_app: Callable[..., Flask]
) -> None:
    away = make_app(DATABASE_URL="postgresql+psycopg://nobody@127.0.0.1:1/none")
    away.config["BRAND_READ_EVERY"] = 0.0
    away.extensions[KNOWN] = {SEND_LATER: FlagState(stopped=True)}
    with away.app_context():
        assert not is_on(SEND_LATER, cast.paul)


def test_an_old_process_takes_the_news_for_nothing(app: Flask) -> None:
    """It knows the log of a person, and what a flag has to say changes nothing in it and stops nothing."""
    notifier = poll_notifier()
    known = KnownHead()
    notifier._known_heads["nobody"] = known
    notifier._handle_message("flags:* nobody:5")
    assert (notifier._known_heads.pop("nobody"), known.seq) == (known, 5)
