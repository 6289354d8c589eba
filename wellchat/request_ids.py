"""Give each request an id, which stands in its answer, in log lines and in the security log.

It is taken from `X-Request-ID` only behind a trusted proxy, which must set it itself: elsewhere anybody could
write into our logs what they like. A job of the worker and a command have one too, so that their lines are
found together.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import Flask, Response, current_app, g, has_request_context, request

HEADER = "X-Request-ID"
GOOD = re.compile("[A-Za-z0-9-]{8,64}")

_job: ContextVar[str | None] = ContextVar("job", default=None)


def new_request_id() -> str:
    """Return a new id: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def request_id() -> str | None:
    """Return the id of the present request, job or command. None: there is none of them."""
    if not has_request_context():
        return _job.get()
    found: str | None = g.get("request_id")
    if found is None:
        _assign()
        found = g.request_id
    return found


@contextmanager
def job() -> Iterator[None]:
    """Give the job or command inside this block an id of its own."""
    token = _job.set(new_request_id())
    try:
        yield
    finally:
        _job.reset(token)


def _assign() -> None:
    given = request.headers.get(HEADER, "") if current_app.config["TRUSTED_PROXIES"] else ""
    g.request_id = given if GOOD.fullmatch(given) else new_request_id()


def _send(response: Response) -> Response:
    # Files of a page are many, small and the same for everybody.
    if request.endpoint not in ("asset", "static"):
        response.headers[HEADER] = request_id() or ""
    return response


def init_app(app: Flask) -> None:
    """Assign the id before anything else looks at the request, and send it with the answer."""
    app.before_request_funcs.setdefault(None, []).insert(0, _assign)
    app.after_request(_send)
