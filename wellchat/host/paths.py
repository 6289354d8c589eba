"""Read ids of the host in addresses: each is one segment, decoded once, whatever characters it has.

A server decodes `%2F` to `/` before it looks for the route. So the path is read again as it was sent, and a
slash inside an id is marked until the route is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import quote, unquote_to_bytes, urlsplit

from flask import current_app
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.routing.exceptions import RequestRedirect

from wellchat.errors import NotFound
from wellchat.host.calls import HostCall, all_calls
from wellchat.host.problems import HostRefusal
from wellchat.i18n import gettext

PREFIX = "/api/host"
# No id holds one: they are printable.
MARK, OTHER = b"\x1f", b"\x1e"

WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class IdConverter(BaseConverter):
    """Any id of the host, as one segment of an address."""

    def to_python(self, value: str) -> str:
        """Return the id."""
        return value.replace(MARK.decode(), "/")

    def to_url(self, value: str) -> str:
        """Return the segment."""
        return quote(str(value), safe="")


def marked(raw_path: str) -> str:
    """Return a path decoded segment by segment, with slashes inside of them marked; in WSGI's latin-1."""
    segments = raw_path.split("/")
    # An id that holds the mark itself becomes another unprintable one, which no id is.
    decoded = (unquote_to_bytes(each).replace(MARK, OTHER).replace(b"/", MARK) for each in segments)
    return b"/".join(decoded).decode("latin-1")


def keep_slashes(app: WSGIApp) -> WSGIApp:
    """Wrap the application, so that its paths below /api/host are `marked`."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        if path.startswith(PREFIX + "/") and "%" in raw:
            sent = urlsplit(raw).path if "://" in raw[:8] else raw.partition("?")[0]
            inside = sent.removeprefix(environ.get("SCRIPT_NAME", ""))
            if inside.startswith(PREFIX + "/"):
                environ = {**environ, "PATH_INFO": marked(inside)}
        return app(environ, start_response)

    return wrapped


def find_call(method: str, raw_path: str) -> tuple[HostCall, dict[str, str]]:
    """Return (the call at this address, the arguments in it), for an operation of a batch.

    `raw_path` is as it would be sent, with or without /api/host. Raises NotFound and HostRefusal.
    """
    inside = raw_path if raw_path.startswith(PREFIX + "/") else PREFIX + raw_path
    path = marked(inside).encode("latin-1").decode("utf-8", "replace")
    try:
        call, args = _map().bind("").match(path, method)
    except MethodNotAllowed:
        raise HostRefusal(
            405, "method_not_allowed", gettext("This address does not accept this method.")
        ) from None
    except (NoRoute, RequestRedirect):
        raise NotFound from None
    if any(isinstance(each, str) and not each.isprintable() for each in args.values()):
        raise NotFound
    return call, dict(args)


def _map() -> Map:
    # Built at the first batch of an application.
    if "host_map" not in current_app.extensions:
        rules = [Rule(PREFIX + call.rule, endpoint=call, methods=[call.method]) for call in all_calls()]
        current_app.extensions["host_map"] = Map(rules, converters={"ext": IdConverter})
    return cast(Map, current_app.extensions["host_map"])
