"""A time that a person chooses on a clock: on their own, or on somebody else's."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema

from wellchat.errors import Invalid
from wellchat.forms import Form, Instant
from wellchat.i18n import format_date, format_time, gettext
from wellchat.notifications.local_time import DAY, moment_on, moments_showing

MORNING = time(9)
LONGEST = timedelta(days=366)
NEAR = timedelta(days=3)  # beyond every difference between two zones


def _naive(value: object) -> object:
    """Return a time without an offset, from text. An empty field of a page is None."""
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise ValueError(gettext("Write a time as it stands on a clock, such as 2026-01-31T09:00."))
    return found


def _written(value: object) -> object:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError(gettext("Write a time as text, such as 2026-01-31T12:00:00Z."))
    return value


# Not `date-time` of JSON Schema (RFC 3339), which has an offset.
_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "null"}], "examples": ["2026-01-31T09:00"]}
Shown = Annotated[datetime | None, BeforeValidator(_naive), WithJsonSchema(_SCHEMA)]
At = Annotated[Instant | None, Field(strict=False), BeforeValidator(_written)]
Quick = Literal["tomorrow", "monday"]


class ChosenTime(Form):
    """A time: `at` with an offset, or `local_at` as a clock shows it, or `when` for 9:00 of a morning.

    `zone` says whose clock: mine or theirs. Where that clock shows `local_at` twice, `which` is 1 or 2.
    """

    at: At = None
    local_at: Shown = None
    when: Quick | None = None
    zone: Literal["mine", "theirs"] = "mine"
    which: Literal[1, 2] | None = None

    @property
    def names_time(self) -> bool:
        """Return whether any time was chosen."""
        return any(each is not None for each in (self.at, self.local_at, self.when))

    def moment(self, *, mine: str, theirs: str, now: datetime) -> datetime:
        """Return the moment, in UTC. `mine` and `theirs` are IANA names.

        Raises Invalid for none or several, for a time that the clock does not show, for one that it shows
        twice without `which`, and for one that is over or more than a year ahead.
        """
        given = [each for each in (self.at, self.local_at, self.when) if each is not None]
        if len(given) != 1:
            raise Invalid({"local_at": gettext("Choose a time.")})
        zone = ZoneInfo(mine if self.zone == "mine" else theirs)
        if self.when is not None:
            return morning(self.when, now=now, zone=zone)
        found = self.at if self.at is not None else self._on_clock(zone, now)
        if found <= now:
            raise Invalid({"local_at": gettext("This time is over. Choose a later one.")})
        if found > now + LONGEST:
            raise Invalid({"local_at": gettext("Choose a time within a year.")})
        return found

    def _on_clock(self, zone: ZoneInfo, now: datetime) -> datetime:
        assert self.local_at is not None
        shown = self.local_at
        # First without a zone: at the ends of the calendar no zone can be asked.
        apart = shown - now.replace(tzinfo=None)
        if apart > LONGEST + NEAR:
            raise Invalid({"local_at": gettext("Choose a time within a year.")})
        if apart < -NEAR:
            raise Invalid({"local_at": gettext("This time is over. Choose a later one.")})
        found = moments_showing(shown, zone)
        if not found:
            text = gettext("The clocks skip this time on that day. Choose one before or after it.")
            raise Invalid({"local_at": text})
        if len(found) == 2 and self.which is None:
            text = gettext(
                "The clocks show this time twice on that day. Say whether you mean the first or the second."
            )
            raise Invalid({"which": text})
        return found[(self.which or 1) - 1] if len(found) == 2 else found[0]


def morning(when: Quick, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return 9:00 of tomorrow, or of the next Monday after today, on the clocks of `zone`."""
    today = now.astimezone(zone).date()
    ahead = 1 if when == "tomorrow" else 7 - today.weekday()
    return moment_on(today + ahead * DAY, MORNING, zone)


def on_clock(moment: datetime, zone: str) -> str:
    """Return "Thursday 12 November at 14:05" on the clocks of `zone`, in the current language."""
    there = moment.astimezone(ZoneInfo(zone))
    return gettext("%(day)s at %(time)s", day=format_date(there, "long"), time=format_time(there))


def both_clocks(moment: datetime, *, mine: str, theirs: str) -> dict[str, Any]:
    """Return how a moment reads on two clocks: {mine, theirs, differs, mine_field, theirs_field}.

    The last two are for <input type="datetime-local">.
    """
    zones = [moment.astimezone(ZoneInfo(zone)) for zone in (mine, theirs)]
    return {
        "mine": on_clock(moment, mine),
        "theirs": on_clock(moment, theirs),
        "differs": zones[0].utcoffset() != zones[1].utcoffset(),
        "mine_field": zones[0].strftime("%Y-%m-%dT%H:%M"),
        "theirs_field": zones[1].strftime("%Y-%m-%dT%H:%M"),
    }
