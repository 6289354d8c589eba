"""The shape of a poll."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from wellchat.forms import QueryForm, Text


class Poll(QueryForm):
    """`active` and `looking` tell of the person, not of the program: whether they did something of late, and where."""

    since: Annotated[Text, StringConstraints(min_length=1, max_length=120)]
    wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    active: bool = False
    looking: Annotated[Text, StringConstraints(max_length=13)] | None = None
