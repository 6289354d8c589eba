"""The table of routes that name something of somebody's, and what stands for their arguments."""

from __future__ import annotations

import re

from tests.attachments.files import send, take
from wellchat.accounts.models import new_session_id
from wellchat.accounts.session_rows import start_session
from wellchat.attachments.processing import process
from wellchat.db import new_id, transaction
from wellchat.factors.models import Passkey
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


def passkey_of(talk, now):
    """One of Cara's."""
    passkey = Passkey(user_id=talk.cara.id, credential_id=new_id().encode(), public_key=b"", sign_count=0)
    passkey.backed_up, passkey.transports, passkey.rp_id, passkey.name = False, "", "example.com", "Hers"
    passkey.made_at = now
    with transaction() as session:
        session.add(passkey)
    return passkey.id


THINGS["passkey_id"] = passkey_of


def session_of(talk, now):
    """One in which Cara is signed in."""
    talk.cara.session_id = new_session_id(now)
    start_session(user=talk.cara, network="", device="", now=now)
    return talk.cara.session.id


THINGS["session_id"] = session_of
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
    "/oidc/<name>/start": "a provider of the settings: tests/sso",
    "/oidc/<name>/callback": "a provider of the settings: tests/sso",
    "/oidc/<name>/backchannel-logout": "a provider of the settings: tests/sso",
    "/oidc/<name>/signed-out": "a provider of the settings: tests/sso",
    "/oidc/<name>/sign-out": "a provider of the settings: tests/sso",
    "/verify/<token>": "secret links: tests/accounts",
    "/invited/<token>": "secret links: tests/accounts",
    "/reset-password/<token>": "secret links: tests/accounts",
    "/keep-account/<token>": "secret links: tests/privacy",
    "/stop-reset/<token>": "secret links: tests/factors",
    "/oversight/factors/<user_id>/reset": "for administrators: tests/factors",
    "/not-me/<token>": "secret links: tests/accounts",
    "/confirm-address/<token>": "secret links: tests/accounts",
    "/undo-address/<token>": "secret links: tests/accounts",
    "/check-ins/no/<token>": "secret links: tests/check_ins",
    "/unsubscribe/<token>": "secret links: tests/notifications",
    "/settings/privacy/exports/<export_id>": "for its owner alone: tests/privacy",
    "/people/<user_id>": "seen by who has business with them: tests/accounts",
    "/figures/with/<user_id>": "for the professional of the two alone: tests/figures",
    "/people/<user_id>/avatar": "seen by who has business with them: tests/accounts",
    "/gallery/<address>": "public, where it is on: tests/portfolio",
    "/gallery/<address>/<public_id>": "the same",
    "/gallery/<address>/<public_id>/small": "the same",
    "/with/<public_name>": "public, or seen by who has business with them: tests/invites",
    "/with/<public_name>/picture": "the same",
    "/with/<public_name>/write": "the same",
    "/settings/tokens/<token_id>/revoke": "tests/accounts",
    "/become/<user_id>": "the demo's switcher: tests/demo",
    "/outbox/<mail_id>": "tests/mail",
    "/outbox/<mail_id>/html": "tests/mail",
    "/oversight/emails/<mail_id>/resend": "for administrators: tests/mail",
    "/oversight/reports/<report_id>": "for moderators: tests/safety",
    "/oversight/reports/<report_id>/take": "for moderators: tests/safety",
    "/oversight/reports/<report_id>/settle": "for moderators: tests/safety",
    "/oversight/reports/<report_id>/reopen": "for moderators: tests/safety",
    "/oversight/people/<user_id>": "for administrators: tests/safety",
    "/oversight/replies/<reply_id>": "for owners: tests/saved_replies",
    "/oversight/replies/<reply_id>/delete": "for owners: tests/saved_replies",
    "/oversight/replies/<reply_id>/move": "for owners: tests/saved_replies",
    "/oversight/searches/<search_id>": "for administrators: tests/oversight",
    "/oversight/looks/<grant_id>/approve": "for administrators: tests/oversight",
    "/oversight/looks/<grant_id>/end": "for administrators: tests/oversight",
    "/oversight/flags/<flag>": "for owners: tests/flags",
    "/oversight/flags/<flag>/stop": "for owners: tests/flags",
    "/oversight/keys/<key_id>/rotate": "for owners: tests/host",
    "/oversight/keys/<key_id>/end": "for owners: tests/host",
    "/sign-in/link/<token>": "secret links: tests/host",
    "/api/host/users/<ext:ext>": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/picture": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/disable": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/enable": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/erase": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/sign-out": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/sign-in-links": "with a key of the host only: tests/host",
    "/api/host/users/<ext:ext>/merge": "with a key of the host only: tests/host",
    "/api/host/kinds/<kind>": "with a key of the host only: tests/host",
    "/api/host/notification-kinds/<kind>": "with a key of the host only: tests/host",
    "/api/host/threads/<thread>/messages": "with a key of the host only: tests/host",
    "/api/host/threads/<thread>/messages/<seq>": "with a key of the host only: tests/host",
    "/api/host/subjects/<kind>/<ext:ext>": "with a key of the host only: tests/host",
    "/api/host/imports/<import_id>": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/lines": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/files/<ext:path>": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/check": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/run": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/report": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/undo": "with a key of the host only: tests/imports",
    "/api/host/imports/<import_id>/open": "with a key of the host only: tests/imports",
    "/api/host/trades/<ext:key>": "with a key of the host only: tests/brand",
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
    "/api/threads/<thread_id>/reports": {"kind": "spam"},
}
FORMS = {
    "/settings/security/factors/passkeys/<passkey_id>": {"name": "Mine"},
    "/threads/<thread_id>/messages": {"body": "hi", "client_key": "k"},
    "/threads/<thread_id>/read": {"seq": "1"},
    "/threads/<thread_id>/membership": {"archived": "1"},
    "/threads/<thread_id>/unread": {"seq": "1"},
    "/threads/<thread_id>/report": {"kind": "spam"},
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


def call(client, method, rule, path, samples):
    body = samples.get(rule.rule)
    return client.open(
        path,
        method=method,
        json=body or BODIES.get(rule.rule) if path.startswith("/api") and method != "GET" else None,
        data=None if path.startswith("/api") else body or FORMS.get(rule.rule),
    )


def samples_of(app, talk, now):
    """What stands for the arguments of every route: THINGS, and the samples that the features declare."""
    found = {name: make(talk, now) for name, make in THINGS.items()}
    for feature in app.extensions["features"].features:
        if feature.samples is not None:
            found |= feature.samples(talk)
    return found


def values_for(rule, samples):
    return {name: samples[name] for name in rule.arguments if name in samples}


def owner_of(app, rule):
    """The feature whose blueprint has this route."""
    blueprint = rule.endpoint.rpartition(".")[0]
    features = app.extensions["features"].features
    return next((f.name for f in features if blueprint in {b.name for b in f.blueprints}), "the core")


def without_sample(app, samples):
    """Arguments of routes that nothing stands for, each with the feature that must say so."""
    missing = {
        f"{owner_of(app, rule)}: {rule.rule} has the argument {name}; give it a value in Feature.samples"
        for _, rule in addresses(app)
        for name in rule.arguments - {*samples, "seq"}
    }
    return sorted(missing)


def plain(answer, values):
    """The answer without what must differ: the address asked for, the form's token, the time."""
    text = answer.get_data(as_text=True)
    for value in values.values():
        text = text.replace(value, "ID")
    text = re.sub(r' data-now="\d+"', "", text)
    lines = [line for line in text.splitlines() if "csrf" not in line]
    headers = [
        (k, v)
        for k, v in answer.headers
        if k not in ("Content-Length", "Set-Cookie", "Date") and "RateLimit" not in k
    ]
    return lines, headers
