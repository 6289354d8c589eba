"""Define the domain's errors, and turn each into a response for a person or a program.

Actions and queries raise these; only this module knows status codes. Under `/api` the response is
`application/problem+json` (RFC 9457), elsewhere a page that says what to do next.
"""

from __future__ import annotations

import logging
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, jsonify, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from wellchat.i18n import N_, gettext

log = logging.getLogger(__name__)


class WellchatError(Exception):
    """A refusal with `status`, `title`, `detail` for people, and `errors`: message by field name."""

    status = 500
    title = N_("Something went wrong")

    def __init__(self, detail: str = "", *, errors: dict[str, str] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or {}

    @property
    def line(self) -> str:
        """Return one line for a terminal: "field: message" for each field, or the detail."""
        return " ".join(f"{field}: {message}" for field, message in self.errors.items()) or self.detail


class NotSignedIn(WellchatError):
    """The request needs a signed-in user."""

    status = 401
    title = N_("Sign in first")


class NotAllowed(WellchatError):
    """The user may not do this."""

    status = 403
    title = N_("Not allowed")


class NotFound(WellchatError):
    """The thing is missing, or the viewer may not see it. Nothing tells the two apart."""

    status = 404
    title = N_("Not here")

    def __init__(self, detail: str = N_("There is nothing here, or it is not yours to see.")) -> None:
        super().__init__(detail)


class TooLarge(WellchatError):
    """The request or the file is too large."""

    status = 413
    title = N_("Too large")


class Conflict(WellchatError):
    """The request contradicts the present state, for example a taken email address."""

    status = 409
    title = N_("That collides with what is already there")


class Invalid(WellchatError):
    """The input is not valid. `errors` has a message by field name."""

    status = 422
    title = N_("Please check what you entered")

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()), errors=errors)


class Busy(WellchatError):
    """The database cannot take the request now. Nothing was written; the client may repeat it."""

    status = 503
    title = N_("Busy, please try again")


def problem(status: int, title: str, detail: str, errors: dict[str, str] | None = None) -> Response:
    """Return an RFC 9457 response. `title` stays English, for programs; `detail` is translated, for people.

    `errors` is a message by field name; the member is left out if there are none.
    """
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": gettext(detail),
    }
    if errors:
        body["errors"] = errors
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
        field = ".".join(str(part) for part in each["loc"]) or "body"
        kind = each["type"]
        if kind in ("too_long", "too_short") and isinstance(each["input"], str):
            kind = f"string_{kind}"  # pydantic reports the plain kind after a validator of ours ran first
        found.setdefault(field, pydantic_message(kind, str(each["msg"]), each.get("ctx") or {}))
    return found


_PYDANTIC_MESSAGES = {
    "missing": N_("This is needed."),
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
    "too_long": N_("At most {max_length} of them."),
    "too_short": N_("At least {min_length} of them."),
    "timezone_aware": N_("A time needs its offset, such as 2026-01-31T12:00:00Z."),
}


def pydantic_message(kind: str, message: str, context: dict[str, Any]) -> str:
    """Return a pydantic error as a sentence for a person, in their language.

    `kind` is pydantic's error type, `message` its own text, `context` the values for the placeholders.
    """
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        kind = "missing"
    if kind in _PYDANTIC_MESSAGES:
        return gettext(_PYDANTIC_MESSAGES[kind]).format(**context)
    message = message.removeprefix("Value error, ").removeprefix("value is not a valid email address: ")
    return message[:1].upper() + message[1:] + ("" if message.endswith(".") else ".")


def wants_json() -> bool:
    """Return whether the request is an API call, which gets JSON errors."""
    return request.path == "/api" or request.path.startswith("/api/")


def error_response(status: int, title: str, detail: str, errors: dict[str, str] | None = None) -> Response:
    """Return a problem document for an API call, or else the error page."""
    if wants_json():
        return problem(status, title, detail, errors)
    page = render_template(
        "errors/error.html", status=status, title=title, detail=detail, errors=errors or {}
    )
    response = Response(page, status=status, content_type="text/html; charset=utf-8")
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


_HTTP_MESSAGES = {
    400: (N_("That request could not be read"), N_("Go back, reload the page and try again.")),
    401: (N_("Sign in first"), N_("Sign in and try again.")),
    403: (N_("Not allowed"), N_("Reload the page and try again.")),
    404: (N_("Not here"), N_("There is nothing here, or it is not yours to see.")),
    405: (N_("Not that way"), N_("This address does not take that kind of request.")),
    413: (N_("Too large"), N_("That is larger than we take. Send less at once.")),
    415: (N_("Not that form"), N_("Send JSON, with Content-Type: application/json.")),
    429: (N_("Too many requests"), N_("Wait a little, then try again.")),
}


def _on_wellchat_error(error: WellchatError) -> Response:
    return error_response(error.status, error.title, error.detail, error.errors)


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None and status < 400:
        return error.response  # type: ignore[return-value]  # a redirect raised by routing
    title, detail = _HTTP_MESSAGES.get(status, (error.name, error.description or error.name))
    if wants_json() and status in (400, 415) and request.method != "GET":
        # A body that is not JSON at all is bad input like any other.
        return problem(
            422, Invalid.title, N_("The body is not valid JSON."), {"body": gettext("Send a JSON object.")}
        )
    response = error_response(status, title, detail)
    for name, value in error.get_headers():
        if name in ("Retry-After", "Allow"):
            response.headers[name] = value
    return response


def _on_database_error(error: DBAPIError | PoolTimeout) -> Response:
    log.warning("database unavailable: %s", error)
    return error_response(
        Busy.status, Busy.title, N_("The server is busy. Nothing was lost; try again in a moment.")
    )


def _on_data_error(error: DataError) -> Response:
    """Return a 422: the database itself refuses a value that no form refused."""
    log.warning("refused by the database: %s", error.orig)
    return error_response(
        Invalid.status, Invalid.title, N_("There is something in it that cannot be stored.")
    )


def _on_validation_error(error: HTTPError) -> Response:
    """Return our own messages when APIFlask refuses a body or a query."""
    cause = error.__cause__
    errors = errors_by_field(cause) if isinstance(cause, ValidationError) else {}
    return problem(error.status_code, Invalid.title, " ".join(errors.values()) or str(error.message), errors)


def _on_unhandled_error(error: Exception) -> Response:
    log.exception("unhandled error on %s %s", request.method, request.path)
    return error_response(
        500, N_("Something broke on our side"), N_("It has been noted. Try again in a moment.")
    )


def init_app(app: APIFlask) -> None:
    """Register the error handlers."""
    app.error_processor(_on_validation_error)
    app.register_error_handler(WellchatError, _on_wellchat_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(DataError, _on_data_error)
    app.register_error_handler(OperationalError, _on_database_error)
    app.register_error_handler(PoolTimeout, _on_database_error)
    if not app.testing:  # in tests a crash should reach the test with its traceback
        app.register_error_handler(Exception, _on_unhandled_error)
