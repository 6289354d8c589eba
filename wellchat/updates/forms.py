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

    since: Annotated[Text, StringConstraints(min_length=1, max_length=120)] = Field(
        description="The `cursor` of the last answer that was applied."
    )
    wait: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        0, description="Seconds to wait for news, up to the setting MAX_WAIT (25)."
    )
    limit: Annotated[int, Field(ge=1, le=500)] = Field(100, description="How many changes at most.")
    active: bool = Field(False, description="The person did something lately.")
    looking: Annotated[Text, StringConstraints(max_length=13)] | None = Field(
        None, description="The id of the thread that the person looks at."
    )
