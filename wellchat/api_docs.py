"""Show the OpenAPI document to people: `/api/docs` is `/api/openapi.json` as a page, without scripts."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import current_app, render_template
from pydantic import BaseModel

from wellchat.feature import registry

METHODS = ("get", "post", "put", "patch", "delete")
TYPE_NAMES = {
    "string": "text",
    "integer": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}


def docs() -> str:
    """Return the page of the API reference."""
    spec: dict[str, Any] = current_app.spec  # type: ignore[attr-defined]
    schemas = spec["components"].get("schemas", {})
    calls = [
        {"method": method.upper(), "path": path, "fields": _fields(operation, schemas), **operation}
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        if method in METHODS and path.startswith("/api/")
    ]
    return render_template("api/docs.html", calls=calls)


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of the JSON body: dicts with `name`, `required` and `type` in plain English."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.get(body.get("$ref", "").rpartition("/")[2], {})
    required = schema.get("required", [])
    return [
        {"name": name, "required": name in required, "type": _describe_type(each, schemas)}
        for name, each in schema.get("properties", {}).items()
    ]


def _describe_type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in schema:
        inner = schemas.get(schema["$ref"].rpartition("/")[2], {})
        return "{" + ", ".join(inner.get("properties", {})) + "}"
    if "enum" in schema:
        return ", ".join(str(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_describe_type(each, schemas) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return "list of " + _describe_type(schema.get("items", {}), schemas)
    return TYPE_NAMES.get(schema.get("type", ""), "anything")


class Problem(BaseModel):
    """A refusal, as application/problem+json (RFC 9457); `errors` says what is wrong with which field.

    `request_id` is the one of `X-Request-ID`, for the operator.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: dict[str, str] = {}
    request_id: str | None = None


COMMON_ERRORS = {
    "401": "Not signed in",
    "429": "Too fast: wait for Retry-After",
    "503": "Busy: nothing was done, try again",
}
BODY_ERRORS = {"413": "Too large"}
UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
            }
        }
    },
}


def add_error_responses(spec: dict[str, Any]) -> dict[str, Any]:
    """Add to every call the errors that any call may return, each with a Problem."""
    spec["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for calls in spec["paths"].values():
        for method, call in calls.items():
            if method not in METHODS:
                continue
            responses = call["responses"]
            for status, description in {
                **COMMON_ERRORS,
                **(BODY_ERRORS if "requestBody" in call else {}),
            }.items():
                responses.setdefault(status, {"description": description})
            for status, response in responses.items():
                if status >= "400":
                    response["content"] = problem
    spec["paths"]["/api/attachments"]["post"]["requestBody"] = UPLOAD
    for unused in ("HTTPError", "ValidationError"):
        spec["components"]["schemas"].pop(unused, None)
    return spec


def finish_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """Add what every call may be refused with, and what the features add to the document."""
    add_error_responses(spec)
    for feature in registry().features:
        if feature.openapi is not None:
            feature.openapi(spec)
    return spec


def init_app(app: APIFlask) -> None:
    """Add the error responses to the OpenAPI document, and the page that shows it."""
    app.spec_processor(finish_spec)  # type: ignore[arg-type]  # its type allows for YAML
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.add_url_rule("/api/docs", "api_docs", app.doc(hide=True)(docs))
