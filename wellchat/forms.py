"""Define the base of every feature's `forms.py`. One form serves the page and the JSON call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from flask import request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from wellchat.errors import Invalid, errors_by_field
from wellchat.i18n import gettext
from wellchat.scripts import is_blank
from wellchat.sealed_query import query_args


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValueError(gettext("NUL characters cannot be stored"))
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(gettext("This is not readable text."))
    return text


Text = Annotated[str, AfterValidator(_clean)]
"""Text a database can hold. A lone surrogate comes by command line only: the JSON parser refuses it."""


def _filled(text: str) -> str:
    found = text.strip()
    if is_blank(found):
        raise ValueError(gettext("This field is required."))
    return found


Filled = Annotated[Text, AfterValidator(_filled)]
"""Text that is not blank, without what surrounds it. A `min_length` alone would count the blanks."""

# A day from the ends of the calendar: every time zone has these, too.
EARLIEST, LATEST = (
    datetime.min.replace(tzinfo=UTC) + timedelta(days=1),
    datetime.max.replace(tzinfo=UTC) - timedelta(days=1),
)


def _utc(moment: datetime) -> datetime:
    # Compared as they are: to convert one beyond the ends is an error.
    if not EARLIEST <= moment <= LATEST:
        raise ValueError(gettext("There is no such time."))
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]
"""A time with its offset, in UTC, that a database can hold and a page can show in any time zone."""


class Form(BaseModel):
    """Accept exactly the declared fields, each of its own type: no coercion, no extra fields."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=False)


def _describe_patch(schema: dict[str, Any], form: type[PatchForm]) -> None:
    if form.example:
        schema["examples"] = [form.example]
    for each in schema.get("properties", {}).values():
        # A client that was generated from the document would send the default, and so change the field.
        each.pop("default", None)


class PatchForm(Form):
    """Change only the fields that are sent; `model_fields_set` names them. Their defaults mean nothing."""

    model_config = ConfigDict(json_schema_extra=_describe_patch)
    example: ClassVar[dict[str, Any]] = {}  # for the OpenAPI document


class QueryForm(BaseModel):
    """Read a query string: all values are text and are converted; unknown names are ignored."""

    model_config = ConfigDict(extra="ignore")


AnyForm = TypeVar("AnyForm", bound=BaseModel)


def read_form(form: type[AnyForm], **more: Any) -> AnyForm:
    """Return the posted HTML form as `form`. Raises Invalid with a message for each bad field."""
    return fill(form, {**request.form.to_dict(), **more})


def fill(
    form: type[AnyForm], values: Mapping[str, Any], *, context: Mapping[str, Any] | None = None
) -> AnyForm:
    """Return `form` from values that are all text, as from a page or the command line. Raises Invalid.

    `context` is what its validators need to know beside the values.
    """
    try:
        return form.model_validate(values, strict=False, extra="ignore", context=context)
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None


def read_query(form: type[AnyForm]) -> AnyForm:
    """Return the query string as `form`, with what is sealed in it. Raises Invalid."""
    try:
        return form.model_validate(query_args())
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None
