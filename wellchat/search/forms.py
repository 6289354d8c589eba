"""Check the query of a search. One form serves the page's address and the JSON call."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints

from wellchat import clock
from wellchat.errors import Invalid
from wellchat.forms import QueryForm, Text
from wellchat.i18n import gettext
from wellchat.messaging.models import MAX_SEQ
from wellchat.search.queries import Position, Question

MAX_QUERY_LENGTH = 200  # characters
Id = Annotated[Text, StringConstraints(max_length=40)]


def _day(value: object) -> object:
    """Return the day, or None for an empty field. Raises ValueError for anything else."""
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(gettext("Enter a day, such as 2026-01-31.")) from None


Day = Annotated[date | None, BeforeValidator(_day)]


class SearchQuery(QueryForm):
    """A search. `from` and `to` are days in the viewer's own time zone, both inclusive."""

    q: Annotated[Text, StringConstraints(max_length=MAX_QUERY_LENGTH)] = Field("", description="The words.")
    thread: Id = Field("", description="Only in this thread, by its id.")
    person: Id = Field("", description="Only in threads with this person, by their id.")
    subject: Id = Field("", description="Only about this subject, by its id.")
    since: Day = Field(None, alias="from", description="From this day on.")
    until: Day = Field(None, alias="to", description="Up to this day.")
    has_file: bool = Field(False, description="Only messages with a file.")
    names: bool = Field(False, description="Also find threads and people by their names.")
    before: Annotated[Text, StringConstraints(max_length=200)] = Field(
        "", description="`next` of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(30, description="How many at most.")

    def question(self, time_zone: str) -> tuple[Question, Position | None]:
        """Return (question, position to continue after or None). Raises Invalid for a bad `before`."""
        zone = ZoneInfo(time_zone)
        fuzzy, before = parse_token(self.before) if self.before else (False, None)
        question = Question(
            text=self.q,
            thread_id=self.thread or None,
            person_id=self.person or None,
            subject_id=self.subject or None,
            since=_start(self.since, zone) if self.since else None,
            until=_start(self.until + timedelta(days=1), zone)
            if self.until and self.until < date.max
            else None,
            has_file=self.has_file,
            fuzzy=fuzzy,
        )
        return question, before


class SearchBody(SearchQuery):
    """The same as JSON: each value of its own type, and no other field."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _start(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    # At the end of the calendar the offset would lead out of it.
    except OverflowError:  # a day at the end of the calendar
        return datetime.combine(day, time(), UTC)


def next_token(position: Position, *, fuzzy: bool) -> str:
    """Return the token of the next page."""
    said = f"{position.at.isoformat()}|{position.thread_id}|{position.seq}|{'~' if fuzzy else ''}"
    return base64.urlsafe_b64encode(said.encode()).decode()


def parse_token(text: str) -> tuple[bool, Position]:
    """Return (fuzzy, position) of a token. Raises Invalid if `text` is not a token."""
    try:
        moment, thread_id, seq, kind = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        if not thread_id.isprintable() or not 0 <= int(seq) <= MAX_SEQ or kind not in ("", "~"):
            raise ValueError(text)
        return kind == "~", Position(clock.moment(moment), thread_id, int(seq))
    except (ValueError, OverflowError, binascii.Error, UnicodeError):
        raise Invalid(
            {"before": gettext("There is no such page of this list. Start from the beginning.")}
        ) from None
