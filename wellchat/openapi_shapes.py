"""Make the shapes of an OpenAPI document plain: names, parameters, examples.

Generators refuse or drop what they cannot name: a component called `OneThread.MessageShape` took "send a
message" out of every client. Pydantic also says what no client needs, such as a title of each field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

METHODS = ("get", "post", "put", "patch", "delete")
REF = "#/components/schemas/"
DATA = ("examples", "example", "enum", "default", "const")  # keys that hold values, not shapes
BY_FORMAT = {"date-time": "2026-01-31T12:00:00.000Z", "date": "2026-01-31", "uri": "https://example.com/"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "seq": {"description": "The number of the message in its thread.", "example": 3},
    "emoji": {"description": "One emoji, percent-encoded.", "example": "👍"},
}


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return every call of a document: (path, method, operation)."""
    for path, calls in spec["paths"].items():
        for method, operation in calls.items():
            if method in METHODS:
                yield path, method, operation


def tidy_document(spec: dict[str, Any]) -> None:
    """Give components plain names, and take out what no client needs."""
    schemas = spec["components"].get("schemas", {})
    for unused in ("HTTPError", "ValidationError"):
        schemas.pop(unused, None)
    names = _plain_names(schemas)
    spec["components"]["schemas"] = {
        names[old]: _tidy(schema, names) for old, schema in sorted(schemas.items())
    }
    spec["paths"] = _tidy(spec["paths"], names)
    for _, _, operation in operations(spec):
        for parameter in operation.get("parameters", []):
            _tidy_parameter(parameter)
        if "requestBody" in operation:
            operation["requestBody"]["required"] = True


def _plain_names(schemas: dict[str, Any]) -> dict[str, str]:
    """Return {name: plain name}. `Update.MessageShape` is Message, if no other shape has that name."""
    names: dict[str, str] = {}
    taken: dict[str, Any] = {}
    for old in sorted(schemas, key=lambda name: (name.count("."), name)):
        plain = old.rpartition(".")[2].removesuffix("Shape")
        # Two shapes of one name are the same class, or they must keep apart.
        if taken.setdefault(plain, _without_places(schemas[old])) != _without_places(schemas[old]):
            plain = old.replace(".", "")
            taken[plain] = None
        names[old] = plain
    return names


def _without_places(node: Any) -> Any:
    """Return a schema whose references name only the class, so that copies below two owners are equal."""
    if isinstance(node, dict):
        return {
            key: value.rpartition(".")[2].removeprefix(REF) if key == "$ref" else _without_places(value)
            for key, value in node.items()
        }
    return [_without_places(each) for each in node] if isinstance(node, list) else node


def _tidy(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_tidy(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for key, value in node.items():
        if (key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        if key == "$ref":
            old = value.removeprefix(REF)
            found[key] = REF + names.get(old, old)
        elif key == "properties":
            found[key] = {name: _without_default(_tidy(each, names)) for name, each in value.items()}
        else:
            found[key] = value if key in DATA else _tidy(value, names)
    return found


def shape_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a model, as it stands in a document."""
    found: dict[str, Any] = _tidy(model.model_json_schema(ref_template=REF + "{model}"), {})
    return found


def _without_default(field: dict[str, Any]) -> dict[str, Any]:
    """Return a field with its default in words: generators make a field with a default a needed one."""
    if default := field.pop("default", None):
        said = "Otherwise it is `" + json.dumps(default) + "`."
        field["description"] = f"{field['description']} {said}" if "description" in field else said
    return field


def _tidy_parameter(parameter: dict[str, Any]) -> None:
    """Say of a parameter what it is for. A query or a path holds no null."""
    schema = parameter["schema"]
    if kinds := [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]:
        schema.pop("anyOf")
        schema.update(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})
    name = parameter["name"]
    if parameter["in"] == "path":
        if name.endswith("_id"):
            parameter.setdefault("description", f"The id of the {name[:-3].replace('_', ' ')}.")
            parameter.setdefault("example", "wmrc9qh0k19xf")
        for key, value in ARGUMENTS.get(name, {}).items():
            parameter.setdefault(key, value)
        if schema.get("type") == "integer":
            schema.setdefault("minimum", 1)
    if "description" in schema:
        parameter["description"] = schema.pop("description")


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return a value of this shape. Fields say by `examples` what is typical of them."""
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(REF)], schemas)
    for key in ("example", "const", "default"):
        if key in schema:
            return schema[key]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return example_of(schema[key][0], schemas)
    kind = schema.get("type")
    if kind == "object":
        return {name: example_of(each, schemas) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(each, schemas) for each in schema.get("prefixItems", [schema.get("items", {})])]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    return {"boolean": False, "null": None}.get(str(kind), BY_FORMAT.get(schema.get("format", ""), "text"))


def add_examples(spec: dict[str, Any]) -> None:
    """Add an example to every JSON body and every JSON answer that has none."""
    schemas = spec["components"]["schemas"]
    for _, _, operation in operations(spec):
        for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
            for kind, content in holder.get("content", {}).items():
                if kind.endswith("json") and not {"example", "examples"} & set(content):
                    content["example"] = example_of(content["schema"], schemas)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


def drop_unused(spec: dict[str, Any]) -> None:
    """Leave out tags and components that no call of the document names."""
    used = {tag for _, _, operation in operations(spec) for tag in operation.get("tags", [])}
    spec["tags"] = [tag for tag in spec["tags"] if tag["name"] in used]
    parts, seen, waiting = spec["components"], set[str](), list(_references(spec["paths"]))
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            _, _, area, name = found.split("/")
            waiting.extend(_references(parts[area][name]))
    for area in ("schemas", "examples", "headers"):
        parts[area] = {n: v for n, v in parts.get(area, {}).items() if f"#/components/{area}/{n}" in seen}
