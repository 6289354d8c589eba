"""Name every refusal of the host API by a stable word, and make problem documents (RFC 9457) of them."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wellchat.accounts.profile import EmailTaken
from wellchat.errors import (
    Busy,
    CannotWrite,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    WellchatError,
    errors_by_field,
    status_phrase,
)
from wellchat.guard import LimitReached
from wellchat.i18n import N_, gettext
from wellchat.identities.actions import Taken
from wellchat.identities.models import Moved
from wellchat.identities.queries import external_ids
from wellchat.request_ids import request_id

log = logging.getLogger(__name__)

# code -> what it means. The docs have the same list, and a test holds it.
CODES = {
    "key_missing": "no host key, or one that does not work",
    "key_elsewhere": "the key came with a cookie, in the address, or from a page of a browser",
    "network_refused": "the key may not be used from this address",
    "scope_missing": "the key lacks the scope that `detail` names",
    "not_found": "there is no such thing",
    "method_not_allowed": "the address does not take this method",
    "expired": "the events after this cursor were deleted: `cursor`, `reconcile`",
    "restored": "a backup was put back since this cursor was given out: `cursor`, `reconcile`",
    "ahead": "this cursor is after the last event: `cursor`, `reconcile`",
    "moved": "the person has another id now: `external_id`",
    "conflict": "the present state does not allow it",
    "external_id_taken": "the id is another person's: `existing`",
    "email_taken": "the email address is another person's: `existing`",
    "role_in_use": "connections or subjects depend on the role",
    "both_live": "both wrote to the same person at the same time",
    "subject_in_use": "other people would read the subject's conversation",
    "cannot_write": "nobody writes there any more",
    "invalid": "`errors` says what is wrong with which field",
    "not_allowed": "nobody may do this with a key",
    "too_large": "the body is too large",
    "idempotency_key_missing": "a POST needs the header Idempotency-Key",
    "idempotency_key_reused": "the same Idempotency-Key came with another body",
    "still_running": "the first of the same calls still runs",
    "too_many_requests": "wait for Retry-After",
    "busy": "nothing was done; send it again",
    "internal_error": "our mistake; it was recorded",
}
BY_STATUS = {
    400: "invalid",
    401: "key_missing",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "moved",
    413: "too_large",
    415: "invalid",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "busy",
}
_BY_CLASS: tuple[tuple[type[WellchatError], str], ...] = (
    (Moved, "moved"),
    (Taken, "external_id_taken"),
    (EmailTaken, "email_taken"),
    (CannotWrite, "cannot_write"),
    (NotAllowed, "not_allowed"),
    (NotSignedIn, "key_missing"),
    (NotFound, "not_found"),
    (Conflict, "conflict"),
    (Invalid, "invalid"),
    (TooLarge, "too_large"),
    (Busy, "busy"),
)


class HostRefusal(WellchatError):
    """A refusal of the host API with a `code` of CODES. `more` are further keys of the problem."""

    heading = N_("Refused")

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail, errors=errors)
        self.status, self.code, self.more = status, code, more or {}
        self.headers: dict[str, str] = {}


def code_of(error: WellchatError) -> str:
    """Return the stable word for an error."""
    if isinstance(error, HostRefusal):
        return error.code
    return next((code for kind, code in _BY_CLASS if isinstance(error, kind)), "internal_error")


def problem_of(error: Exception) -> dict[str, Any]:
    """Return the problem document of anything that a call raised. Keys: those of errors.problem, and `code`.

    What nobody foresaw is logged, and is a 500.
    """
    if isinstance(error, Invalid):
        return _document(error.status, code_of(error), _by_message(error.errors), error.errors)
    if isinstance(error, WellchatError):
        return _document(error.status, code_of(error), error.detail, error.errors) | _more(error)
    if isinstance(error, ValidationError):
        errors = errors_by_field(error)
        return _document(422, "invalid", _by_message(errors), errors)
    if isinstance(error, LimitReached):
        return _document(429, "too_many_requests", gettext("Wait a little, then try again."))
    if isinstance(error, DataError):
        return _document(422, "invalid", N_("The request contains something that cannot be stored."))
    if isinstance(error, DBAPIError | PoolTimeout):
        log.warning("database unavailable: %s", error)
        return _document(503, "busy", N_("The server is busy. Nothing was lost. Try again in a moment."))
    log.error("unhandled error of a host call", exc_info=error)
    return _document(500, "internal_error", N_("The error was recorded. Try again in a moment."))


def _by_message(errors: dict[str, str]) -> str:
    """Return each message once, after the fields that it is about: "name, role: This field is required."."""
    fields: dict[str, list[str]] = {}
    for field, message in errors.items():
        fields.setdefault(message, []).append(field)
    return " ".join(f"{', '.join(names)}: {message}" for message, names in fields.items())


def _document(status: int, code: str, detail: str, errors: dict[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "about:blank", "title": status_phrase(status), "status": status}
    found |= {"detail": gettext(detail), "code": code}
    if errors:
        found["errors"] = errors
    return found | {"request_id": request_id()}


def _more(error: WellchatError) -> dict[str, Any]:
    if isinstance(error, HostRefusal):
        return error.more
    if isinstance(error, Moved):
        return {"external_id": error.external_id}
    if isinstance(error, Taken | EmailTaken) and error.user_id is not None:
        mine = external_ids([error.user_id]).get(error.user_id)
        return {"existing": {"id": error.user_id, "external_id": mine}}
    return {}
