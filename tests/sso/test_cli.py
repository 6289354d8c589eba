"""`wellchat sso-key`: makes, lists and ends keys."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask
from joserfc.jwk import OKPKey

from tests.sso.conftest import Host
from wellchat.db import db
from wellchat.sso.checks import check
from wellchat.sso.models import SsoKey
from wellchat.sso.tokens import read_host_token


def test_a_key_is_made_listed_without_its_secret_and_ended(app: Flask, now: datetime, tmp_path: Path) -> None:
    def run(*args: str) -> Any:
        return app.test_cli_runner().invoke(args=["sso-key", *args])

    made = json.loads(run("create", "shop", "--days", "30", "--json").output)
    assert (made["alg"], made["state"], made["name"], len(made["secret"])) == ("HS256", "good", "shop", 43)
    host = Host(app.config["BASE_URL"], made["kid"], made["secret"], now)
    assert read_host_token(host.token(), now).sub == "c-1"
    assert made["secret"].encode() not in bytes(db.session.get_one(SsoKey, made["kid"]).secret_sealed or b"")

    public = tmp_path / "key.pem"
    public.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=False))
    theirs = run("create", "--alg", "EdDSA", "--public", str(public), "--joins-by-email")
    assert (theirs.exit_code, theirs.output[:4], "secret" in theirs.output) == (0, "kid ", False)
    at_address = run("create", "--alg", "RS256", "--jwks", "https://shop.example/keys")
    assert at_address.exit_code == 0

    listed = run("list").output
    assert "https://shop.example/keys" in listed
    assert "joins by email" in listed
    assert made["secret"] not in run("list", "--json").output
    assert run("end", made["kid"]).exit_code == 0
    assert [each["state"] for each in json.loads(run("list", "--json").output)] == ["ended", "good", "good"]
    assert "keys: 2, pages of: nobody, providers: none" in check(app)
    for wrong, words in (
        (("end", made["kid"]), "ended already"),
        (("end", "nothing"), "no such key"),
        (("create", "--alg", "ES256"), "--public or --jwks"),
        (("create", "--alg", "ES256", "--public", str(public)), "public key for ES256"),
    ):
        refused = run(*wrong)
        assert (refused.exit_code, words in refused.output) == (1, True)
