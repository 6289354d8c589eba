"""Describe the JSON of a search for the OpenAPI document; tests check every response against it."""

from __future__ import annotations

from pydantic import BaseModel, Field

from wellchat.messaging.schemas import MessageShape, Person, ThreadShape
from wellchat.shapes import NextPage, like


class Result(BaseModel):
    """A message that was found."""

    message: MessageShape
    thread: ThreadShape
    excerpt: str = like(
        "Is Friday at three free?",
        description="Plain text on one line, the words around the first match; an ellipsis where cut.",
    )
    marks: list[tuple[int, int]] = like(
        [[3, 9]], description="The ranges of `excerpt` that match, in characters: from, up to."
    )


class OtherHit(BaseModel):
    """A thing of a feature, and the `path` of its page."""

    title: str = like("Balayage refresh")
    path: str = like("/subjects/wmrc9qh0k19xf")
    excerpt: str = like("Friday, 15:00")


class OtherHits(BaseModel):
    """What one source found."""

    label: str = like("Bookings")
    hits: list[OtherHit]


class SearchAnswer(BaseModel):
    """Results, newest first. `close`: no message has the exact words; these differ by a typing slip."""

    results: list[Result]
    next: NextPage | None = Field(
        description="`before` of the next page. A page may be short, even empty, and have one."
    )
    close: bool
    threads: list[ThreadShape] = Field(description="By name of person or subject; with `names` only.")
    people: list[Person] = Field(
        description="By name, of my connections without a thread; with `names` only."
    )
    others: list[OtherHits] = Field(
        default=[], description="Bookings and sessions by title, and things of features; with `names` only."
    )
