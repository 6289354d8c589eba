"""Browsers subscribe, renew and leave; people see which of their devices are pushed to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.browsing import Browser
from tests.mail.world import NOON, World
from tests.push.push_service import Subscriber
from wellchat import create_app
from wellchat.config import SettingsError, read_settings
from wellchat.db import db
from wellchat.push import keys, queries, sending
from wellchat.push.actions import MAX_DEVICES
from wellchat.push.labels import label_of
from wellchat.push.models import Device

Devices = Callable[[], Subscriber]
Browse = Callable[..., Browser]
CALL = "/api/push/devices"


def all_devices() -> list[Device]:
    db.session.rollback()
    return list(db.session.execute(db.select(Device).execution_options(populate_existing=True)).scalars())


def test_a_browser_subscribes_and_is_pushed_to(world: World, browse: Browse, devices: Devices) -> None:
    me, phone = browse(world.coach), devices()
    agent = {
        "User-Agent": "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/156.0 Mobile Safari/537.36"
    }
    answer = me.post(CALL, json=phone.as_json(), headers=agent)
    assert answer.status_code == 201
    device = answer.get_json()["device"]
    assert (device["label"], device["shows_words"]) == ("Chrome on Android", False)
    assert phone.endpoint not in answer.text
    assert me.post(CALL, json=phone.as_json()).status_code == 200, "again is the same"
    assert me.get("/api/push/key").get_json() == {"public_key": keys.public_key()}
    world.seen(world.coach, NOON - timedelta(days=1))
    world.say(world.client, "Hello")
    sending.sweep(NOON)
    assert len(phone.got()) == 1
    assert me.delete(CALL, json={"endpoint": phone.endpoint}).status_code == 204
    assert me.delete(CALL, json={"endpoint": phone.endpoint}).status_code == 204
    assert me.get(CALL).get_json() == {"devices": []}


def test_a_renewed_subscription_keeps_its_settings(world: World, browse: Browse, devices: Devices) -> None:
    me, old, new = browse(world.coach), devices(), devices()
    me.post(CALL, json=old.as_json())
    [device] = queries.devices(world.coach)
    me.post(f"/settings/devices/{device.id}", data={"shows_words": "1"})
    me.post(CALL, json=new.as_json() | {"replaces": old.endpoint})
    [device] = queries.devices(world.coach)
    assert (device.endpoint, device.shows_words) == (new.endpoint, True)


def test_a_browser_is_pushed_to_for_who_signed_in_last(
    world: World, browse: Browse, devices: Devices
) -> None:
    tablet = devices()
    browse(world.coach).post(CALL, json=tablet.as_json())
    world.seen(world.coach, NOON - timedelta(days=1))
    world.say(world.client, "For the coach only")
    browse(world.client).post(CALL, json=tablet.as_json())
    sending.sweep(NOON)
    assert tablet.got() == [], "what was on its way went with the other's device"
    assert [device.user_id for device in all_devices()] == [world.client.id]


def test_other_people_s_devices_are_out_of_reach(world: World, browse: Browse, devices: Devices) -> None:
    phone = devices()
    browse(world.coach).post(CALL, json=phone.as_json())
    [device] = queries.devices(world.coach)
    them = browse(world.client)
    assert them.delete(CALL, json={"endpoint": phone.endpoint}).status_code == 204
    assert them.post(f"/settings/devices/{device.id}", data={"shows_words": "1"}).status_code == 404
    assert them.post(f"/settings/devices/{device.id}/remove").status_code == 404
    assert them.post(CALL, json=devices().as_json() | {"replaces": phone.endpoint}).status_code == 201
    assert queries.devices(world.coach) == [device]
    assert not device.shows_words


def test_a_person_has_at_most_twenty_devices(world: World, devices: Devices) -> None:
    all_of_them = [devices() for _ in range(MAX_DEVICES + 3)]
    for n, device in enumerate(all_of_them):
        device.register(world.coach, now=NOON + timedelta(seconds=n))
    assert {d.endpoint for d in all_devices()} == {d.endpoint for d in all_of_them[3:]}


def test_a_program_s_devices_go_with_its_token(world: World, devices: Devices, api: Any) -> None:
    program, phone = api(world.coach), devices()
    assert program.post(CALL, json=phone.as_json()).status_code == 201
    [device] = all_devices()
    assert device.token_id
    assert device.session is None
    assert program.delete("/api/tokens/current").status_code == 204
    assert all_devices() == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "https://10.0.0.1/x"},
        {"endpoint": "http://push.example.com/x"},
        {"endpoint": "https://push.example.com/" + "x" * 1000},
        {"keys": {"p256dh": "A" * 87, "auth": "A" * 22}},
        {"keys": {"p256dh": "B", "auth": "A" * 22}},
        {"keys": {"auth": "A" * 22}},
        {"expiration_time": -1},
        {"expiration_time": "soon"},
        {"expiration_time": 1e400},
    ],
)
def test_bad_subscriptions_are_refused(
    world: World, browse: Browse, devices: Devices, change: dict[str, Any]
) -> None:
    phone = devices()
    good = phone.as_json() | {"endpoint": "https://push.example.com/x"}
    world.app.config["PUSH_ALLOW_PRIVATE"] = False
    answer = browse(world.coach).post(CALL, data=json.dumps(good | change), content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"
    assert all_devices() == []
    wrong_auth = good | {"keys": good["keys"] | {"auth": "A" * 20}}
    assert browse(world.coach).post(CALL, json=wrong_auth).status_code == 422
    assert browse(world.coach).post(CALL, json=good | {"expiration_time": 8.64e15}).status_code == 201


def test_the_page_lists_and_removes_devices(world: World, browse: Browse, devices: Devices) -> None:
    me, phone = browse(world.coach), devices()
    assert "Where you are told" not in me.get("/settings/devices").text
    phone.register(world.coach, label="Firefox on <Windows>")
    page = me.get("/settings/devices").text
    assert "Firefox on &lt;Windows&gt;" in page
    assert phone.endpoint not in page
    [device] = queries.devices(world.coach)
    assert (
        me.post(f"/settings/devices/{device.id}", data={"shows_words": "1"}).location == "/settings/devices"
    )
    assert "Hide sender and text on" in me.get("/settings/devices").text
    me.post(f"/settings/devices/{device.id}", data={})
    assert "Show sender and text on" in me.get("/settings/devices").text
    assert me.post(f"/settings/devices/{device.id}/remove").status_code == 303
    assert all_devices() == []


def test_the_service_worker_is_at_the_root_under_our_policy(client: Browser) -> None:
    answer = client.get("/sw.js")
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert client.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0",
            "Edge on Windows",
        ),
        ("Mozilla/5.0 (Android 15; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5", "Browser"),
        ("", "Browser"),
    ],
)
def test_labels_name_browser_and_system(agent: str, label: str) -> None:
    assert label_of(agent) == label


# Keys


def test_the_key_is_made_once_and_kept(make_app: Any, tmp_path: Path) -> None:
    first, second = (make_app(INSTANCE=tmp_path) for _ in range(2))
    with first.app_context():
        made = keys.public_key()
        private = keys.private_key()
    with second.app_context():
        assert keys.public_key() == made
    assert (tmp_path / "vapid_key").stat().st_mode & 0o077 == 0
    with make_app(VAPID_KEY=private).app_context():
        assert keys.public_key() == made, "another host, with the setting"


def test_the_command_prints_the_key(make_app: Any, tmp_path: Path) -> None:
    app = make_app(INSTANCE=tmp_path)
    with app.app_context():
        public, private = keys.public_key(), keys.private_key()
    run = app.test_cli_runner().invoke
    assert run(args=["push", "keys"]).output == f"{public}\n"
    assert json.loads(run(args=["push", "keys", "--json", "--private"]).output) == {
        "public_key": public,
        "private_key": private,
    }


@pytest.mark.parametrize("key", ["x", "A" * 43, "_" * 43, "A" * 44, "secret"])
def test_a_bad_key_stops_the_start_with_one_line(tmp_path: Path, key: str) -> None:
    with pytest.raises(SettingsError, match=r"^WELLCHAT_VAPID_KEY: [^\n]+$"):
        create_app(read_settings({}, INSTANCE=tmp_path, VAPID_KEY=key))
