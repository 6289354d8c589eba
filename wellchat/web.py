"""Decide for every request who asks, from where and how often, and add the headers of every response.

Identity comes from the session cookie or a bearer token, never from a parameter. A browser sends a cookie
along whatever page caused the request, so an unsafe call with a cookie must prove that our own page made it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from apiflask import APIFlask
from flask import Response, current_app, g, jsonify, redirect, request, url_for
from flask_limiter import Limiter, RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect, validate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix
from wtforms.validators import ValidationError as BadToken

from wellchat import cookies, guard, query_names
from wellchat.compression import compress_page
from wellchat.errors import NotAllowed, NotFound, NotSignedIn, error_response, wants_json
from wellchat.guard import LimitReached, limits_options, limits_url
from wellchat.i18n import N_, gettext
from wellchat.longpoll.heads import UNCOUNTED_KEY
from wellchat.networks import narrow_network
from wellchat.security_headers import HEADERS, HSTS, PART_HEADERS

if TYPE_CHECKING:
    from wellchat.accounts.models import User

P = ParamSpec("P")
R = TypeVar("R")

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
MAX_BODY = 256 * 1024  # bytes of any request; an upload route raises its own limit
LIMITER_HEADER = "RateLimit-Retry"  # never sent

login = cookies.Login()
csrf = CSRFProtect()


def _rate_limit_key() -> str:
    """Return the key of a rate limit: the user if signed in, else the client's network."""
    return f"user:{current_user.id}" if current_user.is_authenticated else place_key()


def place_key() -> str:
    """Return the key of a rate limit that counts by place, whoever is signed in there."""
    return narrow_network(request.remote_addr or "")


def _cost() -> int:
    """Return for how many requests this one counts: a poll counts also those that a cache answered."""
    return 1 + int(request.environ.get(UNCOUNTED_KEY, 0))


limiter = Limiter(
    key_func=_rate_limit_key,
    strategy="moving-window",
    default_limits=["1200/minute"],
    default_limits_cost=_cost,
    headers_enabled=True,
)


# Who sends the request


def viewer() -> User:
    """Return the signed-in user. Raises NotSignedIn."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return cast("User", current_user._get_current_object())


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Guard a view: without a signed-in user answer 401 under /api, and redirect to sign-in elsewhere."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if current_user.is_authenticated:
            return view(*args, **kwargs)
        if wants_json():
            raise NotSignedIn
        return cast(R, redirect(url_for("accounts.sign_in", next=next_path())))

    guarded.guard = "signed_in"  # type: ignore[attr-defined]  # tests/test_wiring.py looks for it on every route
    return guarded


def next_path() -> str | None:
    """Return the path to open after signing in, or None.

    None unless the request is a GET of a page other than the inbox.
    """
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None


def safe_next(target: str | None) -> str:
    """Return `target` if it stays on this site (no open redirect), else "/"."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    # Browsers strip control characters and read a backslash as a slash: both could hide another host.
    if any(ord(c) < 33 or c == "\\" for c in target) or urlsplit(target).netloc:
        return "/"
    return target


def _protect_from_forgery() -> None:
    """Check unsafe requests against cross-site request forgery.

    A form carries a CSRF token. JSON with a cookie carries it too, or comes from our own origin. A bearer
    token needs neither, because no browser adds it by itself.
    """
    if request.method in SAFE_METHODS or g.get("bearer") or request.routing_exception:
        return
    if request.endpoint and current_app.view_functions[request.endpoint].__dict__.get("csrf_exempt"):
        return
    # A JSON call may come from a program without our token, so the origin is enough.
    if wants_json():
        if not current_user.is_authenticated or _same_origin():
            return
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except BadToken:
            raise NotAllowed(gettext("Send the CSRF token in X-CSRFToken, or use a bearer token.")) from None
        return
    csrf.protect()


# Sec-Fetch-Site cannot be set by scripts. Browsers that do not send it still send Origin with POST.
def _same_origin() -> bool:
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    return request.headers.get("Origin") in (request.host_url.rstrip("/"), current_app.config["BASE_URL"])


def _check_page_viewer() -> None:
    """Refuse a request whose page was loaded by another user than the one signed in now.

    The page sends its user id as X-Viewer. Without the check, a page left open could act for the next user.
    """
    meant = request.headers.get("X-Viewer")
    if meant and current_user.is_authenticated and meant != current_user.id:
        raise NotSignedIn(gettext("Somebody else is signed in here now."))


def _check_user_id() -> None:
    """Accept a `userId` parameter only if it equals the signed-in user."""
    named = request.args.get("userId", request.args.get("user_id"))
    if wants_json() and named and current_user.is_authenticated and named != current_user.id:
        raise NotAllowed(gettext("This is not your user id. Leave it out, or send your own."))


def csrf_exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that programs without a cookie call, such as one-click unsubscribe (RFC 8058)."""
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _refuse_unprintable_ids(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Refuse ids with unprintable characters with 404: no id of ours has any.

    Some of them cannot even be sent to the database. `emoji` is exempt: the view checks it.
    """
    ids = (value for name, value in (values or {}).items() if name != "emoji")
    if any(isinstance(value, str) and not value.isprintable() for value in ids):
        raise NotFound


# The headers of every response

_HEADERS = [(name.lower(), name, value) for name, value in HEADERS]
_PART_HEADERS = [(name.lower(), name, value) for name, value in PART_HEADERS]


def _add_headers(response: Response) -> Response:
    # A page loads forty scripts and styles; for some of them all headers would be larger than the file.
    part_of_page = request.endpoint == "asset" and response.mimetype in ("text/css", "text/javascript")
    # Loop once over the headers: setdefault would search all of them for each name.
    present = {name.lower() for name, _ in response.headers}
    for key, name, value in _PART_HEADERS if part_of_page else _HEADERS:
        if key not in present:
            response.headers.add(name, value)
    if request.is_secure and "strict-transport-security" not in present:
        response.headers.add(*HSTS)
    # Pages contain private data: no cache may keep them unless a view says so.
    if request.endpoint != "static" and "cache-control" not in present:
        response.headers.add("Cache-Control", "no-store")
    if response.status_code == 204:
        # A 204 has no content, so it has no type (RFC 9110, 6.4.1)
        response.headers.remove("Content-Type")
    return response


def _set_retry_after(response: Response) -> Response:
    """Send Retry-After with 429 only, rounded up. Flask-Limiter would send it always, rounded down to 0."""
    seconds = response.headers.pop(LIMITER_HEADER, None)
    seconds = g.pop("retry_after", seconds)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(int(seconds or 0) + 1)
    return response


def json_response(data: dict[str, Any], status: int = 200) -> Response:
    """Return `data` as JSON with `status`. Tests check it against the declared schema, not each request."""
    response = jsonify(data)
    response.status_code = status
    return response


def _on_csrf_error(_error: CSRFError) -> Response:
    detail = N_("Nothing was done. Go back, reload the page and send it again.")
    return error_response(400, N_("This page has been open too long"), detail)


def _on_rate_limit(error: RateLimitExceeded) -> Response:
    detail = gettext("The limit here is %(limit)s. Wait a little, then try again.", limit=error.limit.limit)
    if isinstance(error, LimitReached):
        g.retry_after = error.seconds
    return error_response(429, N_("Too many requests"), detail)


def init_app(app: APIFlask) -> None:
    """Set cookies, CSRF protection, rate limits and security headers."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_PARTS=50,
        WTF_CSRF_CHECK_DEFAULT=False,  # _protect_from_forgery decides for pages and calls alike
        WTF_CSRF_TIME_LIMIT=None,  # a chat stays open for days
        RATELIMIT_ENABLED=app.config["RATE_LIMITS"],
        RATELIMIT_STORAGE_URI=limits_url(app.config["REDIS_URL"]),
        RATELIMIT_STORAGE_OPTIONS=limits_options(app.config["REDIS_URL"]),
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # without Redis each process counts for itself
        RATELIMIT_HEADER_LIMIT="RateLimit-Limit",
        RATELIMIT_HEADER_REMAINING="RateLimit-Remaining",
        RATELIMIT_HEADER_RESET="RateLimit-Reset",
        RATELIMIT_HEADER_RETRY_AFTER=LIMITER_HEADER,
        RATELIMIT_SWALLOW_ERRORS=True,
    )
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    cookies.init_app(app)
    login.init_app(app)
    csrf.init_app(app)
    # Runs after the limiter's own hook: hooks run in reverse order.
    app.after_request(_set_retry_after)
    limiter.init_app(app)
    guard.init_app(app)
    app.url_value_preprocessor(_refuse_unprintable_ids)
    # The order matters: forgery first, so that a forged request reveals nothing about the viewer.
    app.before_request(_protect_from_forgery)
    app.before_request(_check_page_viewer)
    app.before_request(_check_user_id)
    query_names.init_app(app)
    app.after_request(_add_headers)
    app.after_request(compress_page)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(RateLimitExceeded, _on_rate_limit)
