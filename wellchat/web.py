"""What every request passes through: who asks, where from, how often; and what every answer carries.

Identity comes from the session cookie or a bearer token, never from a parameter. A cookie is sent along by the
browser whoever asks for the request, so an unsafe call that rides on one must prove that our own page made it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

import secure
from apiflask import APIFlask
from flask import Response, current_app, g, jsonify, redirect, request, url_for
from flask_limiter import Limiter, RateLimitExceeded
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect, validate_csrf
from werkzeug.middleware.proxy_fix import ProxyFix
from wtforms.validators import ValidationError as BadToken

from wellchat.compression import compress_page
from wellchat.errors import NotAllowed, NotFound, NotSignedIn, error_response, wants_json
from wellchat.i18n import N_, gettext
from wellchat.longpoll.wakeups import REDIS_TIMEOUT

if TYPE_CHECKING:
    from wellchat.accounts.models import User

P = ParamSpec("P")
R = TypeVar("R")

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
MAX_BODY = 256 * 1024  # bytes of any request; an upload route raises its own limit
LIMITER_HEADER = "RateLimit-Retry"  # never sent
LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))
# Networks of a house or an office. Python's `is_private` counts more, also what may be reached from the world.
PRIVATE_NETWORKS = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP")

login = LoginManager()
csrf = CSRFProtect()


def _rate_limit_key() -> str:
    """Whom a limit counts: the person where we know them, else the address they come from."""
    return f"user:{current_user.id}" if current_user.is_authenticated else get_remote_address()


limiter = Limiter(
    key_func=_rate_limit_key, strategy="moving-window", default_limits=["1200/minute"], headers_enabled=True
)


# Who asks


def viewer() -> User:
    """The signed-in person. Raises NotSignedIn."""
    if not current_user.is_authenticated:
        raise NotSignedIn
    return cast("User", current_user._get_current_object())


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Only for somebody we know: others get 401 under /api, and the sign-in page elsewhere."""

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
    """Where to go on to after signing in: only ever a page of ours that can be opened by a link."""
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None


def safe_next(target: str | None) -> str:
    """`target` if a browser would stay on this site with it, else the inbox."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if any(ord(c) < 33 or c == "\\" for c in target) or urlsplit(target).netloc:
        return "/"
    return target


def _protect_from_forgery() -> None:
    """Forms carry a token. JSON with a cookie carries it too, or comes from our own origin; a bearer needs neither."""
    if request.method in SAFE_METHODS or g.get("bearer") or request.routing_exception:
        return
    if request.endpoint and current_app.view_functions[request.endpoint].__dict__.get("csrf_exempt"):
        return
    if wants_json():
        if not current_user.is_authenticated or _same_origin():
            return
        try:
            validate_csrf(request.headers.get("X-CSRFToken"))
        except BadToken:
            raise NotAllowed(gettext("Send the CSRF token in X-CSRFToken, or use a bearer token.")) from None
        return
    csrf.protect()


def _same_origin() -> bool:
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    return request.headers.get("Origin") in (request.host_url.rstrip("/"), current_app.config["BASE_URL"])


def _check_page_viewer() -> None:
    """A page says whose it is: after somebody else signed in beside it, it may not read or write in their name."""
    meant = request.headers.get("X-Viewer")
    if meant and current_user.is_authenticated and meant != current_user.id:
        raise NotSignedIn(gettext("Somebody else is signed in here now."))


def _check_user_id() -> None:
    """Who asks is known. A parameter may say it once more, and may not say otherwise."""
    named = request.args.get("userId", request.args.get("user_id"))
    if wants_json() and named and current_user.is_authenticated and named != current_user.id:
        raise NotAllowed(gettext("This is not your user id. Leave it out, or send your own."))


def csrf_exempt(view: Callable[P, R]) -> Callable[P, R]:
    """For calls made by machines that hold no cookie, such as a mail reader's one-click unsubscribe (RFC 8058)."""
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def _refuse_unprintable_ids(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """No id of ours has a character that a database cannot even be asked for; an emoji may, and is looked at apart."""
    ids = (value for name, value in (values or {}).items() if name != "emoji")
    if any(isinstance(value, str) and not value.isprintable() for value in ids):
        raise NotFound


# Where from


def is_loopback_request() -> bool:
    """Whoever asks sits at the very machine that we run on."""
    return _is_direct() and all(_is_in(LOOPBACK, host) for host in _request_hosts())


def is_lan_request() -> bool:
    """They sit at it, or in the same house with a phone, and this installation is at no address of the world's."""
    return _is_direct() and all(is_private_host(host) for host in _request_hosts())


def is_private_host(host: str | None) -> bool:
    """A host that means this machine or one of its house; any name but `localhost` may lead here from elsewhere."""
    return _is_in((*LOOPBACK, *PRIVATE_NETWORKS), host)


def _is_direct() -> bool:
    """Nothing may stand between us and the asker: a proxy would make everybody look local."""
    return not current_app.config["TRUSTED_PROXIES"] and not any(
        header in request.headers for header in PROXY_HEADERS
    )


def _request_hosts() -> tuple[str | None, ...]:
    """Where the asker is, whom they ask for, and where we are said to be."""
    named = (request.host_url, current_app.config["BASE_URL"])
    return (request.remote_addr, *(urlsplit(each).hostname for each in named))


def _is_in(networks: tuple[IPv4Network | IPv6Network, ...], host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    return any(address in network for network in networks)


# What every answer carries

_HEADERS = tuple(
    secure.Secure(
        csp=secure.ContentSecurityPolicy()
        .default_src("'self'")
        .img_src("'self'", "data:", "blob:")
        .object_src("'none'")
        .base_uri("'none'")
        .form_action("'self'")
        .frame_ancestors("'none'"),
        # no-referrer would also strip it from our own forms, and CSRF protection over HTTPS asks for it
        referrer=secure.ReferrerPolicy().same_origin(),
        permissions=secure.PermissionsPolicy().camera().microphone().geolocation(),
        coop=secure.CrossOriginOpenerPolicy().same_origin(),
        xcto=secure.XContentTypeOptions().nosniff(),
        xfo=secure.XFrameOptions().deny(),
    ).headers.items()
)
_NO_SNIFF_HEADER = tuple(header for header in _HEADERS if header[0] == "X-Content-Type-Options")


def _add_headers(response: Response) -> Response:
    # What scripts and styles may do is said by their page; forty times the same words weigh more than some of them.
    part_of_page = request.endpoint == "asset" and response.mimetype in ("text/css", "text/javascript")
    # Built once: setdefault would look through all headers each time.
    present = {name.lower() for name, _ in response.headers}
    for name, value in _NO_SNIFF_HEADER if part_of_page else _HEADERS:
        if name.lower() not in present:
            response.headers.add(name, value)
    if request.is_secure and "strict-transport-security" not in present:
        response.headers.add("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static" and "cache-control" not in present:
        response.headers.add("Cache-Control", "no-store")
    if response.status_code == 204:
        response.headers.remove("Content-Type")  # of nothing (RFC 9110, 6.4.1)
    return response


def _set_retry_after(response: Response) -> Response:
    """Only a refusal says when to come again. The limiter would with every answer, and rounds down to "at once"."""
    seconds = response.headers.pop(LIMITER_HEADER, None)
    if response.status_code == 429:
        response.headers["Retry-After"] = str(int(seconds or 0) + 1)
    return response


def json_response(data: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer as it stands; that it has its declared shape is held by tests, not at every call."""
    response = jsonify(data)
    response.status_code = status
    return response


def _on_csrf_error(_error: CSRFError) -> Response:
    detail = N_("Nothing was done. Go back, reload the page and send it again.")
    return error_response(400, N_("This page has been open too long"), detail)


def _on_rate_limit(error: RateLimitExceeded) -> Response:
    detail = gettext("The limit here is %(limit)s. Wait a little, then try again.", limit=error.limit.limit)
    return error_response(429, N_("Too many requests"), detail)


def init_app(app: APIFlask) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_PARTS=50,
        SESSION_COOKIE_NAME="wellchat",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=app.config["BASE_URL"].startswith("https://"),
        REMEMBER_COOKIE_NAME="wellchat_remember",
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SECURE=app.config["BASE_URL"].startswith("https://"),
        REMEMBER_COOKIE_DURATION=timedelta(days=60),
        WTF_CSRF_CHECK_DEFAULT=False,  # _protect_from_forgery decides, once, for pages and calls alike
        WTF_CSRF_TIME_LIMIT=None,  # a chat stays open for days
        RATELIMIT_ENABLED=app.config["RATE_LIMITS"],
        RATELIMIT_STORAGE_URI=_limits_url(app.config["REDIS_URL"]),
        RATELIMIT_STORAGE_OPTIONS=_limits_options(app.config["REDIS_URL"]),
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
    login.init_app(app)
    csrf.init_app(app)
    app.after_request(_set_retry_after)  # after the limiter's own, for they run in reverse order
    limiter.init_app(app)
    app.url_value_preprocessor(_refuse_unprintable_ids)
    app.before_request(_protect_from_forgery)
    app.before_request(_check_page_viewer)
    app.before_request(_check_user_id)
    app.after_request(_add_headers)
    app.after_request(compress_page)
    app.register_error_handler(CSRFError, _on_csrf_error)
    app.register_error_handler(RateLimitExceeded, _on_rate_limit)


def _limits_url(url: str | None) -> str:
    if url is None:
        return "memory://"
    return url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url


def _limits_options(url: str | None) -> dict[str, Any]:
    """A Redis that hangs may not hang a request for longer than this."""
    return {"socket_timeout": REDIS_TIMEOUT, "socket_connect_timeout": REDIS_TIMEOUT} if url else {}
