"""A client with one conversation lands in it, without a list, where the operator wants that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.cast import Talk
from wellchat.subjects.actions import put_subject


@pytest.mark.each_database
def test_a_client_with_one_conversation_lands_in_it(
    app: Flask, talk: Talk, now: datetime, browse: Callable[..., Any], queries: Any
) -> None:
    talk.exchange("pc")
    cara, here = browse(talk.cara), f"/threads/{talk.id}"
    assert cara.get("/").status_code == 200, "off"
    assert "pane-list" in cara.get(here).text
    with queries() as before:
        cara.get(here)
    app.config["CLIENT_VIEW"] = "one-thread"
    landed = cara.get("/")
    assert (landed.status_code, landed.location) == (302, here)
    with queries() as counted:
        page = cara.get(here).text
    assert counted.count < before.count, "the list is not read either"
    assert ("frame--alone" in page, "pane-list" in page) == (True, False)
    assert "New conversation" in page
    assert cara.get("/?archived=1").status_code == 200, "who asks for a list gets one"
    paul = browse(talk.paul)
    assert paul.get("/").status_code == 200
    assert "pane-list" in paul.get(here).text, "a professional has the list"
    put_subject(kind="lead", external_id="l", title="Bathroom", professional_id=talk.paul.id,
                client_id=talk.cara.id, status="claimed", now=now)  # fmt: skip
    assert cara.get("/").status_code == 200
    assert "pane-list" in cara.get(here).text, "with two the list is there"


def test_a_client_without_a_conversation_sees_the_way_to_one(
    app: Flask, cast: Any, browse: Callable[..., Any]
) -> None:
    app.config["CLIENT_VIEW"] = "one-thread"
    assert "Say the first hello" in browse(cast.cara).get("/").text
