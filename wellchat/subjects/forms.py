"""The form in which the host platform puts a subject."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from wellchat.forms import Filled, Form, Instant, QueryForm, Text
from wellchat.i18n import gettext
from wellchat.scripts import strip_invisible
from wellchat.subjects.kinds import known_kind


def _title(text: str) -> str:
    """Return the title on one line, because lists and subjects of emails show it.

    Characters that cannot be seen are taken out. Raises ValueError if nothing is left.
    """
    text = strip_invisible(" ".join(text.split()))
    if not text:
        raise ValueError(gettext("This field is required."))
    return text


def _web_address(text: str) -> str:
    """Return the text unchanged. Raises ValueError if it is not an http or https URL."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or any(c.isspace() for c in text):
        raise ValueError(gettext("This must be an http:// or https:// address."))
    return text


def _currency(text: str) -> str:
    """Return the text unchanged. Raises ValueError if it is no code of three capital letters (ISO 4217)."""
    if not (len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()):
        raise ValueError(gettext("Write a currency as three letters, such as EUR."))
    return text


class PutSubject(Form):
    """A subject as the host platform describes it. Fields without a value stay as they are."""

    kind: Annotated[Text, AfterValidator(known_kind)]
    external_id: Annotated[Filled, StringConstraints(min_length=1, max_length=120)]
    title: Annotated[Text, StringConstraints(max_length=200), AfterValidator(_title)]
    url: Annotated[Text, StringConstraints(max_length=2000), AfterValidator(_web_address)] | None = None
    status: Annotated[Filled, StringConstraints(min_length=1, max_length=40)] | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    cancelled_at: Instant | None = None
    amount_minor: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    currency: Annotated[Text, AfterValidator(_currency)] | None = None


class SubjectPage(QueryForm):
    """The page of a subject. `back` is the page that somebody came from."""

    back: Annotated[Text, StringConstraints(max_length=100)] | None = None
