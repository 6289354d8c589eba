"""The application with the embed on, on either database; a host that signs tokens; a frame that calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from tests.applications import apps_on
from tests.cast import Cast, CastCopies
from tests.databases import CleanDatabase
from tests.fixtures import Program
from tests.services import Services
from tests.sso.conftest import Host, acts
from wellchat.identities.actions import link
from wellchat.identities.models import HOST
from wellchat.sso.keys import create_key

__all__ = ["acts"]

SHOP = "https://www.shop.example"
ORIGINS = (SHOP, "https://*.partner.example", "http://localhost:9000")


@pytest.fixture(scope="session")
def _app_on(
    make_app: Callable[..., Flask], services: Services, run_name: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], tuple[Flask, CleanDatabase]]]:
    with apps_on(make_app, request, f"{run_name}_embed", {"EMBED_ORIGINS": ORIGINS}, CastCopies) as app_on:
        yield app_on


@pytest.fixture
def host(app: Flask, cast: Cast, now: datetime) -> Host:
    """A shop that knows Cara as `c-1` and Paul as `p-1`."""
    link(user_id=cast.cara.id, source=HOST, external_id="c-1", now=now)
    link(user_id=cast.paul.id, source=HOST, external_id="p-1", now=now)
    key, secret = create_key(alg="HS256", name="shop", now=now)
    return Host(app.config["BASE_URL"], key.kid, str(secret), now)


@pytest.fixture
def exchange(app: Flask) -> Callable[..., Any]:
    """exchange(token, origin): the answer of the door, to a browser that has cookies."""

    def exchange(token: Any, origin: Any = SHOP, **more: Any) -> Any:
        body = {"token": token, "origin": origin, **more}
        return app.test_client().post("/api/embed/sessions", json=body, headers={"Cookie": "wellchat=x"})

    return exchange


@pytest.fixture
def frame(app: Flask, exchange: Any) -> Callable[..., Program]:
    """frame(token): the calls of a frame that has exchanged it."""

    def frame(token: str, origin: str = SHOP) -> Program:
        return Program(app, exchange(token, origin).get_json()["access_token"])

    return frame
