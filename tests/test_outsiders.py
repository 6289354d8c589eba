"""Every route that names something of somebody's, tried by everybody else.

The table is made from the routes themselves: a new route with an id in its address is in it, or this fails.
What exists and is not yours answers exactly as what does not exist.
"""

from __future__ import annotations

import itertools

import pytest

from tests.attachments.files import send, take
from wellchat.attachments.processing import process
from wellchat.db import new_id
from wellchat.push.actions import register
from wellchat.subjects.actions import put_subject

# What each variable of an address stands for; `make` builds one that belongs to the cast's Cara and Paul.
THINGS = {
    "thread_id": lambda talk, now: talk.id,
    "subject_id": lambda talk, now: (
        put_subject(
            kind="lead",
            external_id="lead",
            title="Bathroom",
            professional_id=talk.paul.id,
            client_id=talk.cara.id,
            status="open",
            now=now,
        ).id
    ),
}


def device_of(talk, now):
    """One that Cara is pushed to."""
    endpoint = f"https://push.example.com/{new_id()}"
    device, _ = register(
        user=talk.cara,
        endpoint=endpoint,
        p256dh="B",
        auth="A",
        label="x",
        now=now,
        session=None,
        token_id=None,
    )
    return device.id


THINGS["device_id"] = device_of
THINGS["emoji"] = lambda talk, now: "👍"


def file_of(talk, now):
    """One that Cara sent to Paul, and the worker has seen to."""
    file = take(talk.cara, now)
    send(talk, talk.cara, [file])
    process(attachment_id=file.id, now=now)
    return file.id


THINGS["attachment_id"] = file_of
THINGS["name"] = lambda talk, now: "beach.jpg"
# Addresses whose variables are not things of somebody's, each with the reason.
ELSEWHERE = {
    "/assets/<version>/<path:filename>": "static files",
    "/static/<path:filename>": "static files",
    "/icons/<name>.png": "drawn for everybody",
    "/verify/<token>": "secret links: tests/accounts",
    "/reset-password/<token>": "secret links: tests/accounts",
    "/unsubscribe/<token>": "secret links: tests/notifications",
    "/people/<user_id>": "seen by who has business with them: tests/accounts",
    "/people/<user_id>/avatar": "seen by who has business with them: tests/accounts",
    "/settings/tokens/<token_id>/revoke": "tests/accounts",
    "/become/<user_id>": "the demo's switcher: tests/demo",
    "/outbox/<mail_id>": "tests/mail",
    "/outbox/<mail_id>/html": "tests/mail",
    "/oversight/emails/<mail_id>/resend": "for administrators: tests/mail",
    "/oversight/threads/<thread_id>/looks": "for administrators: tests/oversight",
    "/oversight/looks/<grant_id>": "for administrators: tests/oversight",
    "/oversight/looks/<grant_id>/attachments/<attachment_id>/<name>": "for administrators: tests/attachments",
    "/oversight/looks/<grant_id>/attachments/<attachment_id>/thumbnail": "for administrators: tests/attachments",  # noqa: E501
}
BODIES = {
    "/api/threads/<thread_id>/messages": {"body": "hi", "client_key": "k"},
    "/api/threads/<thread_id>/messages/<int:seq>": {"body": "hi"},
    "/api/threads/<thread_id>/read": {"seq": 1},
    "/api/threads/<thread_id>/membership": {"archived": True},
    "/api/threads/<thread_id>/unread": {"seq": 1},
}
FORMS = {
    "/threads/<thread_id>/messages": {"body": "hi", "client_key": "k"},
    "/threads/<thread_id>/read": {"seq": "1"},
    "/threads/<thread_id>/membership": {"archived": "1"},
    "/threads/<thread_id>/unread": {"seq": "1"},
    "/threads/<thread_id>/messages/<int:seq>": {"body": "hi"},
    "/threads/<thread_id>/messages/<int:seq>/pin": {"pinned": "1"},
    "/threads/<thread_id>/messages/<int:seq>/reactions": {"add": "👍"},
}


def addresses(app):
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.rule not in ELSEWHERE:
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield method, rule


def fill(rule, **values):
    _, path = rule.build({name: values.get(name, 1) for name in rule.arguments})
    return path


def call(client, method, rule, path):
    return client.open(
        path,
        method=method,
        json=BODIES.get(rule.rule) if path.startswith("/api") and method != "GET" else None,
        data=None if path.startswith("/api") else FORMS.get(rule.rule),
    )


def test_every_address_with_a_variable_is_accounted_for(app):
    unknown = {rule.rule for _, rule in addresses(app) if not rule.arguments <= {*THINGS, "seq"}}
    assert unknown == set(), (
        "say in THINGS what the new variable stands for, or in ELSEWHERE where it is tested"
    )
    assert set(ELSEWHERE) <= {rule.rule for rule in app.url_map.iter_rules()}, "a route in ELSEWHERE is gone"


@pytest.mark.parametrize("who", ["olga", "rita", "ada"])
def test_what_is_not_yours_is_not_there(app, api, browse, cast, talk, now, who):
    talk.exchange("cp")
    outsider = getattr(cast, who)
    tried = 0
    for method, rule in addresses(app):
        values = {name: THINGS[name](talk, now) for name in rule.arguments if name in THINGS}
        missing = {name: new_id() for name in values}
        client = api(outsider) if rule.rule.startswith("/api") else browse(outsider)
        theirs = call(client, method, rule, fill(rule, **values))
        nothing = call(client, method, rule, fill(rule, **missing))
        assert theirs.status_code == nothing.status_code == 404, (
            method,
            rule.rule,
            theirs.status_code,
            nothing.status_code,
        )
        assert plain(theirs, values) == plain(nothing, missing), (method, rule.rule)
        tried += 1
    assert tried >= 14


def plain(answer, values):
    """The answer without what must differ: the address asked for, and the form's token."""
    text = answer.get_data(as_text=True)
    for value in values.values():
        text = text.replace(value, "ID")
    lines = [line for line in text.splitlines() if "csrf" not in line]
    headers = [
        (k, v)
        for k, v in answer.headers
        if k not in ("Content-Length", "Set-Cookie", "Date") and "RateLimit" not in k
    ]
    return lines, headers


def test_nobody_gets_further_than_the_door(app, talk, now):
    client = app.test_client()
    for method, rule in addresses(app):
        values = {name: THINGS[name](talk, now) for name in rule.arguments if name in THINGS}
        answer = call(client, method, rule, fill(rule, **values))
        if rule.rule.startswith("/api"):
            assert answer.status_code == 401, (method, rule.rule)
        elif method == "GET":
            assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/sign-in"), (
                rule.rule
            )
        else:
            assert answer.status_code in (302, 400), (method, rule.rule)


def test_outsiders_changed_nothing(app, api, browse, cast, talk, now, everything):
    """Whatever was refused was also not done."""
    talk.exchange("cp")
    made = {name: make(talk, now) for name, make in THINGS.items()}
    clients = [(api(who), browse(who)) for who in (cast.olga, cast.rita, cast.ada)]
    before = everything()
    for (method, rule), (program, page) in itertools.product(addresses(app), clients):
        values = {name: made[name] for name in rule.arguments if name in made}
        call(program if rule.rule.startswith("/api") else page, method, rule, fill(rule, **values))
    assert everything() == before
