"""The query parameters of a poll."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from wellchat.forms import QueryForm, Text


class Poll(QueryForm):
    """A poll. `since` is a cursor, `wait` is in seconds.

    `active` says that the person did something lately, `looking` is the id of the thread that they are
    looking at. An open page alone does not set them.
    """

    since: Annotated[Text, StringConstraints(min_length=1, max_length=120)]
    wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    active: bool = False
    looking: Annotated[Text, StringConstraints(max_length=13)] | None = None
