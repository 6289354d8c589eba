"""Shapes of input: what every feature's `forms.py` builds on. One shape serves the page's form and the JSON call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from wellchat.errors import Invalid, errors_by_field
from wellchat.i18n import gettext


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValueError(gettext("NUL characters cannot be stored"))
    if not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError(gettext("This is not readable text."))
    return text


Text = Annotated[str, AfterValidator(_clean)]
"""Text a database can hold. A lone surrogate comes by command line only: the JSON parser refuses it."""


class Form(BaseModel):
    """Exactly the declared fields, each of its own type: nothing is coerced, nothing extra slips in."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=False)


class QueryForm(BaseModel):
    """A query string: all values arrive as text, so numbers are read from it; unknown names are ignored."""

    model_config = ConfigDict(extra="ignore")


AnyForm = TypeVar("AnyForm", bound=BaseModel)


def read_form(form: type[AnyForm], **more: Any) -> AnyForm:
    """The posted HTML form as `form`. Raises Invalid with a sentence for each field that is not right."""
    return fill(form, {**request.form.to_dict(), **more})


def fill(form: type[AnyForm], values: Mapping[str, Any]) -> AnyForm:
    """`form` from values that arrived as text, as a page or the command line sends them. Raises Invalid."""
    try:
        return form.model_validate(values, strict=False, extra="ignore")
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None


def read_query(form: type[AnyForm]) -> AnyForm:
    """The query string as `form`. Raises Invalid."""
    try:
        return form.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise Invalid(errors_by_field(error)) from None
