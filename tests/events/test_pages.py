"""The pages of webhooks: for owners, with a fresh proof, each try shown; and the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Cast, Talk
from tests.events.receiver import Receiver
from tests.events.test_webhooks import receiver
from wellchat.audit.models import AuditEvent
from wellchat.db import db
from wellchat.events import sending
from wellchat.events.models import Webhook

__all__ = ["receiver"]

PATH = "/oversight/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


def the_webhook() -> str:
    return db.session.execute(select(Webhook.id)).scalar_one()


def test_an_owner_makes_looks_after_and_ends_a_webhook(
    receiver: Receiver, talk: Talk, cast: Cast, now: datetime, browse: Callable[..., Any]
) -> None:
    ada = browse(cast.ada)

    def after(path: str, **data: str) -> str:
        answer = ada.post(path, data=data)
        assert answer.status_code == 303
        return str(ada.get(answer.location).text)

    assert "There are no webhooks yet." in ada.get(PATH).text
    wrong = ada.post(PATH, data={"url": "nonsense", "description": "Shop <b>"})
    assert (wrong.status_code, "nonsense" in wrong.text, "Shop &lt;b&gt;" in wrong.text) == (422, True, True)
    assert ada.post(PATH, data={"url": receiver.url, "types": ["x"]}).status_code == 422
    made = ada.post(PATH, data={"url": receiver.url, "types": ["message.sent"]})
    [secret] = SECRET.findall(made.text)
    here = f"{PATH}/{the_webhook()}"
    assert "Nothing was sent yet." in ada.get(here).text
    receiver.replies, receiver.answer = [500, 500], b"<script>no</script>"
    talk.says(cast.cara, "Zq7secret")
    sending.sweep(now)
    page = ada.get(here).text
    assert "&lt;script&gt;no&lt;/script&gt;" in page
    assert not SECRET.search(page + ada.get(PATH).text)
    assert ("It fails since" in page, "Next try" in page, "Zq7secret" in page) == (True, True, False)
    assert "Fails" in ada.get(PATH).text
    receiver.replies = []
    assert ada.post(f"{here}/disable").status_code == 303
    assert "It was disabled" in ada.get(here).text
    assert "Enable it first." in after(f"{here}/ping")
    assert ada.post(f"{here}/enable").status_code == 303
    assert "is on its way" in after(f"{here}/ping")
    event = receiver.received[0].id
    assert "It is sent again." in after(f"{here}/resend", event=event)
    sending.sweep(now)
    assert [each["type"] for each in receiver.verified(secret)].count("ping") == 2
    [rotated] = SECRET.findall(ada.post(f"{here}/rotate").text)
    assert rotated != secret
    assert ada.post(f"{here}/end", data={}).status_code == 422
    assert "The webhook has ended." in after(f"{here}/end", sure="1")
    assert ada.get(here).status_code == 404
    kinds = db.session.execute(select(AuditEvent.kind).where(AuditEvent.kind.like("webhook.%"))).scalars()
    assert {"webhook.created", "webhook.rotated", "webhook.disabled", "webhook.ended"} <= set(kinds)


def test_nobody_else_learns_of_webhooks(
    app: Flask, cast: Cast, now: datetime, browse: Callable[..., Any], change: Callable[..., None]
) -> None:
    """Neither strangers nor people nor other administrators; nor an owner whose proof is old."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PATH)]
    assert len(rules) == 9
    change(cast.ada, admin_roles="support moderator auditor")
    for rule in rules:
        path = rule.rule.replace("<webhook_id>", "x")
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        assert browse().open(path, method=method).status_code in (302, 303, 401), path
        for person in (cast.cara, cast.paul, cast.ada):
            assert browse(person).open(path, method=method).status_code == 404, path


@pytest.mark.parametrize("path", ["ping", "resend", "rotate", "enable", "disable", "end"])
def test_a_webhook_that_is_not_there_is_not_found(cast: Cast, browse: Callable[..., Any], path: str) -> None:
    ada = browse(cast.ada)
    assert ada.post(f"{PATH}/nobody/{path}", data={"event": "x", "sure": "1"}).status_code == 404


def test_the_commands_make_list_try_follow_and_end(
    app: Flask, receiver: Receiver, talk: Talk, cast: Cast, now: datetime
) -> None:
    run = app.test_cli_runner().invoke
    assert "Error: url" in run(args=["webhook", "create", "nonsense"]).output.replace(
        "Error: Address", "Error: url"
    )
    made = json.loads(run(args=["webhook", "create", receiver.url, "--json"]).output)
    assert SECRET.fullmatch(made["secret"])
    cursor = run(args=["events", "cursor"]).output.strip()
    talk.says(cast.cara, "Hello")
    tried = json.loads(run(args=["webhook", "send-test", "--json"]).output)
    assert (tried["status"], tried["error"]) == (204, "")
    assert {each["type"] for each in receiver.verified(made["secret"])} == {"message.sent", "ping"}
    lines = run(args=["events", "tail", "--after", cursor, "--once"]).output.splitlines()
    assert [json.loads(line).get("type") for line in lines] == ["message.sent", "ping", None]
    assert run(args=["events", "tail", "--after", "x", "--once"]).exit_code == 1
    [listed] = json.loads(run(args=["webhook", "list", "--json"]).output)
    assert (listed["id"], "secret" in listed) == (made["id"], False)
    assert receiver.url in run(args=["webhook", "list"]).output
    assert run(args=["webhook", "end", made["id"]]).output == "Ended.\n"
    assert run(args=["webhook", "end", made["id"]]).exit_code == 1
    assert "no webhook to send to" in run(args=["webhook", "send-test"]).output
