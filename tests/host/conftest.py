"""The host's server: it calls with keys."""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wellchat.host.keys import make_key
from wellchat.host.scopes import SCOPES

_keys = itertools.count()


class HostServer:
    """A server of the host, with a key."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.client = FlaskClient(app, app.response_class, use_cookies=False)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def open(self, method: str, path: str, **more: Any) -> Any:
        headers = {**self.headers, **more.pop("headers", {})}
        if method == "POST":
            headers.setdefault("Idempotency-Key", f"test-{next(_keys)}")
        path = path if path.startswith("/api") else "/api/host" + path
        # In a context of its own: a request must not find the session of the test around it.
        return contextvars.Context().run(self.client.open, path, method=method, headers=headers, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.open("GET", path, **more)

    def put(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.open("PUT", path, json=body, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.open("POST", path, json=body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.open("PATCH", path, json=body, **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self.open("DELETE", path, **more)

    def puts(self, ext: str, **body: Any) -> Any:
        """Put a person; a client called Cleo unless `body` says otherwise."""
        given = {"name": "Cleo Client", "role": "client", **body}
        return self.put(user(ext), given)


def user(ext: str, more: str = "") -> str:
    """The path of a person, by the host's id."""
    return f"/users/{quote(ext, safe='')}{more}"


@pytest.fixture
def server_with(app: Flask, now: datetime) -> Callable[..., HostServer]:
    def make(*scopes: str, **more: Any) -> HostServer:
        return HostServer(app, make_key(name="Test", scopes=scopes, now=now, **more).secret)

    return make


@pytest.fixture
def host(server_with: Callable[..., HostServer]) -> HostServer:
    """A server of the host that may do everything."""
    return server_with(*SCOPES)
