"""The shape of a subject as a host platform gives it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, StringConstraints

from wellchat.forms import Form, Text
from wellchat.subjects.kinds import KINDS


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"There is no such kind; known are {', '.join(sorted(KINDS))}.")
    return kind


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("A web address starts with http:// or https://.")
    return url


class PutSubject(Form):
    kind: Annotated[Text, AfterValidator(_known)]
    external_id: Annotated[Text, StringConstraints(min_length=1, max_length=120)]
    title: Annotated[Text, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    url: Annotated[Text, StringConstraints(max_length=2000), AfterValidator(_web_address)] | None = None
    starts_at: AwareDatetime | None = None
    status: Annotated[Text, StringConstraints(min_length=1, max_length=40)] | None = None
