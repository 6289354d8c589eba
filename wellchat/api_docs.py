"""The OpenAPI document for people: `/api/docs` reads `/api/openapi.json` aloud, without any script from elsewhere."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import current_app, render_template

METHODS = ("get", "post", "put", "patch", "delete")
WORDS = {"string": "text", "integer": "number", "boolean": "true or false", "object": "object", "null": "null"}


def docs() -> str:
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
    """The fields of the JSON body: `name`, `required`, `words` for what goes in."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    shape = schemas.get(body.get("$ref", "").rpartition("/")[2], {})
    needed = shape.get("required", [])
    return [
        {"name": name, "required": name in needed, "words": _in_words(each, schemas)}
        for name, each in shape.get("properties", {}).items()
    ]


def _in_words(shape: dict[str, Any], schemas: dict[str, Any]) -> str:
    if "$ref" in shape:
        inner = schemas.get(shape["$ref"].rpartition("/")[2], {})
        return "{" + ", ".join(inner.get("properties", {})) + "}"
    if "enum" in shape:
        return ", ".join(str(each) for each in shape["enum"])
    if "anyOf" in shape:
        return " or ".join(_in_words(each, schemas) for each in shape["anyOf"])
    if shape.get("type") == "array":
        return "list of " + _in_words(shape.get("items", {}), schemas)
    return WORDS.get(shape.get("type", ""), "anything")


def init_app(app: APIFlask) -> None:
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.add_url_rule("/api/docs", "api_docs", app.doc(hide=True)(docs))
