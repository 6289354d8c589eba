"""What the OpenAPI document says of a call, and whether a real answer is as it says."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

PROBLEM = "application/problem+json"


def closed(node: Any) -> Any:
    """The same shapes, with nothing that they do not name."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(value) for key, value in node.items()}
    if found.get("type") == "object" and isinstance(found.get("properties"), dict):
        found.setdefault("additionalProperties", False)
    return found


class Told:
    """The document of one application."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.seen: set[tuple[str, str]] = set()

    @cached_property
    def operations(self) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """operationId -> (method, path, operation)."""
        return {
            operation["operationId"]: (method.upper(), path, operation)
            for path, calls in self.document["paths"].items()
            for method, operation in calls.items()
        }

    @cached_property
    def _components(self) -> dict[str, Any]:
        return closed(self.document["components"])

    def complaints(self, schema: dict[str, Any], value: Any) -> list[str]:
        """What is wrong with a value of this shape."""
        shape = {**closed(schema), "components": self._components}
        checker = Draft202012Validator(shape, format_checker=FormatChecker())
        return [f"{each.json_path}: {each.message}" for each in checker.iter_errors(value)]

    def call(
        self,
        program: Any,
        name: str,
        *,
        json: Any = None,
        data: Any = None,
        query: dict[str, Any] | None = None,
        **values: Any,
    ) -> Any:
        """Make a call by its operationId, and compare the answer with the document."""
        method, path, _ = self.operations[name]
        answer = program.open(path.format(**values), method=method, json=json, data=data, query_string=query)
        self.compare(name, answer)
        return answer

    def compare(self, name: str, answer: Any) -> None:
        status = str(answer.status_code)
        told = self.operations[name][2]["responses"].get(status)
        assert told is not None, f"{name} answered {status}, which the document does not name: {answer.text}"
        self.seen.add((name, status))
        for header in told["headers"]:
            rated = header.startswith("RateLimit-")  # absent where limits are off
            assert rated or header in answer.headers, f"{name} {status} has no {header}"
        if "content" not in told:
            assert answer.data == b""
            return
        content = told["content"][answer.mimetype]
        assert self.complaints(content["schema"], answer.json) == [], f"{name} {status}: {answer.text}"
