"""Let a key of the host into /api/host, and nowhere else; and nothing but such a key into /api/host."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request

from wellchat import clock
from wellchat.accounts.sessions import read_bearer
from wellchat.audit.actions import record_refusal
from wellchat.audit.models import HOST
from wellchat.audit.request_origin import act_as, network_of
from wellchat.errors import NotSignedIn
from wellchat.guard import Budget, spend
from wellchat.host.calls import BUDGET, Caller
from wellchat.host.keys import PREFIX, KnownKey, comes_from, key_by_secret, note_use
from wellchat.host.paths import PREFIX as PATH
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext
from wellchat.web import login, place_key

log = logging.getLogger(__name__)

REFUSED = Budget("host-refused", "60/minute")  # from one place
OPEN = ("/openapi.json", "/docs")


def _secret() -> str | None:
    """Return the host key that the request carries as a bearer token, or None."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    return secret if scheme.lower() == "bearer" and secret.startswith(PREFIX) else None


def is_host_call() -> bool:
    """Return whether the request is for the host API."""
    path = request.path
    return path.startswith(PATH) and path[len(PATH) : len(PATH) + 1] in ("", "/")


def _read_key() -> None:
    """Nobody is signed in by a host key, and nobody by a cookie under /api/host."""
    if not is_host_call():
        # Every request comes by, and nearly none holds the prefix.
        if PREFIX in request.environ.get("HTTP_AUTHORIZATION", "") and _secret() is not None:
            g.bearer = True
            login._update_request_context_with_user(None)
            raise NotSignedIn(gettext("A host key works under /api/host only."))
        return
    # No cookie counts here, so no call needs a CSRF token.
    g.bearer = True
    login._update_request_context_with_user(None)


def admit() -> None:
    """Find the key of a call under /api/host. Raises NotSignedIn, and HostRefusal."""
    if request.path.removeprefix(PATH) in OPEN:
        return
    now, secret = clock.now(), _secret()
    _refuse_browsers(secret)
    key = key_by_secret(secret, now=now) if secret else None
    if key is None:
        spend((REFUSED, place_key()))
        raise NotSignedIn(gettext("Send a host key: Authorization: Bearer wck_..."))
    if not comes_from(key, request.remote_addr or ""):
        act_as(HOST, f"key {key.id}")
        record_refusal("host_key.refused", now=now, about=("host_key", key.id))
        raise HostRefusal(403, "network_refused", gettext("This key may not be used from here."))
    spend((BUDGET, key.id))
    act_as(HOST, f"key {key.id}")
    g.host_key = key
    g.host_caller = Caller(key.id, key.scopes, now)


def _refuse_browsers(secret: str | None) -> None:
    """Refuse a key in a call that a page or a person's browser makes, and in an address."""
    if any(value.startswith(PREFIX) for value in request.args.values()):
        detail = gettext("Send the key in the header Authorization, never in an address: end this key now.")
    elif secret is None:
        return
    # Only this header: Node's own fetch sends Sec-Fetch-Mode, too, and not this one.
    elif "Sec-Fetch-Site" in request.headers:
        detail = gettext("A host key is for servers. Never call this from a page.")
    elif request.headers.get("Cookie"):
        detail = gettext("A host key is for servers. Send no cookie with it.")
    else:
        return
    raise HostRefusal(403, "key_elsewhere", detail)


def note_key(response: Response) -> Response:
    key: KnownKey | None = g.get("host_key")
    if key is None:
        return response
    try:
        note_use(key, network=network_of(request.remote_addr or ""), now=g.host_caller.now)
    # The response is made already, and a note that fails must not turn it into an error.
    except Exception:
        log.warning("the use of a host key could not be written", exc_info=True)
    return response


def init_app(app: Flask) -> None:
    """Read the key of every request."""
    # Behind the audit's origin, and before everything that asks who is signed in.
    before = app.before_request_funcs[None]
    before.insert(before.index(read_bearer), _read_key)
