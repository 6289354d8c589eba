"""A provider that others wrote: what it sends is not made to fit us."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.sso.conftest import Visitor
from tests.sso.test_oidc import setting
from wellchat.accounts.queries import user_by_email

__all__ = ["setting"]


@pytest.fixture
def foreign() -> Iterator[Any]:
    import oidc_provider_mock  # type: ignore[import-untyped]

    claims = {"name": "Fred Foreign", "email": "fred@foreign.example", "email_verified": True}
    person = oidc_provider_mock.User(sub="fred|1", claims=claims)
    with oidc_provider_mock.run_server_in_thread(user_claims=[person]) as server:
        issuer = f"http://localhost:{server.server_port}"
        yield SimpleNamespace(issuer=issuer, client_id="chat", secret="foreign secret: 100 %")


def agree(address: str) -> str:
    """The person chooses who they are on the provider's own page: where it leads then."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    body, form = urlencode({"sub": "fred|1"}), {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", f"{parts.path}?{parts.query}", body, form)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status in (302, 303)
    return str(answer.headers["Location"])


def test_a_person_signs_in_at_a_provider_of_others(
    foreign: Any, visitor: Callable[[], Visitor], setting: Any, acts: Callable[[str], list[dict[str, Any]]]
) -> None:
    setting(foreign)
    browser = visitor()
    back = urlsplit(agree(browser.get("/oidc/acme/start?to=/settings").location))
    assert (back.netloc, back.path) == ("127.0.0.1:8000", "/oidc/acme/callback")
    arrived = browser.get(f"{back.path}?{back.query}")
    assert (acts("sso.refused"), arrived.location) == ([], "/sso/arrive")
    assert browser.get("/sso/arrive").location == "/settings"
    user = user_by_email("fred@foreign.example")
    assert user is not None
    assert (user.name, user.verified_at is None) == ("Fred Foreign", False)
    # The same answer once more.
    assert browser.get(f"{back.path}?{back.query}").status_code == 401
