"""The OpenAPI document for people: `/api/docs` reads `/api/openapi.json` aloud, without any script from elsewhere."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask
from flask import current_app, render_template

METHODS = ("get", "post", "put", "patch", "delete")


def docs() -> str:
    spec: dict[str, Any] = current_app.spec  # type: ignore[attr-defined]
    calls = [
        {"method": method.upper(), "path": path, **operation}
        for path, operations in spec["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]
    return render_template("api/docs.html", calls=calls, schemas=spec["components"].get("schemas", {}))


def init_app(app: APIFlask) -> None:
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    app.add_url_rule("/api/docs", "api_docs", docs)
