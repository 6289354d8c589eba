"""Read the stories, which are written as plays.

    -143d
    09:12 maya: Hello! Did the new pillow arrive?
        A long message goes on in the next lines.
        | This starts a new line of the message.
        + plan.png
    21:40 daniel [intro]: It did. [intro] names the subject it speaks of.
    -95m daniel: The last ones count back from the moment of loading.

`+` attaches a drawing, by its name in drawings.py.
`{weekday +2}`, `{date +2}` and `{day +2}` (both) are two days after the message.
`{weekday cut4}`, `{date cut4}`, `{day cut4}` and `{time cut4}` are the start of the subject `cut4`.
So a day always has its right name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wellchat.demo.story import Line

DAY = re.compile(r"-\d+d$")
SPOKEN = re.compile(r"(?P<when>\d\d:\d\d|-\d+[mh]) (?P<who>\w+)(?: \[(?P<about>\w+)\])?: (?P<text>.*)")
MOMENT = re.compile(r"(?P<days>[+-]\d+)d (?P<hour>\d\d):(?P<minute>\d\d)$|(?P<ago>-\d+)(?P<unit>[mh])$")
PLACEHOLDER = re.compile(r"\{(day|weekday|date|time) ([+-]\d+|\w+)\}")


def read_script(play: str) -> tuple[Line, ...]:
    """Return the lines of a play, in order. Raises ValueError for a row that is neither a day nor a line."""
    lines: list[Line] = []
    day = ""
    for row in filter(None, map(str.strip, play.splitlines())):
        if DAY.match(row):
            day = row
        elif spoken := SPOKEN.match(row):
            when = spoken["when"]
            when = when if when.startswith("-") else f"{day} {when}"
            lines.append(Line(who=spoken["who"], when=when, text=spoken["text"], about=spoken["about"]))
        elif lines:
            lines[-1] = _continued(lines[-1], row)
        else:
            raise ValueError(f"nobody says: {row}")
    return tuple(lines)


def _continued(line: Line, row: str) -> Line:
    if row.startswith("+ "):
        return replace(line, files=(*line.files, row[2:].strip()))
    text = f"{line.text}\n{row[1:].strip()}" if row.startswith("|") else f"{line.text} {row}"
    return replace(line, text=text)


def moment(when: str, *, now: datetime, time_zone: str) -> datetime:
    """Return the moment that `when` means for a demo loaded at `now`: aware, in `time_zone`.

    Raises ValueError.
    """
    match = MOMENT.match(when)
    if match is None:
        raise ValueError(f"no moment: {when}")
    zone = ZoneInfo(time_zone)
    if match["ago"]:
        ago = int(match["ago"])
        at = now + (timedelta(minutes=ago) if match["unit"] == "m" else timedelta(hours=ago))
        return at.astimezone(zone)
    day = _working_day(now.astimezone(zone).date()) + timedelta(days=int(match["days"]))
    return datetime.combine(day, time(int(match["hour"]), int(match["minute"])), zone)


def moments(lines: Iterable[Line], *, now: datetime, time_zone: str) -> Iterator[datetime]:
    """Yield the moment of each line; lines in the same minute follow at typing speed."""
    last: datetime | None = None
    for line in lines:
        at = moment(line.when, now=now, time_zone=time_zone)
        last = at if last is None or at > last else last + timedelta(seconds=17)
        yield last


def _working_day(day: date) -> date:
    """Return `day`, or the Friday before a weekend: whole weeks from it there is never a Sunday."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def fill_in(text: str, *, said_at: datetime, starts: Mapping[str, datetime]) -> str:
    """Return `text` with its placeholders filled in, e.g. "Thursday", "12 March", "10:30"."""

    def speak(match: re.Match[str]) -> str:
        word, of = match.groups()
        at = said_at + timedelta(days=int(of)) if of[0] in "+-" else starts[of]
        date = f"{at.day} {at:%B}"
        return {"day": f"{at:%A} {date}", "weekday": f"{at:%A}", "date": date, "time": f"{at:%H:%M}"}[word]

    return PLACEHOLDER.sub(speak, text)
