"""Say what each call may be answered with: shapes, refusals with examples, headers, who may call it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from wellchat.errors import status_phrase
from wellchat.openapi_shapes import REF, operations, shape_of

PROBLEM = "application/problem+json"


class Problem(BaseModel):
    """A refusal (RFC 9457). `detail` is for people; `errors` says what is wrong with which field.

    `request_id` is the one of `X-Request-ID`, for the operator.
    """

    type: str = Field(examples=["about:blank"])
    title: str = Field(description="The phrase of the status.", examples=["Unprocessable content"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["This field is required."])
    errors: dict[str, str] = Field(default={}, examples=[{"body": "This field is required."}])
    request_id: str | None = Field(default=None, examples=["0123456789abcdef"])


REFUSALS = {
    401: ("Not signed in: no token, or one that has ended", "Sign in first"),
    403: ("Not allowed: the token may not do this, or its person may not", "You cannot write here any more."),
    404: ("Not there, or not yours", "There is nothing here, or it is not yours to see."),
    409: ("It contradicts the present state", "This did not work"),
    410: ("Gone", "This cursor is older than what we keep."),
    413: ("Too large", "This is larger than we accept. Send less at a time."),
    422: ("Bad input: `errors` says what is wrong with which field", "This field is required."),
    429: (
        "Too fast: wait for Retry-After",
        "The limit here is 20 per 1 second. Wait a little, then try again.",
    ),
    503: (
        "Busy: nothing was done, try again",
        "The server is busy. Nothing was lost. Try again in a moment.",
    ),
}
WHOLE = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-ID": {"description": "Names this request in the log.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": WHOLE, "example": 1},
    "RateLimit-Limit": {"description": "Calls in a window.", "schema": WHOLE, "example": 1200},
    "RateLimit-Remaining": {"description": "Calls left in the window.", "schema": WHOLE, "example": 1199},
    "RateLimit-Reset": {
        "description": "When the window ends, in seconds since 1970.",
        "schema": WHOLE,
        "example": 1769860800,
    },
    "WWW-Authenticate": {
        "description": "How to sign in (RFC 6750).",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
    "X-Poll-Interval": {
        "description": "Seconds between two polls; it rises under load. Obey it.",
        "schema": {"type": "number", "minimum": 0},
        "example": 3,
    },
}
RATES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
DONE = {"200": "Here it is", "201": "Made", "204": "Done; there is nothing to say"}
OF_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After", *RATES), "503": ("Retry-After",)}


def name_of(status: int) -> str:
    """Return the name of a refusal's example, such as "NotFound"."""
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")


def headers(*names: str) -> dict[str, Any]:
    """Return the headers of an answer, by reference."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def refusal(status: int) -> dict[str, Any]:
    """Return the content of an answer that refuses."""
    example = {name_of(status): {"$ref": f"#/components/examples/{name_of(status)}"}}
    return {PROBLEM: {"schema": {"$ref": f"{REF}Problem"}, "examples": example}}


def _example(status: int, detail: str) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "about:blank", "title": status_phrase(status), "status": status}
    value["detail"] = detail
    if status == 422:
        value["errors"] = {"body": detail}
    return {"summary": status_phrase(status), "value": value | {"request_id": "0123456789abcdef"}}


def _refusals(path: str, operation: dict[str, Any], *, guarded: bool) -> set[int]:
    """Return the statuses with which a call of this form may be refused, whatever it does."""
    always = {429, 503} | ({401, 403} if guarded else set())
    body = {413, 422} if "requestBody" in operation else set()
    query = {422} if any(each["in"] == "query" for each in operation.get("parameters", ())) else set()
    return always | body | query | ({404} if "{" in path else set())


def add_answers(spec: dict[str, Any], *, public: set[tuple[str, str]]) -> None:
    """Complete the answers of every call. `public` are the (method, path) that anybody may call."""
    parts = spec["components"]
    parts["schemas"]["Problem"] = shape_of(Problem)
    parts["headers"] = dict(HEADERS)
    parts["examples"] = parts.get("examples", {}) | {
        name_of(status): _example(status, detail) for status, (_, detail) in REFUSALS.items()
    }
    for path, method, operation in operations(spec):
        if open_to_all := (method, path) in public:
            operation["security"] = []
        answers = operation["responses"]
        for status in _refusals(path, operation, guarded=not open_to_all):
            answers.setdefault(str(status), {})
        for status, answer in answers.items():
            _complete(answers, status, answer)
        operation["responses"] = dict(sorted(answers.items()))


def _complete(answers: dict[str, Any], status: str, answer: dict[str, Any]) -> None:
    if answer.get("description") == "Successful response":
        answer["description"] = DONE.get(status, "Done")
    if answer.get("description") in (None, "Validation error", "Not found"):  # the words of APIFlask
        answer["description"] = REFUSALS[int(status)][0]
    if status >= "400":
        content = answer.get("content", {}).get(PROBLEM, {}).get("schema")
        # A feature may have said more of a refusal: it stays.
        answer["content"] = answer["content"] if content else refusal(int(status))
    elif status == "204":
        answer.pop("content", None)
    elif "schema" in (json := answer.get("content", {}).get("application/json", {})) and not json["schema"]:
        # What stood already is answered like what is new.
        json["schema"] = answers["201"]["content"]["application/json"]["schema"]
    rates = RATES if status < "300" else ()
    answer.setdefault("headers", {}).update(headers("X-Request-ID", *OF_STATUS.get(status, rates)))
