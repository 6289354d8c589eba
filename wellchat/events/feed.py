"""The calls of the host API that read events."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from wellchat.errors import Invalid
from wellchat.events.numbering import number
from wellchat.events.queries import Refused, cursor_now, events_after, parse_event_cursor
from wellchat.events.waiting import WAIT_HEADER
from wellchat.feature import registry
from wellchat.forms import QueryForm, Text
from wellchat.host.calls import MAX_LISTED, Answer, Caller, HostCall, host_call
from wellchat.host.problems import HostRefusal
from wellchat.i18n import N_, gettext

CALLS: list[HostCall] = []
MAX_WAIT = 25  # seconds
RECONCILE = ("users", "threads")  # the lists of the host API that hold the present state
REASONS = {
    "expired": N_("The events after this cursor were deleted for their age. Read the lists, then go on."),
    "restored": N_("A backup was put back since this cursor was given out. Read the lists, then go on."),
    "ahead": N_("This cursor is after the last event. Read the lists, then go on."),
}


class EventsQuery(QueryForm):
    """After which event; how many; for how many seconds to wait for one; of which types, comma-separated."""

    after: Annotated[Text, StringConstraints(max_length=100)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100
    wait: Annotated[float, Field(ge=0, le=MAX_WAIT)] = 0
    types: Annotated[Text, StringConstraints(max_length=1000)] = ""


class HostEventShape(BaseModel):
    """One event. `data` holds ids and numbers, and `external_ids`, your ids of the people in it."""

    model_config = ConfigDict(title="HostEvent")

    id: str
    type: str
    timestamp: str
    seq: int
    cause: str | None
    data: dict[str, Any]


class EventsAnswer(BaseModel):
    """Events in ascending order. Go on after `cursor`; at once if there is more."""

    events: list[HostEventShape]
    cursor: str
    has_more: bool


class CursorAnswer(BaseModel):
    """A cursor after the last event."""

    cursor: str


@host_call(
    "GET",
    "/events",
    scope="events",
    into=CALLS,
    query=EventsQuery,
    answers={200: ("Events after the cursor; none if nothing happened", EventsAnswer)},
)
def list_events(caller: Caller, query: EventsQuery) -> Answer:
    """Read what happened after a cursor. Store the new cursor in the transaction of what you do with it.

    `wait` holds the call until something happens. A cursor that cannot be followed is a 410 with a new one,
    and `reconcile`: the lists to read first.
    """
    types = _types(query.types)
    after = parse_event_cursor(query.after)
    number(caller.now)
    page = events_after(after, limit=query.limit, types=types)
    if isinstance(page, Refused):
        more = {"cursor": str(page.cursor), "reconcile": list(RECONCILE)}
        raise HostRefusal(410, page.reason, gettext(REASONS[page.reason]), more=more)
    found = {"events": page.events, "cursor": str(page.cursor), "has_more": page.has_more}
    # Not cursor != after: of other types there may be news, and then the host may wait on.
    headers = {} if page.events or not query.wait else {WAIT_HEADER: f"{query.wait:g}"}
    return Answer(200, found, headers=headers)


def _types(text: str) -> set[str] | None:
    if not text:
        return None
    types = {each.strip() for each in text.split(",")}
    if unknown := sorted(types - set(registry().events)):
        raise Invalid({"types": gettext("There is no type %(name)s.", name=unknown[0])})
    return types


@host_call(
    "GET", "/events/cursor", scope="events", into=CALLS, answers={200: ("The present cursor", CursorAnswer)}
)
def get_cursor(caller: Caller) -> Answer:
    """Read the cursor of now. Read it first, then your lists, then follow the events from it."""
    number(caller.now)
    return Answer(200, {"cursor": str(cursor_now())})
