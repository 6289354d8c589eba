"""`wellchat host init`: makes two keys once, says what goes where, and what stands when it is run again."""

from __future__ import annotations

import json
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.sso.conftest import Host
from wellchat import clock
from wellchat.host.keys import key_by_secret
from wellchat.host.scopes import SCOPES
from wellchat.host_setup.keys import origin_of
from wellchat.sso.tokens import read_host_token

SHOP = "https://shop.example"


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["host", "init", *words])


def lines_in(text: str) -> dict[str, str]:
    """The NAME=value lines of a text, as a shell reads them."""
    words = [line for line in text.splitlines() if line.startswith("WELLCHAT_")]
    return dict(shlex.split(line)[0].split("=", 1) for line in words)


def test_two_keys_are_made_once_and_work(app: Flask) -> None:
    first = run(app, f"{SHOP}/messages?x=1")
    assert first.exit_code == 0, first.output
    found = lines_in(first.output)
    assert list(found)[:4] == ["WELLCHAT_URL", "WELLCHAT_KEY", "WELLCHAT_KID", "WELLCHAT_SECRET"]
    assert found["WELLCHAT_URL"] == app.config["BASE_URL"]
    for name in ("WELLCHAT_EMBED_ORIGINS", "WELLCHAT_SSO_ORIGINS"):
        assert found[name] == SHOP
    assert found["WELLCHAT_FEATURES"] == "events"
    now = clock.now()
    key = key_by_secret(found["WELLCHAT_KEY"], now=now)
    assert key is not None
    assert {"people:write", "events"} <= set(key.scopes) < set(SCOPES)
    token = Host(found["WELLCHAT_URL"], found["WELLCHAT_KID"], found["WELLCHAT_SECRET"], now).token()
    assert read_host_token(token, now).sub == "c-1"

    again = run(app, SHOP)
    assert f"The host key {key.id} stands" in again.output
    assert f"The key {found['WELLCHAT_KID']} for tokens stands" in again.output
    assert found["WELLCHAT_KEY"] not in again.output
    assert json.loads(run(app, SHOP, "--json").output)["made"] == []

    new = json.loads(run(app, SHOP, "--renew", "--json").output)
    assert (new["made"], new["replaced"]) == (["host_key", "sso_key"], [found["WELLCHAT_KID"]])
    assert new["host_key"]["id"] != key.id
    assert key_by_secret(found["WELLCHAT_KEY"], now=now), "the old one works for a day"
    assert json.loads(run(app, SHOP, "--json").output)["host_key"]["id"] == new["host_key"]["id"]
    assert json.loads(run(app, "http://127.0.0.1:5001", "--json").output)["made"] == ["host_key", "sso_key"]


def test_files_take_the_lines_and_keep_their_own(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env, settings = tmp_path / ".env", tmp_path / "wellchat.env"
    env.write_text("# ours\nSALON=1\nWELLCHAT_KEY=old\n")
    settings.write_text("WELLCHAT_NAME='Salon Chat'\nWELLCHAT_SSO_ORIGINS=https://other.example\n")
    done = run(app, SHOP, "--env", str(env), "--settings", str(settings))
    found = lines_in(env.read_text())
    assert env.read_text().startswith("# ours\nSALON=1\nWELLCHAT_URL=")
    assert key_by_secret(found["WELLCHAT_KEY"], now=clock.now())
    assert env.stat().st_mode & 0o777 == 0o600
    assert found["WELLCHAT_KEY"] not in done.output, "what is in a file need not be on a screen"
    assert lines_in(settings.read_text()) == {
        "WELLCHAT_NAME": "Salon Chat",
        "WELLCHAT_EMBED_ORIGINS": SHOP,
        "WELLCHAT_SSO_ORIGINS": f"https://other.example,{SHOP}",
        "WELLCHAT_FEATURES": "events",
    }
    monkeypatch.setitem(app.config, "SSO_ORIGINS", (SHOP,))
    monkeypatch.setitem(app.config, "FEATURES", ("-push", "events"))
    monkeypatch.setitem(app.config, "EMBED_ORIGINS", ("https://other.example",))
    left = json.loads(run(app, SHOP, "--json").output)["settings"]
    assert left == {"WELLCHAT_EMBED_ORIGINS": f"https://other.example,{SHOP}"}


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("HTTPS://Shop.Example:443/a?b", "https://shop.example"),
        ("http://127.0.0.1:5001", "http://127.0.0.1:5001"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_has_the_origin_that_browsers_send(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    "address", ["shop.example", "ftp://shop.example", "https://", "https://a:b", "https://..", ""]
)
def test_what_is_no_address_is_refused_in_one_line(app: Flask, now: datetime, address: str) -> None:
    refused = run(app, address)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert len(refused.output.splitlines()) == 1


def test_an_empty_folder_gets_its_tables(make_app: Any) -> None:
    fresh = make_app()
    assert run(fresh, SHOP).exit_code == 0
