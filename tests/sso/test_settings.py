"""The settings of sign-on: what can be used is read, what cannot stops the start and is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wellchat import create_app, doctor
from wellchat.accounts.duties import ADMIN_ROLES
from wellchat.config import SettingsError, read_settings, unknown_settings
from wellchat.sso_settings import ADMIN_ROLES as ROLES_OF_SETTINGS
from wellchat.sso_settings import Provider

ACME = {
    "WELLCHAT_OIDC_ACME": "https://acme.example/realms/one|chat|s3cret-of-acme",
    "WELLCHAT_OIDC_ACME_ROLES": "staff:professional, a:b:client, *:client",
    "WELLCHAT_OIDC_ACME_ADMINS": "bosses, org:support, org:helpers:support",
    "WELLCHAT_OIDC_ACME_DOMAINS": "acme.example,@Acme.test",
    "WELLCHAT_OIDC_ACME_JOINS": "on",
    "WELLCHAT_OIDC_ACME_SCOPES": "email profile groups",
    "WELLCHAT_OIDC_ACME_ALGS": "PS256",
    "WELLCHAT_OIDC_OTHER": "https://other.example|id|secret",
}


def test_providers_are_read_from_their_variables(tmp_path: Path) -> None:
    environ = {"WELLCHAT_INSTANCE": str(tmp_path), **ACME}
    assert unknown_settings(environ) == []
    app = create_app(read_settings(environ))
    acme, other = app.config["OIDC"]["acme"], app.config["OIDC"]["other"]
    assert acme == Provider(
        name="acme",
        issuer="https://acme.example/realms/one",
        client_id="chat",
        client_secret="s3cret-of-acme",
        label="Acme",
        roles={"staff": "professional", "a:b": "client", "*": "client"},
        admins={"bosses": "owner", "org": "support", "org:helpers": "support"},
        domains=("acme.example", "acme.test"),
        joins=True,
        scopes="openid email profile groups",
        algorithms=("PS256",),
    )
    assert (other.label, other.joins, other.algorithms[0]) == ("Other", False, "RS256")
    assert ROLES_OF_SETTINGS == ADMIN_ROLES
    # Whoever runs the doctor sees the provider, and not its secret.
    shown = str(doctor.masked("OIDC", app.config["OIDC"]))
    assert "acme.example" in shown
    assert "s3cret" not in shown


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"OIDC_ACME": "https://acme.example|chat"}, "OIDC_ACME must be issuer|client_id|secret"),
    ({"OIDC_ACME": "acme.example|chat|s"}, "issuer must be an http"),
    ({"OIDC_ACME": "https://acme.example?x=1|chat|s"}, "no ?"),
    ({"OIDC_ACME_ROLES": "a:client"}, "OIDC_ACME_ROLES is set, and WELLCHAT_OIDC_ACME is not"),
    (
        {"OIDC_ACME": "https://a.example|c|s", "OIDC_ACME_ROLES": "a:admin"},
        "group:client or",
    ),
    ({"OIDC_ACME": "https://a.example|c|s", "OIDC_ACME_ALGS": "HS256"}, "choose of RS256"),
    ({"OIDC_ACME": "https://a.example|c|s", "OIDC_ACME_JOINS": "yes"}, "on or off"),
    ({"OIDC_ACME": "https://a.example|c|s", "OIDC_ACME_ROLE": "x"}, "OIDC_ACME_ROLE: a name has"),
    ({"OIDC_acme": "https://a.example|c|s"}, "a name has"),
    ({"SSO_ORIGINS": "https://www.example.com/"}, "no origin"),
    ({"SSO_ORIGINS": "www.example.com"}, "no origin"),
    ({"SSO_ORIGINS": "https://*.example.com"}, "no origin"),
    ({"SSO_URL": "javascript:alert(1)"}, "http:// or https:// address"),
    ({"ACCOUNT_URL": "/me"}, "http:// or https:// address"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_what_cannot_be_used_stops_the_start(tmp_path: Path, given: dict[str, str], words: str) -> None:
    environ = {f"WELLCHAT_{name}": value for name, value in given.items()}
    with pytest.raises(SettingsError) as refusal:
        read_settings({"WELLCHAT_INSTANCE": str(tmp_path), **environ})
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
