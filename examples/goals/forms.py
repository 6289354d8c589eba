"""Shapes of input, for the page and the JSON call."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from wellchat.forms import Form, Text


def _read_date(value: Any) -> Any:
    """A form sends an empty field, and JSON has no type for a date."""
    return date.fromisoformat(value) if isinstance(value, str) and value else value or None


class SetGoal(Form):
    title: Annotated[Text, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    due_on: Annotated[date | None, BeforeValidator(_read_date)] = Field(
        None, json_schema_extra={"format": "date"}
    )


class ChangeGoal(Form):
    done: bool
