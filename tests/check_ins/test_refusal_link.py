"""The link of a mail that ends check-ins: opening it changes nothing, and it does nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.browsing import Browser
from tests.mail.world import NOON, World, text_of
from wellchat.check_ins import actions, sending
from wellchat.check_ins.mail_links import refusal_path
from wellchat.digests import runs
from wellchat.messaging import dispatch
from wellchat.notifications.unsubscribe import unsubscribe_path
from wellchat.subjects.actions import put_subject

Browse = Callable[..., Browser]
LABEL = "No more check-ins from this person"


@pytest.mark.each_database
def test_a_check_in_mail_has_a_link_that_says_no_without_signing_in(world: World, browse: Browse) -> None:
    begin = NOON - timedelta(days=1)
    rule = {"name": "Visit", "occasion": "visit", "days": 1, "hour": 10, "body": "How is it?"}
    actions.make_rule(viewer=world.coach, now=begin - timedelta(hours=3), **rule)
    people = {"professional_id": world.coach.id, "client_id": world.client.id}
    put_subject(
        kind="booking", external_id="1", title="Cut", starts_at=begin, now=begin, notify=False, **people
    )
    assert sending.run(NOON)["check_ins_sent"] == 1
    dispatch.notify_recipients(thread_ids=[world.thread.id], now=NOON)
    runs.sweep(NOON + timedelta(hours=1))
    [message] = world.server.messages
    link = re.search(rf"{LABEL}: https://chat.example(\S+)", text_of(message))
    html = message.get_body(("html",))
    assert link, text_of(message)
    assert html is not None
    assert f'href="https://chat.example{link[1]}"' in html.get_content()
    path, nobody, connection_id = link[1], browse(), world.thread.connection_id
    for method in ("GET", "HEAD"):
        answer = nobody.open(path, method=method)
        assert (answer.status_code, answer.headers["Referrer-Policy"]) == (200, "no-referrer")
        assert not actions.has_refused(connection_id)
    for _ in range(2):
        answer = nobody.post(path, forged=True)
        assert "No more check-ins" in answer.text
        assert actions.has_refused(connection_id)
        assert world.coach.name not in answer.text
    assert nobody.get("/api/me").status_code == 401


def test_a_mail_of_what_somebody_wrote_has_no_such_link(world: World) -> None:
    world.say(world.coach, "Hello")
    runs.sweep(NOON + timedelta(hours=1))
    [message] = world.server.messages
    assert LABEL not in text_of(message)


def test_only_its_own_links_are_taken(world: World, browse: Browse) -> None:
    token = refusal_path(world.thread.connection_id).rpartition("/")[2]
    other = unsubscribe_path(world.client.id).rpartition("/")[2]
    for forged in (token[:-1], "x", other, refusal_path("gone").rpartition("/")[2]):
        assert browse().post(f"/check-ins/no/{forged}", forged=True).status_code == 404
    assert browse().post(f"/unsubscribe/{token}", forged=True).status_code == 404
    assert not actions.has_refused(world.thread.connection_id)
