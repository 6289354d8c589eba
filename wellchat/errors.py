"""Define the errors of the domain, and make responses from them.

Actions and queries raise these errors; only this module knows status codes. Under `/api` the response is
`application/problem+json` (RFC 9457) and its title is the status's own phrase, for programmers. Elsewhere it
is a page with a heading and a sentence that tells people what to do next.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from wellchat import metrics
from wellchat.i18n import N_, gettext
from wellchat.request_ids import request_id

log = logging.getLogger(__name__)


class WellchatError(Exception):
    """A refusal that a person can read: `status`, `heading` of its page, `detail`, and `errors` by field."""

    status = 500
    heading = N_("Something went wrong")

    def __init__(self, detail: str = "", *, errors: dict[str, str] | None = None) -> None:
        super().__init__(detail or self.heading)
        self.detail = detail or self.heading
        self.errors = errors or {}

    @property
    def line(self) -> str:
        """The details in one line, with the names of fields, for a terminal."""
        return " ".join(f"{field}: {message}" for field, message in self.errors.items()) or self.detail


class NotSignedIn(WellchatError):
    """The request needs a signed-in user."""

    status = 401
    heading = N_("Sign in first")


class NotAllowed(WellchatError):
    """The user may not do this."""

    status = 403
    heading = N_("Not allowed")


class CannotWrite(NotAllowed):
    """The user may read this conversation and not write into it: it was closed, or they are paused."""

    heading = N_("You cannot write here any more")

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or gettext("You cannot write here any more."))


class NotFound(WellchatError):
    """The thing is missing or is not the viewer's. Clients cannot tell which of the two."""

    status = 404
    heading = N_("Not found")

    def __init__(self, detail: str = N_("There is nothing here, or it is not yours to see.")) -> None:
        super().__init__(detail)


class TooLarge(WellchatError):
    """The request or the file is too large."""

    status = 413
    heading = N_("Too large")


class Conflict(WellchatError):
    """The request contradicts the present state, for example a taken email address."""

    status = 409
    heading = N_("This did not work")


class Invalid(WellchatError):
    """The input is not acceptable; `errors` says why, field by field."""

    status = 422
    heading = N_("Please check what you entered")

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()), errors=errors)


class Busy(WellchatError):
    """The database is not available now. Nothing was written, and the same request may be sent again."""

    status = 503
    heading = N_("Busy, please try again")


def is_unavailable(error: BaseException) -> bool:
    """Return whether an error says that the database cannot be used now, and nothing about the request.

    PostgreSQL is read-only for a while at a failover: class 25 of its SQLSTATE, which psycopg calls internal.
    """
    if isinstance(error, (Busy, OperationalError, PoolTimeout)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith("25")


# Older versions of Python have the phrases of RFC 7231 for 413 and 422, and capitalize() breaks 414.
STATUS_PHRASES = {413: "Content too large", 414: "URI too long", 422: "Unprocessable content"}


def status_phrase(status: int) -> str:
    """Return the reason phrase of a status in sentence case, such as "Not found" (RFC 9110)."""
    return STATUS_PHRASES.get(status) or HTTPStatus(status).phrase.capitalize()


def problem(status: int, detail: str, errors: dict[str, str] | None = None) -> Response:
    """Return a problem document (RFC 9457).

    Keys: `type`, `title`, `status`, `detail`, `request_id`, and `errors` by field.

    The title is the status's own phrase in English, as RFC 9457 asks of a problem of type "about:blank". The
    detail is translated into the reader's language.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status_phrase(status),
        "status": status,
        "detail": gettext(detail),
    }
    if errors:
        body["errors"] = errors
    body["request_id"] = request_id()
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    if status == 503:
        response.headers["Retry-After"] = "1"
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def errors_by_field(error: ValidationError) -> dict[str, str]:
    """Return the first message for each field: {"field.path": "Message."}, in pydantic's order."""
    found: dict[str, str] = {}
    for each in error.errors():
        # "[key]" says that the key itself is wrong: clients know it by its own name.
        field = ".".join(str(part) for part in each["loc"] if part != "[key]") or "body"
        kind = each["type"]
        if kind in ("too_long", "too_short") and isinstance(each["input"], str):
            # Pydantic reports the plain kind after a validator of ours ran first.
            kind = f"string_{kind}"
        # One message per field: the first is the one that explains the others.
        found.setdefault(field, pydantic_message(kind, str(each["msg"]), each.get("ctx") or {}))
    return found


_PYDANTIC_MESSAGES = {
    "missing": N_("This field is required."),
    "string_type": N_("This must be text."),
    "string_unicode": N_("This is not readable text."),
    "int_type": N_("This must be a whole number."),
    "int_parsing": N_("This must be a whole number."),
    "float_type": N_("This must be a number."),
    "float_parsing": N_("This must be a number."),
    "finite_number": N_("This must be a number."),
    "bool_parsing": N_("This must be true or false."),
    "bool_type": N_("This must be true or false."),
    "extra_forbidden": N_("There is no such field."),
    "json_invalid": N_("This is not valid JSON."),
    "model_type": N_("Send a JSON object."),
    "dict_type": N_("Send a JSON object."),
    "list_type": N_("This must be a list."),
    "literal_error": N_("Choose one of {expected}."),
    "string_too_long": N_("At most {max_length} characters."),
    "string_too_short": N_("At least {min_length} characters."),
    "greater_than_equal": N_("At least {ge}."),
    "less_than_equal": N_("At most {le}."),
    "datetime_parsing": N_("Write a time as text, such as 2026-01-31T12:00:00Z."),
    "datetime_from_date_parsing": N_("Write a time as text, such as 2026-01-31T12:00:00Z."),
    "date_parsing": N_("Write a day as text, such as 2026-01-31."),
    "date_from_datetime_parsing": N_("Write a day as text, such as 2026-01-31."),
    "too_long": N_("At most {max_length} items."),
    "too_short": N_("At least {min_length} items."),
    "timezone_aware": N_("A time needs a UTC offset, such as 2026-01-31T12:00:00Z."),
}


def pydantic_message(kind: str, message: str, context: dict[str, Any]) -> str:
    """Return a sentence for a person that describes an error found by pydantic."""
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        kind = "missing"
    if kind in _PYDANTIC_MESSAGES:
        return gettext(_PYDANTIC_MESSAGES[kind]).format(**context)
    message = message.removeprefix("Value error, ").removeprefix("value is not a valid email address: ")
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


def wants_json() -> bool:
    """Return whether the request is an API call, which gets JSON errors."""
    return request.path == "/api" or request.path.startswith("/api/")


def error_response(status: int, heading: str, detail: str, errors: dict[str, str] | None = None) -> Response:
    """Return a problem document to a program under `/api`, and a page with this heading to everybody else."""
    if wants_json():
        return problem(status, detail, errors)
    shown = {"status": status, "heading": heading, "detail": detail, "errors": errors or {}}
    page = render_template("errors/error.html", **shown, request_id=request_id())
    response = Response(page, status=status, content_type="text/html; charset=utf-8")
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


_HTTP_MESSAGES = {
    400: (N_("Your request could not be read"), N_("Go back, reload the page and try again.")),
    401: (N_("Sign in first"), N_("Sign in and try again.")),
    403: (N_("Not allowed"), N_("Reload the page and try again.")),
    404: (N_("Not found"), N_("There is nothing here, or it is not yours to see.")),
    405: (N_("Not allowed"), N_("This address does not accept this kind of request.")),
    413: (N_("Too large"), N_("This is larger than we accept. Send less at a time.")),
    415: (N_("This format is not supported"), N_("Send JSON, with Content-Type: application/json.")),
    429: (N_("Too many requests"), N_("Wait a little, then try again.")),
}


def _on_wellchat_error(error: WellchatError) -> Response:
    return error_response(error.status, error.heading, error.detail, error.errors)


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]  # a redirect raised by routing
    heading, detail = _HTTP_MESSAGES.get(status, (error.name, error.description or error.name))
    if wants_json() and status in (400, 415) and request.method != "GET":
        # A body that is not JSON at all is bad input like any other.
        return problem(422, N_("The body is not valid JSON."), {"body": gettext("Send a JSON object.")})
    response = error_response(status, heading, detail)
    for name, value in error.get_headers():
        # Other headers of werkzeug describe its own HTML page, which is not sent.
        if name in ("Retry-After", "Allow"):
            response.headers[name] = value
    return response


def _on_database_error(error: DBAPIError | PoolTimeout) -> Response:
    log.warning("database unavailable: %s", error)
    return error_response(
        Busy.status, Busy.heading, N_("The server is busy. Nothing was lost. Try again in a moment.")
    )


def _on_internal_error(error: InternalError) -> Response:
    return _on_database_error(error) if is_unavailable(error) else _on_unhandled_error(error)


def _on_data_error(error: DataError) -> Response:
    """Return 422 for a value that passed its form and that the database cannot store or compare."""
    # Its message would quote the value.
    log.warning("refused by the database: %s at %s", type(error.orig).__name__, request.url_rule)
    return error_response(
        Invalid.status, Invalid.heading, N_("The request contains something that cannot be stored.")
    )


def _on_validation_error(error: HTTPError) -> Response:
    """Return a problem document for a body or query that APIFlask refused."""
    cause = error.__cause__
    errors = errors_by_field(cause) if isinstance(cause, ValidationError) else {}
    return problem(error.status_code, " ".join(errors.values()) or str(error.message), errors)


def _on_unhandled_error(error: Exception) -> Response:
    # The rule, and not the path: that may hold a secret.
    log.exception("unhandled error on %s %s", request.method, request.url_rule)
    return error_response(
        500,
        N_("Something went wrong on our side"),
        N_("The error was recorded. Try again in a moment."),
    )


def _count(response: Response) -> Response:
    if response.status_code >= 400:
        metrics.ERRORS.labels(str(response.status_code)).inc()
    return response


def init_app(app: APIFlask) -> None:
    """Register the error handlers."""
    app.after_request(_count)
    app.error_processor(_on_validation_error)
    app.register_error_handler(WellchatError, _on_wellchat_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(DataError, _on_data_error)
    app.register_error_handler(OperationalError, _on_database_error)
    app.register_error_handler(InternalError, _on_internal_error)
    app.register_error_handler(PoolTimeout, _on_database_error)
    # In tests a crash should reach the test with its traceback.
    if not app.testing:
        app.register_error_handler(Exception, _on_unhandled_error)
