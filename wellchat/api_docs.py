"""Show an OpenAPI document to people: one page, by areas, that is whole without a script."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from flask import render_template
from markupsafe import Markup, escape

from wellchat.openapi_answers import REFUSALS
from wellchat.openapi_shapes import REF, operations

TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}
LIMITS = (
    *(("minimum", "at least {}"), ("maximum", "at most {}")),
    *(("minLength", "at least {} characters"), ("maxLength", "at most {} characters")),
    ("maxItems", "at most {} of them"),
)


def render(spec: dict[str, Any], path: str) -> str:
    """Return the page of a document, which is served at `path`."""
    calls = [_call(spec, method, at, operation) for at, method, operation in operations(spec)]
    areas = [
        {"name": tag["name"], "about": prose(tag.get("description", "")), "calls": found}
        for tag in spec["tags"]
        if (found := [call for call in calls if call["area"] == tag["name"]])
    ]
    shapes = [
        {"name": name, "about": prose(schema.get("description", "")), "fields": list(fields_of(schema))}
        for name, schema in spec["components"]["schemas"].items()
    ]
    errors = [
        {
            **each["value"],
            "about": prose(REFUSALS[each["value"]["status"]][0]),
            "text": _pretty(each["value"]),
        }
        for each in spec["components"]["examples"].values()
    ]
    about = prose(spec["info"]["description"])
    return render_template(
        "api/docs.html", spec=spec, path=path, about=about, areas=areas, shapes=shapes, errors=errors
    )


def _call(spec: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    kinds: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(kinds), None)
    body: dict[str, Any] = kinds[kind] if kind else {}
    answers, shape = operation["responses"], _resolve(spec, body.get("schema", {}))
    return {
        "id": operation["operationId"],
        "area": operation["tags"][0],
        "method": method.upper(),
        "path": path,
        "summary": prose(operation.get("summary", "")),
        "about": prose(operation.get("description", "")),
        "public": operation.get("security") == [],
        "parameters": [
            {**each, "type": describe_type(each["schema"]), "about": prose(each.get("description", ""))}
            for each in operation["parameters"]
        ],
        "body_kind": kind,
        "body_about": prose(shape.get("description", "")),
        "fields": list(fields_of(shape)),
        "answers": [_answer(*each) for each in answers.items() if not _is_common(*each)],
        "common": [status for status, answer in answers.items() if _is_common(status, answer)],
        "curl": _curl(spec, method, path, operation, body),
    }


def _is_common(status: str, answer: dict[str, Any]) -> bool:
    """Return whether a call says nothing of its own of a refusal: the errors of the page tell of it."""
    return status >= "400" and answer["description"] == REFUSALS[int(status)][0]


def _answer(status: str, answer: dict[str, Any]) -> dict[str, Any]:
    contents: dict[str, dict[str, Any]] = answer.get("content", {})
    kind = next(iter(contents), "")
    content = contents.get(kind, {})
    return {
        "status": status,
        "about": prose(answer["description"]),
        "type": describe_type(content["schema"]) if "schema" in content else kind,
        "example": _pretty(content["example"]) if "example" in content else None,
    }


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def prose(text: str) -> Markup:
    """Return Markdown of our own as HTML: paragraphs with blank lines between them, `code` in backticks."""
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\n\s*\n", "</p><p>", escaped.strip()))  # noqa: S704 - escaped above


def _resolve(spec: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = spec["components"]["schemas"][schema["$ref"].removeprefix(REF)]
    return found


def fields_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the fields of an object: `name`, `required`, `type` and `about`."""
    for name, field in schema.get("properties", {}).items():
        yield {
            "name": name,
            "required": name in schema.get("required", ()),
            "type": describe_type(field),
            "about": prose(field.get("description", "")),
        }


def describe_type(schema: dict[str, Any]) -> Markup:
    """Return what a schema allows in plain English, with links to the shapes of the page."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    if "enum" in schema:
        return escape(", ".join(str(each) for each in schema["enum"]))
    if "anyOf" in schema:
        return Markup(" or ").join(describe_type(each) for each in schema["anyOf"])
    if "prefixItems" in schema:
        return Markup("[{}]").format(Markup(", ").join(map(describe_type, schema["prefixItems"])))
    kind = schema.get("type", "")
    if kind == "array":
        said = Markup("list of {}").format(describe_type(schema.get("items", {})))
    elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        said = Markup("object of {}").format(describe_type(schema["additionalProperties"]))
    else:
        said = escape(
            {"date-time": "time", "date": "day"}.get(schema.get("format", ""), TYPES.get(kind, kind))
        )
    limits = [words.format(schema[key]) for key, words in LIMITS if _is_telling(schema, key)]
    return escape(", ").join([said, *limits]) if said else escape("anything")


def _is_telling(schema: dict[str, Any], key: str) -> bool:
    """Return whether a limit helps a reader: not that text has a character, nor what fits a database."""
    return key in schema and (key, schema[key]) not in (("minLength", 1), ("maximum", 2**31 - 1))


def _curl(spec: dict[str, Any], method: str, path: str, operation: dict[str, Any], body: Any) -> str:
    """Return the call as a line for a shell. What varies is a variable, such as $THREAD_ID."""
    needed = [each["name"] for each in operation["parameters"] if each["in"] == "query" and each["required"]]
    address = re.sub(r"\{(\w+)\}", lambda found: f"${found[1].upper()}", path)
    query = "&".join(f"{name}=${name.upper()}" for name in needed)
    parts = [f'curl -X {method.upper()} "{spec["servers"][0]["url"]}{address}{"?" + query if query else ""}"']
    if operation.get("security") != []:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if "example" in body:
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(json.dumps(body['example'], ensure_ascii=False))}")
    elif body:
        parts.append("-F file=@picture.jpg")
    return " \\\n  ".join(parts)
