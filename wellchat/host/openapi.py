"""Make the OpenAPI document of the host API from its calls, and the page that shows it."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from apiflask import APIFlask
from flask import Flask, render_template
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from wellchat.api_docs import describe_type, fields_of, prose
from wellchat.host.answer_shapes import HostProblem
from wellchat.host.calls import HostCall, all_calls
from wellchat.host.problems import CODES
from wellchat.openapi import EXTENSION, Document, build, register_document
from wellchat.openapi_shapes import REF, tidy_document

NAME = "host"
REFS = "#/components/schemas/{model}"
ARGUMENTS = {
    "ext": "Your id, percent-encoded as one segment; or `id:` and ours",
    "kind": "The kind",
    "key": "The key of a trade, percent-encoded as one segment",
    "thread": "Our id of the conversation",
    "seq": "The number of the message in its conversation",
    "webhook_id": "Our id of the webhook",
    "import_id": "Our id of the import",
    "path": "The path of a file as the lines name it, percent-encoded as one segment",
}
ERRORS = {
    "401": "No host key, or one that does not work",
    "403": "The key may not do this",
    "404": "There is no such thing",
    "409": "The present state does not allow it",
    "410": "The id has moved",
    "413": "Too large",
    "422": "Something in the request is wrong: `errors` says what",
    "429": "Too fast: wait for Retry-After",
    "503": "Busy: nothing was done, try again",
}


def register(app: Flask) -> None:
    """Let the application know the document of the host API."""
    codes = "\n".join(f"- `{code}`: {meaning}" for code, meaning in CODES.items())
    found = Document(
        name=NAME,
        title=f"{app.config['NAME']}: host API",
        prefix="/api/host/",
        summary="For the servers of the platform.",
        description=f"Every refusal has a `code`:\n\n{codes}",
        security={"host_key": {"type": "http", "scheme": "bearer"}},
        make=_make,
    )
    register_document(cast(APIFlask, app), found)


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the host API. It is made once for each application."""
    return build(app.extensions[EXTENSION].documents[NAME])


def _make() -> dict[str, Any]:
    models: list[type[BaseModel]] = [HostProblem]
    for call in all_calls():
        models += [each for each in (call.body, *(shape for _, shape in call.answers.values())) if each]
    unique = list(dict.fromkeys(models))
    _, defined = models_json_schema([(each, "validation") for each in unique], ref_template=REFS)
    paths: dict[str, Any] = {}
    for call in all_calls():
        path = "/api/host" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", call.rule)
        paths.setdefault(path, {})[call.method.lower()] = _operation(call)
    tags = sorted({tag for calls in paths.values() for each in calls.values() for tag in each["tags"]})
    spec: dict[str, Any] = {
        "openapi": "3.1.0",
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {"schemas": defined["$defs"]},
    }
    tidy_document(spec)
    return spec


def _operation(call: HostCall) -> dict[str, Any]:
    summary, _, rest = (call.act.__doc__ or "").strip().partition("\n")
    scope = f"Scope: `{call.scope}`." if call.scope else "Every key may."
    found: dict[str, Any] = {
        "operationId": call.name,
        "summary": summary,
        "description": " ".join(f"{rest.strip()} {scope}".split()),
        "tags": [call.rule.split("/")[1]],
        "parameters": _parameters(call),
        "responses": _responses(call),
    }
    if call.raw:
        found["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": {}}}}
    elif call.body is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(call.body)}},
        }
    return found


def _parameters(call: HostCall) -> list[dict[str, Any]]:
    text = {"type": "string"}
    names = re.findall(r"<(?:\w+:)?(\w+)>", call.rule)
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text, "description": _described(name)}
        for name in names
    ]
    if call.query is not None:
        schema = call.query.model_json_schema()
        needed = schema.get("required", [])
        found += [
            {"name": name, "in": "query", "required": name in needed, "schema": each}
            for name, each in schema["properties"].items()
        ]
    if call.writes:
        dry = "1: do everything and take it back; `dry_run` is true in the answer"
        found.append({"name": "dry_run", "in": "query", "schema": {"enum": ["1"]}, "description": dry})
    if call.method == "POST" and not call.each_alone:
        once = "1 to 64 characters; the same call again gets the first answer for 48 hours"
        needed = not call.client_key
        header = {"name": "Idempotency-Key", "in": "header", "required": needed, "schema": text}
        found.append({**header, "description": once})
    return found


def _described(name: str) -> str:
    return ARGUMENTS.get(name) or f"The {name.removesuffix('_id')}"


def _responses(call: HostCall) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, (meaning, shape) in call.answers.items():
        found[str(status)] = {"description": meaning}
        if shape is not None:
            found[str(status)]["content"] = {"application/json": {"schema": _ref(shape)}}
    problem = {"application/problem+json": {"schema": _ref(HostProblem)}}
    for error, meaning in ERRORS.items():
        found[error] = {"description": meaning, "content": problem}
    return found


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": REFS.format(model=model.__name__)}


def docs(app: Flask) -> str:
    """Return the page of the reference of the host API."""
    spec = document(app)
    schemas = spec["components"]["schemas"]
    calls = [
        {**operation, **_shown(operation, schemas), "method": method.upper(), "path": path}
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
    ]
    codes = {code: prose(meaning) for code, meaning in CODES.items()}
    return render_template("host/docs.html", calls=calls, codes=codes)


def _shown(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a call otherwise than the document: texts as HTML, types in words."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    shape = _inline(body.get("schema", {}), schemas)
    parameters = [
        {**each, "type": describe_type(each["schema"]), "about": prose(each.get("description", ""))}
        for each in operation["parameters"]
        if each["in"] != "path"
    ]
    return {
        "summary": prose(operation["summary"]),
        "description": prose(operation["description"]),
        "parameters": parameters,
        "body_about": prose(shape.get("description", "")),
        "fields": list(fields_of(shape)),
        "example": json.dumps(body["example"], indent=2, ensure_ascii=False) if "example" in body else None,
        "answers": {status: prose(each["description"]) for status, each in operation["responses"].items()},
    }


def _inline(schema: Any, schemas: dict[str, Any], *, inner: bool = False) -> Any:
    """Return a schema without references. An object inside of another is told by the names of its fields."""
    if isinstance(schema, list):
        return [_inline(each, schemas, inner=True) for each in schema]
    if not isinstance(schema, dict):
        return schema
    schema = schemas[schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema
    if inner and "properties" in schema:
        return {"type": f"object of {', '.join(schema['properties'])}"}
    found = {
        name: _inline(each, schemas, inner=True) for name, each in schema.items() if name != "properties"
    }
    if "properties" in schema:
        fields = schema["properties"].items()
        found["properties"] = {name: _inline(each, schemas, inner=True) for name, each in fields}
    return found
