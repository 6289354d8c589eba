"""Types of fields for the shapes of JSON answers. They say what is typical, for examples in the document."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field


def like(example: Any, **more: Any) -> Any:
    """Return a field with an example of its value."""
    return Field(examples=[example], **more)


Id = Annotated[str, like("wmrc9qh0k19xf")]
Moment = Annotated[str, like("2026-01-31T12:00:00.000Z", json_schema_extra={"format": "date-time"})]
Cursor = Annotated[str, like("YTdmMi53bXJjOXFoMGsxOXhmLjQy")]
NextPage = Annotated[str, like("MjAyNi0wMS0zMXw0Mg==")]


def sample(example: dict[str, Any]) -> dict[str, Any]:
    """Return the `json_schema_extra` of a form, with an example of the whole."""
    return {"examples": [example]}
