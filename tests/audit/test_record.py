"""What the security log takes down, and what it leaves out, on either database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.cast import Talk
from wellchat.accounts.personal_data import erase_person, export_person
from wellchat.audit.actions import record, record_refusal
from wellchat.audit.models import AuditAddress, AuditEvent, AuditPerson, pseudonym
from wellchat.audit.origin import current_origin
from wellchat.audit.request_origin import device_label, network_of
from wellchat.db import db, transaction
from wellchat.feature import FeatureError


def events() -> list[AuditEvent]:
    return list(db.session.execute(select(AuditEvent).order_by(AuditEvent.at)).scalars())


@pytest.mark.each_database
def test_an_act_is_recorded_exactly_if_it_stands(app: Flask, talk: Talk, now: datetime) -> None:
    def act_and_fail() -> None:
        with transaction():
            record("access.refused", now=now, actor_id=talk.cara.id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    assert events() == []
    record(
        "access.refused", now=now, actor_id=talk.cara.id, person_id=talk.paul.id, about=("thread", talk.id)
    )
    (event,) = events()
    assert (event.actor, event.person) == (pseudonym(talk.cara.id), pseudonym(talk.paul.id))
    assert (event.actor_kind, event.about_kind, event.about) == ("person", "thread", talk.id)
    known = db.session.execute(select(AuditPerson.user_id)).scalars()
    assert set(known) == {talk.cara.id, talk.paul.id}


@pytest.mark.each_database
def test_a_refusal_is_recorded_apart_and_never_raises(app: Flask, talk: Talk, now: datetime) -> None:
    with transaction(), pytest.raises(RuntimeError, match="rolled back"):
        record_refusal("access.refused", now=now)
    record_refusal("access.refused", now=now, about=("thread", "x" * 300 if app.testing else ""))
    with pytest.raises(FeatureError, match=r"no\.kind"):
        record_refusal("no.kind", now=now)


@pytest.mark.each_database
def test_erasing_a_person_leaves_the_rows_without_the_name(app: Flask, talk: Talk, now: datetime) -> None:
    record("access.refused", now=now, actor_id=talk.cara.id)
    assert export_person(talk.cara.id)["audit"][0]["kind"] == "access.refused"
    erase_person(user_id=talk.cara.id, now=now)
    refused = [event.actor for event in events() if event.kind == "access.refused"]
    assert refused == [pseudonym(talk.cara.id)]
    assert db.session.execute(select(AuditPerson).where(AuditPerson.user_id == talk.cara.id)).all() == []


def test_a_request_gives_its_address_and_device_and_takes_them_away(
    app: Flask, client: Any, now: datetime
) -> None:
    with app.test_request_context(
        "/",
        environ_base={"REMOTE_ADDR": "192.0.2.77"},
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/1"},
    ):
        app.preprocess_request()
        record("limit.reached", now=now)
    assert current_origin.get() is None
    (event,) = events()
    assert (event.actor_kind, event.network, event.device) == ("stranger", "192.0.2.0/24", "Firefox on Linux")
    (address,) = db.session.execute(select(AuditAddress)).scalars()
    assert address.address == "192.0.2.77"


def test_networks_and_devices() -> None:
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.0/24"
    assert network_of("unix:") == ""
    assert device_label("curl/8.1 x") == "curl/8.1"
    assert device_label("") == ""
